package saps4

import "strconv"

// A service is one OData service of the interface.
type service struct {
	name  string
	sets  []*entityType // each is in a set of its own
	calls []call
}

// A call is a function import, all by POST, with parameters in the address.
type call struct {
	name    string
	params  []property
	returns *entityType // a row of its set
}

// ofAnOrder are the calls that change an order.
func ofAnOrder(names ...string) (all []call) {
	for _, n := range names {
		all = append(all, call{name: n, params: []property{str("ManufacturingOrder", long)}, returns: orderType})
	}
	return all
}

// Names of the calls that take a document back, as a new document.
const (
	cancelConfirmation = "CancelProdnOrdConf"
	cancelDocument     = "Cancel"
	cancelItem         = "CancelItem"
)

// cancels reports whether a call takes a document back.
func cancels(call string) bool {
	return call == cancelConfirmation || call == cancelDocument || call == cancelItem
}

// An entityType is what the rows of a set are made of. It is the one place that
// says which properties there are: $metadata is made of it, requests are held
// against it and replies are written by it.
type entityType struct {
	service string
	set     string
	name    string
	props   []property
	navs    []navigation
	tagged  bool // changes need If-Match
}

// A property is a named value.
type property struct {
	name string
	edm  string // type, without "Edm."
	max  int    // characters of a string; 0 of others
	key  bool
}

// A navigation leads from an entity to those that belong to it.
type navigation struct {
	name string
	to   *entityType
}

func str(name string, max int) property { return property{name: name, edm: "String", max: max} }
func key(name string, max int) property {
	return property{name: name, edm: "String", max: max, key: true}
}
func of(edm string, names ...string) (all []property) {
	for _, n := range names {
		all = append(all, property{name: n, edm: edm})
	}
	return all
}

// custom are the properties that a customer has added for the sake of the
// integration, as key users do: the names begin with YY1_ and end with what they
// extend.
func custom(suffix string, more ...property) []property {
	return append([]property{str(reference+suffix, 255), {name: counter + suffix, edm: "Int32"}, {name: happened + suffix, edm: "DateTimeOffset"}}, more...)
}

// Custom properties, without what they extend.
const (
	reference = "YY1_MESReference_"
	counter   = "YY1_MESCounter_"
	happened  = "YY1_MESTime_"
)

func props(groups ...[]property) (all []property) {
	for _, g := range groups {
		all = append(all, g...)
	}
	return all
}

// Names of services.
const (
	orderService    = "API_PRODUCTION_ORDER_2_SRV"
	confService     = "API_PROD_ORDER_CONFIRMATION_2_SRV"
	documentService = "API_MATERIAL_DOCUMENT_SRV"
	productService  = "API_PRODUCT_SRV"
	batchService    = "API_BATCH_SRV"
	lotService      = "API_INSPECTIONLOT_SRV"
	poolService     = "YY1_FAILEDPOSTINGS_CDS"
)

// long is room for identifiers that real systems keep shorter: what the plant
// calls its things must not be cut.
const long = 255

var (
	operationType = &entityType{service: orderService, set: "A_ProductionOrderOperation_2", name: "A_ProductionOrderOperation_2Type", tagged: true, props: props(
		[]property{key("ManufacturingOrder", long), key("ManufacturingOrderOperation", long), str("MfgOrderOperationText", long), str("WorkCenter", long)},
		of("Decimal", "WorkCenterStandardWorkQty1"), []property{str("WorkCenterStandardWorkQtyUnit1", 3)},
		of("Decimal", "WorkCenterStandardWorkQty2"), []property{str("WorkCenterStandardWorkQtyUnit2", 3)},
		of("Boolean", "YY1_Inspect_OPR"), of("Decimal", "OpTotalConfirmedYieldQty", "OpTotalConfirmedScrapQty", "OpTotalConfirmedReworkQty"),
		[]property{str("OperationIsConfirmed", 1), str("LastChangeDateTime", 14)})}
	componentType = &entityType{service: orderService, set: "A_ProductionOrderComponent_4", name: "A_ProductionOrderComponent_4Type", tagged: true, props: props(
		[]property{key("Reservation", long), key("ReservationItem", 4), str("ManufacturingOrder", long), str("ManufacturingOrderOperation", long), str("Material", long)},
		of("Decimal", "RequiredQuantity"), []property{str("EntryUnit", long), str("LastChangeDateTime", 14)})}
	orderItemType = &entityType{service: orderService, set: "A_ProductionOrderItem_2", name: "A_ProductionOrderItem_2Type", props: props(
		[]property{key("ManufacturingOrder", long), key("ManufacturingOrderItem", 4), str("Material", long), str("Batch", long)},
		of("Decimal", "MfgOrderItemPlannedTotalQty", "MfgOrderItemGoodsReceiptQty"), []property{str("ProductionUnit", long)})}
	statusType = &entityType{service: orderService, set: "A_ProductionOrderStatus_2", name: "A_ProductionOrderStatus_2Type", props: []property{
		key("ManufacturingOrder", long), key("StatusCode", 5), str("StatusShortName", 4), str("StatusName", 30), {name: "IsUserStatus", edm: "Boolean"}}}
	orderType = &entityType{service: orderService, set: "A_ProductionOrder_2", name: "A_ProductionOrder_2Type", tagged: true,
		props: props([]property{key("ManufacturingOrder", long), str("ManufacturingOrderType", 4), str("Material", long), str("ProductionPlant", 4)},
			of("Decimal", "TotalQuantity"), []property{str("ProductionUnit", long)},
			of("DateTime", "MfgOrderPlannedStartDate"), of("Time", "MfgOrderPlannedStartTime"), of("DateTime", "MfgOrderPlannedEndDate"), of("Time", "MfgOrderPlannedEndTime"),
			[]property{str("OrderIsReleased", 1), str("OrderIsConfirmed", 1), str("OrderIsClosed", 1), str("OrderIsMarkedForDeletion", 1)},
			[]property{str("LastChangeDateTime", 14), str("YY1_Revision_ORD", 40)}, of("Int32", "YY1_Priority_ORD", "YY1_Version_ORD"), of("DateTimeOffset", "YY1_Start_ORD", "YY1_End_ORD")),
		navs: []navigation{{"to_ProductionOrderItem", orderItemType}, {"to_ProductionOrderOperation", operationType}, {"to_ProductionOrderComponent", componentType}, {"to_ProductionOrderStatus", statusType}}}

	movementType = &entityType{service: confService, set: "ProdnOrdConfMatlDocItm", name: "ProdnOrdConfMatlDocItmType", props: props(
		[]property{key("MaterialDocument", 10), key("MaterialDocumentItem", 4), str("Material", long), str("Plant", 4), str("StorageLocation", 4), str("Batch", long),
			str("GoodsMovementType", 3), str("GoodsMovementRefDocType", 1)},
		of("Decimal", "QuantityInEntryUnit"), []property{str("EntryUnit", long)}, custom("MMI"))}
	confType = &entityType{service: confService, set: "ProdnOrdConf2", name: "ProdnOrdConf2Type", props: props(
		[]property{key("ConfirmationGroup", 10), key("ConfirmationCount", 8), str("OrderID", long), str("OrderOperation", long), str("Sequence", 6), str("ConfirmationText", 40), str("Language", 2)},
		of("Decimal", "ConfirmationYieldQuantity", "ConfirmationScrapQuantity", "ConfirmationReworkQuantity"),
		[]property{str("ConfirmationUnit", long), str("VarianceReasonCode", long), str("WorkCenter", long), str("Plant", 4), str("Personnel", long), str("EnteredByExternalUser", 12)},
		of("DateTime", "PostingDate"), of("Boolean", "IsFinalConfirmation"), []property{str("FinalConfirmationType", 1)},
		of("Boolean", "OpenReservationsIsCleared", "APIConfHasNoGoodsMovements", "IsReversed", "IsReversal"),
		of("DateTime", "ConfirmedExecutionStartDate"), of("Time", "ConfirmedExecutionStartTime"), of("DateTime", "ConfirmedExecutionEndDate"), of("Time", "ConfirmedExecutionEndTime"),
		of("Decimal", "OpConfirmedWorkQuantity1"), []property{str("OpWorkQuantityUnit1", 3)}, of("Guid", "ExternalSystemConfirmation"), custom("CNF")),
		navs: []navigation{{"to_ProdnOrdConfMatlDocItm", movementType}}}

	serialType = &entityType{service: documentService, set: "A_SerialNumberMaterialDocument", name: "A_SerialNumberMaterialDocumentType", props: []property{
		key("MaterialDocumentYear", 4), key("MaterialDocument", 10), key("MaterialDocumentItem", 4), key("SerialNumber", long), str("Material", long)}}
	itemType = &entityType{service: documentService, set: "A_MaterialDocumentItem", name: "A_MaterialDocumentItemType",
		props: props([]property{key("MaterialDocumentYear", 4), key("MaterialDocument", 10), key("MaterialDocumentItem", 4), str("Material", long), str("Plant", 4), str("StorageLocation", 4),
			str("Batch", long), str("GoodsMovementType", 3), str("GoodsMovementRefDocType", 1), str("GoodsMovementReasonCode", long), str("ManufacturingOrder", long), str("ManufacturingOrderItem", 4)},
			of("Decimal", "QuantityInEntryUnit"), []property{str("EntryUnit", long), str("MaterialDocumentItemText", 50)},
			[]property{str("ReversedMaterialDocumentYear", 4), str("ReversedMaterialDocument", 10), str("ReversedMaterialDocumentItem", 4)}, of("Boolean", "GoodsMovementIsCancelled"), custom("MMI", str("YY1_Operation_MMI", long))),
		navs: []navigation{{"to_SerialNumbers", serialType}}}
	headerType = &entityType{service: documentService, set: "A_MaterialDocumentHeader", name: "A_MaterialDocumentHeaderType",
		props: props([]property{key("MaterialDocumentYear", 4), key("MaterialDocument", 10), str("GoodsMovementCode", 2)}, of("DateTime", "DocumentDate", "PostingDate"),
			[]property{str("ReferenceDocument", 16), str("MaterialDocumentHeaderText", 25), str("CreatedByUser", 12)}),
		navs: []navigation{{"to_MaterialDocumentItem", itemType}}}

	unitType = &entityType{service: productService, set: "A_ProductUnitsOfMeasure", name: "A_ProductUnitsOfMeasureType", props: props(
		[]property{key("Product", long), key("AlternativeUnit", long)}, of("Decimal", "QuantityNumerator", "QuantityDenominator"))}
	descriptionType = &entityType{service: productService, set: "A_ProductDescription", name: "A_ProductDescriptionType", props: []property{
		key("Product", long), key("Language", 2), str("ProductDescription", long)}}
	productType = &entityType{service: productService, set: "A_Product", name: "A_ProductType", tagged: true, props: props(
		[]property{key("Product", long), str("ProductType", 4), str("BaseUnit", long)}, of("Boolean", "IsBatchManagementRequired", "IsMarkedForDeletion"),
		[]property{str("SerialNumberProfile", 4)}, of("DateTimeOffset", "LastChangeDateTime"),
		[]property{str("YY1_Revision_PRD", long)}, of("Int32", "YY1_Decimals_PRD", "YY1_Version_PRD")),
		navs: []navigation{{"to_Description", descriptionType}, {"to_ProductUnitsOfMeasure", unitType}}}

	lotType = &entityType{service: batchService, set: "Batch", name: "BatchType", tagged: true, props: props(
		[]property{key("Material", long), key("BatchIdentifyingPlant", 4), key("Batch", long)}, of("Boolean", "MatlBatchIsInRstrcdUseStock", "BatchIsMarkedForDeletion"),
		of("DateTime", "ShelfLifeExpirationDate"), of("DateTimeOffset", "YY1_ExpiresAt_BTC"), of("Decimal", "YY1_Quantity_BTC"),
		custom("BTC", str("YY1_QualityCase_BTC", long), str("YY1_HoldReason_BTC", long), str("YY1_Order_BTC", long)))}

	resultType = &entityType{service: lotService, set: "A_InspectionResult", name: "A_InspectionResultType", props: props(
		[]property{key("InspectionLot", 12), str("ManufacturingOrder", long), str("ManufacturingOrderOperation", long), str("Material", long), str("Batch", long), str("SerialNumber", long)},
		of("Int32", "YY1_Passed_QIR", "YY1_Failed_QIR"), []property{str("InspectionResultText", long)}, custom("QIR"))}

	poolType = &entityType{service: poolService, set: "YY1_FailedPostings", name: "YY1_FailedPostingsType", props: props(
		[]property{key("Number", 20), str("ManufacturingOrder", long), str("MessageCode", 20), str("MessageText", long), str("IsDone", 1)}, of("DateTimeOffset", "EnteredAt"),
		[]property{str(reference+"FPO", long)})}
)

var services = append([]service{
	{orderService, []*entityType{orderType, orderItemType, operationType, componentType, statusType}, ofAnOrder("CloseOrder", "TechlyCmpltOrder", "ReleaseOrder")},
	{confService, []*entityType{confType, movementType}, []call{
		{name: cancelConfirmation, params: []property{str("ConfirmationGroup", 10), str("ConfirmationCount", 8)}, returns: confType}}},
	{documentService, []*entityType{headerType, itemType, serialType}, []call{
		{name: cancelDocument, params: []property{str("MaterialDocumentYear", 4), str("MaterialDocument", 10)}, returns: headerType},
		{name: cancelItem, params: []property{str("MaterialDocumentYear", 4), str("MaterialDocument", 10), str("MaterialDocumentItem", 4)}, returns: itemType}}},
	{productService, []*entityType{productType, descriptionType, unitType}, nil},
	{batchService, []*entityType{lotType}, nil},
	{lotService, []*entityType{resultType}, nil},
	{poolService, []*entityType{poolType}, nil},
}, masterServices...)

// serviceOf finds a service by name; nil if there is none.
func serviceOf(name string) *service {
	for i := range services {
		if services[i].name == name {
			return &services[i]
		}
	}
	return nil
}

// set finds a set by name; nil if there is none.
func (s *service) set(name string) *entityType {
	for _, t := range s.sets {
		if t.set == name {
			return t
		}
	}
	return nil
}

func (t *entityType) prop(name string) *property {
	for i := range t.props {
		if t.props[i].name == name {
			return &t.props[i]
		}
	}
	return nil
}

func (t *entityType) nav(name string) *entityType {
	for _, n := range t.navs {
		if n.name == name {
			return n.to
		}
	}
	return nil
}

// facets are what $metadata says of a property besides its name and type.
func (p property) facets() string {
	switch {
	case p.key:
		return ` Nullable="false" MaxLength="` + strconv.Itoa(p.max) + `"`
	case p.edm == "String":
		return ` MaxLength="` + strconv.Itoa(p.max) + `"`
	case p.edm == "Decimal":
		return ` Precision="19" Scale="6"`
	case p.edm == "DateTime" || p.edm == "Time" || p.edm == "DateTimeOffset":
		return ` Precision="0"`
	}
	return ""
}
