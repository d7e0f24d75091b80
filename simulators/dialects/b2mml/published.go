package b2mml

import (
	"slices"
	"strings"
)

// published lists, for each element that is read here, what may stand in it
// and in which order, as B2MML V0701 has it; also where that is odd, as with
// Endtime. What is marked * may be repeated, what is marked ~ has elements in
// it that are not looked at.
const published = `
ApplicationArea: Sender Receiver*~ CreationDateTime Signature~ BODID UserArea~
Sender: LogicalID ComponentID TaskID ReferenceID ConfirmationCode AuthorizationID
OperationsSchedule: ID Description* Version PublishedDate StartTime EndTime HierarchyScope~ OperationsType ScheduleState OperationsRequest*
OperationsRequest: ID Description* Version StartTime EndTime HierarchyScope~ OperationsType Priority RequestState OperationsDefinitionID OperationsSegmentID SegmentRequirement* RequestedSegmentResponse*~ RequiredByRequestedSegmentResponse
SegmentRequirement: ID Description* Version EarliestStartTime LatestEndTime HierarchyScope~ OperationsType ProcessSegmentID Duration OperationsDefinitionID OperationsSegmentID SegmentState SegmentParameter* PersonnelRequirement*~ EquipmentRequirement* PhysicalAssetRequirement*~ MaterialRequirement* SegmentRequirementChild* RequestedSegmentResponse*~ RequiredByRequestedSegmentResponse
SegmentParameter: ID Value* Description* HierarchyScope~ ParameterChild*~ ParameterSpecificationID* ProcessSegmentParameterID*
EquipmentRequirement: ID EquipmentClassID* EquipmentID* EquipmentLevel Description* EquipmentUse Quantity* HierarchyScope~ SpatialDefinition~ OperationalLocation~ EquipmentRequirementChild*~ EquipmentRequirementProperty*~ RequiredByRequestedSegmentResponse TestSpecificationID*
MaterialRequirement: ID MaterialClassID* MaterialDefinitionID* MaterialLotID* MaterialSubLotID* Description* MaterialUse SpatialDefinition~ StorageLocation~ Quantity* AssemblyRequirement*~ AssemblyType AssemblyRelationship HierarchyScope~ MaterialRequirementProperty*~ RequiredByRequestedSegmentResponse TestSpecificationID*
OperationsPerformance: ID Description* Version PublishedDate StartTime Endtime HierarchyScope~ OperationsType OperationsScheduleID PerformanceState OperationsResponse*
OperationsResponse: ID Description* Version StartTime EndTime HierarchyScope~ OperationsType OperationsRequestID* SegmentRequirementID* OperationsDefinitionID* OperationsSegmentID* ResponseState SegmentResponse*
SegmentResponse: ID Description* PublishedDate PostingDate ActualStartTime ActualEndTime HierarchyScope~ OperationsType ProcessSegmentID* OperationsRequestID* SegmentRequirementID* OperationsDefinitionID* OperationsSegmentID* WorkResponseID* JobResponseID* SegmentState SegmentData* PersonnelActual* EquipmentActual* PhysicalAssetActual*~ MaterialActual* SegmentResponseChild*~ RequiredByRequestedSegmentResponse
SegmentData: ID Description* HierarchyScope~ Value* SegmentDataChild*~ RequiredByRequestedSegmentResponse
PersonnelActual: ID PersonnelClassID* PersonID* Description* PersonnelUse Quantity* HierarchyScope~ SpatialDefinition~ OperationalLocation~ TestResult* PersonnelActualProperty*~ PersonnelActualChild*~ RequiredByRequestedSegmentResponse
EquipmentActual: ID EquipmentClassID* EquipmentID* Description* EquipmentUse Quantity* HierarchyScope~ SpatialDefinition~ OperationalLocation~ TestResult* EquipmentActualProperty*~ EquipmentActualChild*~ RequiredByRequestedSegmentResponse
MaterialActual: ID MaterialClassID* MaterialDefinitionID* MaterialLotID* MaterialSubLotID* Description* MaterialUse SpatialDefinition~ StorageLocation~ Quantity* AssemblyActual*~ AssemblyType AssemblyRelationship HierarchyScope~ TestResult* MaterialActualProperty*~ RequiredByRequestedSegmentResponse
TestResult: ID Description* EvaluationDate Expiration HierarchyScope~ TestableObjectID OperationsTestRequirementID EvaluatedCriterionResult TestResultChild*~ PropertyMeasurement*
PropertyMeasurement: ID Description* TestableObjectPropertyID* MeasurementDate Value Expiration WorkDefinitionID
MaterialLot: ID Version Description* PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ SpatialDefinition~ MaterialDefinitionID Status Disposition MaterialLotProperty* MaterialSubLot*~ StorageLocation~ Quantity* TestSpecificationID* AssemblyLot*~ AssemblySubLot*~ AssemblyType AssemblyRelationship
MaterialLotProperty: ID Description* Value* MaterialLotPropertyChild*~ MaterialDefinitionPropertyID*
MaterialDefinition: ID Version Description* PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ SpatialDefinition~ MaterialDefinitionProperty* MaterialClassID* MaterialLotSourceID* TestSpecificationID* AssemblyDefinition*~ AssemblyType AssemblyRelationship
MaterialDefinitionProperty: ID Version Description* PropertyType Value* MaterialDefinitionPropertyChild*~ MaterialClassPropertyID
OperationsDefinition: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ OperationsType DefinitionType OperationsSegment* BillOfMaterialsID* WorkMasterSourceID* BillOfResourcesID* OperationsMaterialBillID* OperationsDefinitionPatternID
OperationsMaterialBill: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ UseType OperationsMaterialBillItem* BillOfMaterialsID*
OperationsSegment: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate OperationsType DefinitionType HierarchyScope~ Duration ProcessSegmentID* BillOfMaterialsID* WorkMasterSourceID* BillOfResourcesID* OperationsMaterialBillID* OperationsSegmentPatternID ParameterSpecification* PersonnelSpecification*~ EquipmentSpecification* PhysicalAssetSpecification*~ MaterialSpecification*~ SegmentDependency*~ DependentOperationsSegmentID* OperationsSegmentChild*~
ParameterSpecification: ID Value* Description* HierarchyScope~ ParameterChild*~ ParameterSpecificationID* ProcessSegmentParameterID*
EquipmentSpecification: ID EquipmentClassID* EquipmentID* Description* EquipmentUse HierarchyScope~ OperationalLocation~ SpatialDefinition~ Quantity* EquipmentSpecificationChild*~ EquipmentSpecificationProperty*~ TestSpecificationID*
OperationsMaterialBillItem: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate UseType HierarchyScope~ AssemblyBillOfMaterialItem* AssemblyType AssemblyRelationship MaterialSpecificationID* Quantity*
Equipment: ID Version Description* PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ EquipmentLevel SpatialDefinition~ EquipmentAssetMapping*~ PhysicalAssetID OperationalLocation~ EquipmentProperty* EquipmentChild* EquipmentClassID* TestSpecificationID*
WorkCalendarDefinition: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ WorkCalendarDefinitionEntry* WorkCalendarDefinitionProperty*
EquipmentProperty: ID Description* Value* EquipmentPropertyChild*~ EquipmentClassPropertyID
WorkCalendarDefinitionProperty: ID Description* Value* WorkCalendarDefinitionPropertyChild*~
WorkCalendarDefinitionEntry: ID Description* Version PublishedDate EffectiveStartDate EffectiveEndDate HierarchyScope~ RecurrenceTime DurationRule EntryType WorkCalendarDefinitionEntryChild*~ WorkCalendarDefinitionEntryProperty*~
Quantity: QuantityString DataType UnitOfMeasure Key*
Value: ValueString DataType UnitOfMeasure Key*
Process: ActionCriteria*~
Sync: ActionCriteria*~
Change: ActionCriteria*~
Cancel: ActionCriteria*~
Get: Expression*
MaterialInformation: ID Description* HierarchyScope~ PublishedDate MaterialClass*~ MaterialDefinition* MaterialLot* MaterialSubLot*~ TestSpecification*~
TransactionProfile: ID Description* HierarchyScope~ PublishedDate SupportedAction*
SupportedAction: ID Description* TransactionVerb TransactionNoun InformationUser InformationProvider InformationSender InformationReceiver ObjectWildcardSupported PropertyWildcardSupported
`

// shape is what may stand in an element.
type shape struct {
	place map[string]int // of each element in the order, from 0
	parts []part         // in that order
}

type part struct {
	name     string
	repeated bool
	opaque   bool // its elements are not looked at
}

// shapes are the elements of published, by name.
var shapes = shapesOf(published)

func shapesOf(table string) map[string]*shape {
	all := map[string]*shape{}
	for line := range strings.Lines(table) {
		name, list, ok := strings.Cut(strings.TrimSpace(line), ":")
		if !ok {
			continue
		}
		s := &shape{place: map[string]int{}}
		for i, word := range strings.Fields(list) {
			p := part{name: strings.TrimRight(word, "*~"), repeated: strings.Contains(word, "*"), opaque: strings.HasSuffix(word, "~")}
			s.parts = append(s.parts, p)
			s.place[p.name] = i
		}
		all[name] = s
	}
	return all
}

// Nouns and verbs of the BODs that are spoken here.
const (
	schedule    = "OperationsSchedule"
	performance = "OperationsPerformance"
	lot         = "MaterialLot"
	definition  = "MaterialDefinition"
	information = "MaterialInformation" // how much there is
	profile     = "TransactionProfile"  // of the interface itself
)

var (
	verbs = []string{"Process", "Sync", "Change", "Cancel", "Get"}
	nouns = []string{schedule, performance, lot, definition, bill, operations, equipment, calendar}
	// onlyAsked are nouns of which nothing is stated.
	onlyAsked = []string{information, profile}
)

// transaction takes the name of a BOD apart; false if it is none of those.
func transaction(bod string) (verb, noun string, ok bool) {
	if n, get := strings.CutPrefix(bod, "Get"); get && slices.Contains(onlyAsked, n) {
		return "Get", n, true
	}
	for _, v := range verbs {
		if n, cut := strings.CutPrefix(bod, v); cut {
			for _, known := range nouns {
				if n == known {
					return v, n, true
				}
			}
		}
	}
	return "", "", false
}

// shapeOf is the shape of a child of parent within the BOD called bod; nil if
// it has text in it, or is not looked at.
func shapeOf(bod string, element string) *shape {
	switch element {
	case bod:
		return bodShape
	case "DataArea":
		if verb, noun, ok := transaction(bod); ok {
			return dataAreas[verb+noun]
		}
	case "SegmentRequirementChild": // which is one itself
		return shapes["SegmentRequirement"]
	case "EquipmentChild": // likewise
		return shapes["Equipment"]
	case "AssemblyBillOfMaterialItem":
		return shapes["OperationsMaterialBillItem"]
	}
	return shapes[element]
}

var (
	bodShape  = shapesOf("BOD: ApplicationArea DataArea")["BOD"]
	dataAreas = func() map[string]*shape {
		all := map[string]*shape{}
		for _, n := range onlyAsked {
			all["Get"+n] = shapesOf("DataArea: Get " + n + "*")["DataArea"]
		}
		for _, v := range verbs {
			for _, n := range nouns {
				all[v+n] = shapesOf("DataArea: " + v + " " + n + "*")["DataArea"]
			}
		}
		return all
	}()
)
