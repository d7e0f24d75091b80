package scenarios

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/invopop/jsonschema"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// Names of actions.
const (
	DoReleaseOrders  = "release-orders"
	DoChangeOrder    = "change-order"
	DoCancelOrder    = "cancel-order"
	DoChangeItem     = "change-item"
	DoChangeBill     = "change-bom"
	DoChangeRouting  = "change-routing"
	DoChangeCenter   = "change-work-center"
	DoChangeCalendar = "change-calendar"
	DoPublish        = "publish"
	DoPlaceHold      = "place-hold"
	DoDecide         = "decide"
	DoShip           = "ship"
	DoRecall         = "recall"
	DoConfirmTwins   = "confirm-twins"
	DoMistype        = "mistype"
	DoKill           = "sut.kill"
	DoRestart        = "sut.restart"
	DoArm            = "arm"
	DoHeal           = "heal"
	DoLock           = "lock-order"
	DoUnlock         = "unlock-order"
	DoRequeue        = "requeue"
	DoTakeOut        = "take-out"
	DoPolicy         = "policy"
	DoClosePeriod    = "close-period"
	DoFreeze         = "freeze"
	DoCutover        = "cutover"
)

// Args are the arguments of actions; [Actions] says which action takes which.
type Args struct {
	// Order acted on: "4711000001", {nth: 3} or {ref: NAME.order}.
	Order Target `yaml:"order"`
	// Lot acted on: "L-1" or {ref: NAME.lot}.
	Lot Target `yaml:"lot"`
	// Case acted on: {ref: NAME.case}.
	Case Target `yaml:"case"`
	// Item is a material, by its identifier.
	Item yamlfile.Word `yaml:"item"`
	// Component is a material of a bill, by its identifier.
	Component yamlfile.Word `yaml:"component"`
	// Operation of a routing: "0010".
	Operation yamlfile.Word `yaml:"operation"`
	// For is the number of pieces that a bill of material speaks of.
	For *Amount `yaml:"for"`
	// Cycle is the standard time of one piece: {plant: 90s}.
	Cycle yamlfile.Duration `yaml:"cycle"`
	// WorkCenter, by its identifier.
	WorkCenter yamlfile.Word `yaml:"workCenter"`
	// Efficiency of a work center, as planning reckons, in percent.
	Efficiency int `yaml:"efficiency"`
	// Shift of the site's calendar, by its name.
	Shift yamlfile.Word `yaml:"shift"`
	// Day of the week on which the shift is worked as well, or no more.
	Day string `yaml:"day" jsonschema:"enum=Mon,enum=Tue,enum=Wed,enum=Thu,enum=Fri,enum=Sat,enum=Sun"`
	// Of is what is published: items, boms, routings, work-centers or calendars.
	Of []string `yaml:"of" jsonschema:"enum=items,enum=boms,enum=routings,enum=work-centers,enum=calendars"`
	// Retire takes the material out of use instead of giving it a revision.
	Retire bool `yaml:"retire"`
	// Kind of facts: confirmation, consumption, scrap or receipt.
	Kind plant.Kind `yaml:"kind" jsonschema:"enum=confirmation,enum=consumption,enum=scrap,enum=receipt"`
	// Count of orders or confirmations.
	Count int `yaml:"count"`
	// Quantity to make or to ship.
	Quantity *Amount `yaml:"quantity"`
	// Priority of an order.
	Priority int `yaml:"priority"`
	// Decision on a held lot.
	Decision plant.Decision `yaml:"decision" jsonschema:"enum=release,enum=use-as-is,enum=scrap,enum=rework"`
	// Reason for people.
	Reason string `yaml:"reason"`
	// Fault of this scenario, by its id.
	Fault yamlfile.Word `yaml:"fault"`
	// At is the endpoint acted on.
	At yamlfile.Word `yaml:"at"`
	// Set is what changes in the endpoint's policy.
	Set *Policy `yaml:"set"`
	// Frozen says by which way facts may come that become true in the freeze.
	Frozen evidence.Frozen `yaml:"frozen" jsonschema:"enum=either,enum=old,enum=new,enum=by-hand"`
}

// An ActionInfo documents an action.
type ActionInfo struct {
	Name     string
	Does     string
	Requires []string
	Takes    []string // besides those required
}

// Actions lists what a scenario can make happen.
func Actions() []ActionInfo {
	return []ActionInfo{
		{DoReleaseOrders, "the planner releases the next orders; 1 by default", nil, []string{"count"}},
		{DoChangeOrder, "the planner changes quantity or priority of a released order; of the oldest by default", nil, []string{"order", "quantity", "priority"}},
		{DoCancelOrder, "the planner takes a released order back; the oldest by default", nil, []string{"order"}},
		{DoChangeItem, "engineering gives a material its next revision, which orders released from then on have, or retires it; what is made next by default, or what nobody needs", nil, []string{"item", "retire"}},
		{DoChangeBill, "engineering changes a bill of material, which orders released from then on follow: what one piece needs of a component, a tenth more of the first by default, or for how many pieces the bill speaks; of what is made next by default", nil, []string{"item", "component", "quantity", "for"}},
		{DoChangeRouting, "engineering changes the standard time of an operation, which orders released from then on have; the first a tenth longer by default, of what is made next", nil, []string{"item", "operation", "cycle"}},
		{DoChangeCenter, "planning reckons with another pace of a work center, in percent of the standard one: a tenth less by default, of the first operation of what is made next", nil, []string{"workCenter", "efficiency"}},
		{DoChangeCalendar, "a shift of the site's calendar is worked on one more day of the week, or no more on one; the first shift by default, on the first day on which it is not; the floor works on as it does", nil, []string{"shift", "day"}},
		{DoPublish, "the ERP announces its master data once more, as it stands: every record at its version, and at its first if it was never announced; all of it, or of what is named: items, boms, routings, work-centers, calendars", nil, []string{"of"}},
		{DoPlaceHold, "quality opens a case and blocks a lot, or the lot of an order; the next to be used by default", nil, []string{"lot", "order", "reason"}},
		{DoDecide, "quality decides the case of a held lot; the oldest case, use-as-is by default", nil, []string{"lot", "case", "decision", "reason"}},
		{DoShip, "probe: the ERP is asked to ship from a lot; expectations find the answer in probes", nil, []string{"lot", "quantity"}},
		{DoRecall, "probe: the ERP is asked for every lot that a lot went into, through all levels, and held against what happened; expectations find the answer in probes", []string{"lot"}, nil},
		{DoConfirmTwins, "operators book two confirmations that look alike within a minute, as people do; count pairs, 1 by default", nil, []string{"order", "count"}},
		{DoMistype, "operators report one piece too few, and a quarter of an hour later take that back and report it anew; the next confirmations by default, count of them, 1 by default", nil, []string{"kind", "order", "count"}},
		{DoKill, "the SUT is killed at once (kill -9) and stays down", nil, nil},
		{DoRestart, "the SUT is started again; killed first if it runs", nil, nil},
		{DoArm, "a fault of this scenario is armed", []string{"fault"}, nil},
		{DoHeal, "a fault is healed; all are if none is named", nil, []string{"fault"}},
		{DoLock, "somebody in the endpoint's system opens an order for editing, so that postings to it are refused", []string{"order", "at"}, nil},
		{DoUnlock, "they close it again", []string{"order", "at"}, nil},
		{DoRequeue, "a person puts messages back into the endpoint's queue that have failed for good, of an order or all, as one does who has mended what was wrong", []string{"at"}, []string{"order"}},
		{DoTakeOut, "a person takes them out of the queue, so that what waits behind them has its turn", []string{"at"}, []string{"order"}},
		{DoClosePeriod, "finance closes the posting period: from now on the ERP refuses what is dated before the plant's latest midnight", nil, nil},
		{DoFreeze, "the freeze before a cutover begins: the build is told, and what becomes true from now on comes by either way, or as frozen says", nil, []string{"frozen"}},
		{DoCutover, "the new way into the books takes over from the old one: the books are read, and the build is told", nil, nil},
		{DoPolicy, "an interface changes what it promises, from now on", []string{"at", "set"}, nil},
	}
}

func actionNamed(name string) (ActionInfo, bool) {
	for _, a := range Actions() {
		if a.Name == name {
			return a, true
		}
	}
	return ActionInfo{}, false
}

func actionNames() []string {
	var names []string
	for _, a := range Actions() {
		names = append(names, a.Name)
	}
	return names
}

// Do is what a step does, unread: one action's name or a list of mappings.
type Do struct{ yamlfile.Node }

// UnmarshalNode keeps the part for [Step.Check], which sees the arguments too.
func (d *Do) UnmarshalNode(n yamlfile.Node) error {
	d.Node = n
	return nil
}

// JSONSchema describes both forms to editors.
func (Do) JSONSchema() *jsonschema.Schema {
	names := []any{}
	p := jsonschema.NewProperties()
	for _, name := range actionNames() {
		names = append(names, name)
		p.Set(name, &jsonschema.Schema{Ref: "#/$defs/Args"})
	}
	one := uint64(1)
	return &jsonschema.Schema{OneOf: []*jsonschema.Schema{
		{Type: "string", Enum: names},
		{Type: "array", MinItems: &one, Items: &jsonschema.Schema{
			Type: "object", Properties: p, MinProperties: &one, MaxProperties: &one, AdditionalProperties: jsonschema.FalseSchema,
		}},
	}}
}

// act is one action of a step, as written.
type act struct {
	name string
	args Args
	pos  yamlfile.Pos
}

// readActs reads both forms of a step's do.
func readActs(do, args yamlfile.Node) ([]act, error) {
	if do.Kind() != yamlfile.List {
		a, err := readAct(do, args)
		return []act{a}, err
	}
	if !args.IsZero() {
		return nil, args.Errorf("arguments of a list of actions stand with each action").WithHint("write do: [{place-hold: {lot: …}}]")
	}
	var acts []act
	for _, item := range do.Items() {
		name, args := item, yamlfile.Node{}
		if keys := item.Keys(); item.Kind() == yamlfile.Map {
			if len(keys) != 1 {
				return nil, item.Errorf("one action is expected here, not %d", len(keys)).WithHint("begin each action with a dash of its own")
			}
			args = item.Get(keys[0])
			if err := yamlfile.Choice(item.KeyPos(keys[0]), "action", keys[0], actionNames()); err != nil {
				return nil, err
			}
			a, err := readArgs(keys[0], item.KeyPos(keys[0]), args)
			if err != nil {
				return nil, err
			}
			acts = append(acts, a)
			continue
		}
		a, err := readAct(name, args)
		if err != nil {
			return nil, err
		}
		acts = append(acts, a)
	}
	if len(acts) == 0 {
		return nil, do.Errorf("a step does at least one action")
	}
	return acts, nil
}

func readAct(do, args yamlfile.Node) (act, error) {
	if do.Kind() != yamlfile.Text {
		return act{}, do.Errorf("the name of an action is expected here, not %s", do.Kind()).WithHint("%s", yamlfile.OneOf("", actionNames()))
	}
	if err := yamlfile.Choice(do.Pos(), "action", do.Text(), actionNames()); err != nil {
		return act{}, err
	}
	return readArgs(do.Text(), do.Pos(), args)
}

// readArgs reads the arguments of one action and checks that it takes them.
func readArgs(name string, pos yamlfile.Pos, args yamlfile.Node) (act, error) {
	a := act{name: name, pos: pos}
	info, _ := actionNamed(name)
	takes := append(slices.Clone(info.Requires), info.Takes...)
	for _, key := range args.Keys() {
		if !slices.Contains(takes, key) {
			hint := name + " takes no arguments"
			if len(takes) > 0 {
				hint = yamlfile.OneOf(key, takes)
			}
			return a, args.KeyPos(key).Errorf("%s does not take %q", name, key).WithHint("%s", hint)
		}
	}
	for _, key := range info.Requires {
		if args.Get(key).IsZero() {
			return a, pos.Errorf("%s needs %q", name, key)
		}
	}
	if args.IsZero() {
		return a, nil
	}
	if err := args.Decode(&a.args); err != nil {
		return a, err
	}
	if k := args.Get("kind"); !k.IsZero() {
		if err := yamlfile.Choice(k.Pos(), "kind", string(a.args.Kind), reversible()); err != nil {
			return a, err
		}
	}
	if err := plantOnly(a.args.Cycle); err != nil {
		return a, err
	}
	for i, of := range a.args.Of {
		if err := yamlfile.Choice(args.Get("of").Items()[i].Pos(), "of", of, published); err != nil {
			return a, err
		}
	}
	if d := args.Get("day"); !d.IsZero() {
		if err := yamlfile.Choice(d.Pos(), "day", a.args.Day, weekdays); err != nil {
			return a, err
		}
	}
	if e := args.Get("efficiency"); !e.IsZero() && (a.args.Efficiency < 1 || a.args.Efficiency > 1000) {
		return a, e.Errorf("an efficiency is 1 to 1000 percent")
	}
	if a.args.Count < 0 {
		return a, args.Get("count").Errorf("count cannot be negative")
	}
	if a.args.Lot.Nth > 0 || a.args.Case.Nth > 0 {
		return a, args.Errorf("nth selects orders only").WithHint("take a lot from an event: {ref: NAME.lot}")
	}
	return a, nil
}

// published are the lists of master data, and recordsOf the kinds of changes of
// what is in each.
var (
	published = []string{"items", "boms", "routings", "work-centers", "calendars"}
	recordsOf = map[string]plant.Kind{"items": plant.KindItemChanged, "boms": plant.KindBillChanged, "routings": plant.KindRoutingChanged, "work-centers": plant.KindCenterChanged, "calendars": plant.KindCalendarChanged}
)

var weekdays = []string{"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"}

// reversible are the kinds of facts that can be taken back.
func reversible() []string {
	var names []string
	for _, k := range plant.Reversible() {
		names = append(names, string(k))
	}
	return names
}

// An Action is something that is due: what to do, with everything it refers
// to looked up.
type Action struct {
	Do         string
	As         string // name of the step, for the journal
	Order      plant.OrderID
	Kind       plant.Kind
	Lot        plant.LotID
	Case       plant.CaseID
	Item       plant.ItemID
	Component  plant.ItemID
	Operation  plant.OperationID
	For        plant.Decimal
	Cycle      time.Duration
	WorkCenter plant.WorkCenterID
	Efficiency int
	Shift      string
	Day        string
	Of         []plant.Kind
	Retire     bool
	Count      int
	Quantity   plant.Decimal
	Priority   int
	Decision   plant.Decision
	Reason     string
	Fault      string  // of arm and heal: id; "" of heal means all
	At         string  // endpoint
	Set        *Policy // of policy
	Frozen     evidence.Frozen
	Pos        yamlfile.Pos

	bound map[string]string // what the event that caused it was about
}

// StopsSUT reports whether the scenario kills, restarts or otherwise breaks the
// SUT itself, by a step or by a fault.
func (s *Scenario) StopsSUT() bool {
	for _, f := range s.Faults {
		if strings.HasPrefix(f.Fault.S, "sut-") || strings.HasPrefix(f.Fault.S, "packet-") {
			return true
		}
	}
	for _, step := range s.When {
		for _, a := range step.acts {
			if a.name == DoKill || a.name == DoRestart {
				return true
			}
		}
	}
	return false
}

// Cutover returns the change of ways that the scenario makes, for the plan; nil
// if it makes none.
func (s *Scenario) Cutover() *evidence.Cutover {
	c := &evidence.Cutover{Old: evidence.Route{Name: RouteOld}, New: evidence.Route{Name: RouteNew}}
	for _, step := range s.When {
		for _, a := range step.acts {
			switch a.name {
			case DoFreeze:
				c.Freeze, c.Frozen = StepName(DoFreeze), a.args.Frozen
			case DoCutover:
				c.At = StepName(DoCutover)
			}
		}
	}
	if c.At == "" {
		return nil
	}
	return c
}

// Ways into the books, as journals and findings name them.
const (
	RouteOld = "the old way"
	RouteNew = "the new way"
)

// StepName is what the journal calls the step that does an action.
func StepName(do string) string { return "do " + do }

// Requeues reports whether a step puts messages back into the queue of a system,
// so that the SUT has to find out there that they were processed after all.
func (s *Scenario) Requeues() bool { return s.does(DoRequeue) }

// TakesOut reports whether a step takes failed messages out of the queue of a
// system, so that there must be one in which others wait behind them.
func (s *Scenario) TakesOut() bool { return s.does(DoTakeOut) }

// does reports whether a step does such an action.
func (s *Scenario) does(name string) bool {
	return slices.ContainsFunc(s.When, func(step Step) bool {
		return slices.ContainsFunc(step.acts, func(a act) bool { return a.name == name })
	})
}

// RetiresAny reports whether a step retires a material that the plant is to
// choose, so that there must be one that no order makes or uses.
func (s *Scenario) RetiresAny() bool {
	for _, step := range s.When {
		for _, a := range step.acts {
			if a.name == DoChangeItem && a.args.Retire && a.args.Item.S == "" {
				return true
			}
		}
	}
	return false
}

// Plant returns what a [plant.Floor] is to do.
func (a Action) Plant() plant.Action {
	return plant.Action{
		Do: a.Do, Kind: a.Kind, Order: a.Order, Lot: a.Lot, Case: a.Case, Item: a.Item, Component: a.Component, Operation: a.Operation, For: a.For, Cycle: a.Cycle, WorkCenter: a.WorkCenter, Efficiency: a.Efficiency, Shift: a.Shift, Day: a.Day, Of: a.Of, Retire: a.Retire, Count: a.Count, Quantity: a.Quantity,
		Priority: a.Priority, Decision: a.Decision, Reason: a.Reason,
	}
}

// IsPlants reports whether the plant does it, rather than the rig.
func (a Action) IsPlants() bool {
	switch a.Do {
	case DoReleaseOrders, DoChangeOrder, DoCancelOrder, DoChangeItem, DoChangeBill, DoChangeRouting, DoChangeCenter, DoChangeCalendar, DoPublish, DoPlaceHold, DoDecide, DoConfirmTwins, DoMistype:
		return true
	}
	return false
}

// Args returns what a is about, for the journal's Step: expectations read it
// there as refs.NAME.order and so on.
func (a Action) Args() map[string]string {
	args := maps.Clone(a.bound)
	if args == nil {
		args = map[string]string{}
	}
	for name, value := range map[string]string{
		"kind": string(a.Kind), "order": string(a.Order), "lot": string(a.Lot), "case": string(a.Case), "item": string(a.Item), "component": string(a.Component), "operation": string(a.Operation), "workCenter": string(a.WorkCenter), "shift": a.Shift, "day": a.Day, "decision": string(a.Decision),
		"reason": a.Reason, "fault": a.Fault, "at": a.At, "frozen": string(a.Frozen),
	} {
		if value != "" {
			args[name] = value
		}
	}
	if a.Count > 0 {
		args["count"] = strconv.Itoa(a.Count)
	}
	if a.Quantity != 0 {
		args["quantity"] = a.Quantity.String()
	}
	return args
}
