package scenarios

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/common/types/traits"
	"cel.dev/cel-go/interpreter"
	"cel.dev/cel-go/parser"

	"github.com/andon-rig/andon/simulators/plant"
)

// explanation is an expression with the values of its parts.
type explanation struct {
	Text  string         `json:"text"`
	Value string         `json:"value"`
	Each  string         `json:"each,omitempty"` // of a macro: "o = 4711000001", the round the parts are of
	Also  []string       `json:"also,omitempty"` // other elements that decided it as well, the first of them
	Parts []*explanation `json:"parts,omitempty"`

	bound ref.Val // value of Each
	leaf  bool    // worth telling in one line
	bare  bool    // a macro over nothing
	idle  bool    // a part that had no say in the value of the whole

	chosen []string // literals by which elements were chosen
}

// Bounds of an explanation; a person reads it.
const (
	maxTreeDepth = 8
	maxTreeLines = 30
)

// explain evaluates p once more and keeps the values of its parts.
func (p *program) explain(w *world) *explanation {
	e := explainer{env: p.env, vars: w.vars(), rounds: maxRounds}
	return e.source(p.ast, 0)
}

// explainer takes an expression apart. The condition of a macro is evaluated
// again by itself, with its variable bound to the element that decided.
type explainer struct {
	env    *cel.Env
	vars   map[string]any
	rounds int // how many elements may still be tried
	info   *ast.SourceInfo
	state  interpreter.EvalState
}

// maxRounds bounds the search for the element that decided a macro.
const maxRounds = 20_000

// source explains a whole compiled expression.
func (e explainer) source(a *cel.Ast, depth int) *explanation {
	x, info := a.NativeRep().Expr(), a.NativeRep().SourceInfo()
	failed := func(err error) *explanation {
		return &explanation{Text: unparse(x, info), Value: evalError(err).Error()}
	}
	run, err := e.env.Program(a, cel.CostLimit(costLimit), cel.EvalOptions(cel.OptTrackState))
	if err != nil {
		return failed(err)
	}
	_, details, err := run.Eval(e.vars)
	if details == nil {
		return failed(err)
	}
	e.info, e.state = info, details.State()
	return e.expr(x, depth)
}

// unparse writes an expression on one line.
func unparse(x ast.Expr, info *ast.SourceInfo) string {
	text, err := parser.Unparse(x, info, parser.WrapOnColumn(1<<20))
	if err != nil {
		return "…"
	}
	return text
}

func (e explainer) expr(x ast.Expr, depth int) *explanation {
	v, known := e.state.Value(x.ID())
	n := &explanation{Text: unparse(x, e.info), Value: "not evaluated"}
	if known {
		n.Value = show(v)
	}
	if depth > maxTreeDepth {
		return n
	}
	switch x.Kind() {
	case ast.CallKind:
		e.call(n, x.AsCall(), depth)
	case ast.ComprehensionKind:
		e.macro(n, x.AsComprehension(), v, depth)
	case ast.SelectKind:
		n.leaf = true
		e.indexes(n, x, depth)
	case ast.IdentKind:
		n.leaf = true
	}
	return n
}

// call keeps the parts of an operator that are not constants. Of logical
// operators those that were not evaluated are left out.
func (e explainer) call(n *explanation, c ast.CallExpr, depth int) {
	if c.FunctionName() == operators.Index {
		n.leaf = true
		for _, a := range c.Args() {
			e.indexes(n, a, depth)
		}
		return
	}
	args := c.Args()
	if c.IsMemberFunction() {
		args = append([]ast.Expr{c.Target()}, args...)
	}
	for _, a := range args {
		if _, known := e.state.Value(a.ID()); !known || a.Kind() == ast.LiteralKind {
			continue
		}
		n.Parts = append(n.Parts, e.expr(a, depth+1))
	}
	decide(n, c.FunctionName())
}

// decide marks the parts of a logical operator that had no say: of an "and"
// that is not true those that are, of an "or" that is true those that are not.
// What is told of the whole is told of the others.
func decide(n *explanation, operator string) {
	var idle string
	switch {
	case operator == operators.LogicalAnd && n.Value != "true":
		idle = "true"
	case operator == operators.LogicalOr && n.Value == "true":
		idle = "false"
	default:
		return
	}
	for _, p := range n.Parts {
		p.idle = p.Value == idle
	}
}

// indexes adds what chooses the element in a chain such as erp.orders[o].yield
// without taking the chain itself apart.
func (e explainer) indexes(n *explanation, x ast.Expr, depth int) {
	switch x.Kind() {
	case ast.SelectKind:
		e.indexes(n, x.AsSelect().Operand(), depth)
	case ast.CallKind:
		if c := x.AsCall(); c.FunctionName() == operators.Index {
			e.indexes(n, c.Args()[0], depth)
			switch key := c.Args()[1]; key.Kind() {
			case ast.SelectKind:
				n.Parts = append(n.Parts, e.expr(key, depth+1))
			case ast.LiteralKind:
				if id, ok := key.AsLiteral().(types.String); ok {
					n.chosen = append(n.chosen, string(id))
				}
			}
		}
	}
}

// macro shows all, exists and their like by the element that decided: the
// first for which the condition has the value of the whole, else the first.
func (e explainer) macro(n *explanation, c ast.ComprehensionExpr, whole ref.Val, depth int) {
	over, known := e.state.Value(c.IterRange().ID())
	elements := elementsOf(over)
	if known && len(elements) == 0 {
		n.bare = true
	}
	condition := predicate(c)
	if condition == nil || len(elements) == 0 || c.HasIterVar2() {
		return
	}
	env, err := e.env.Extend(cel.Variable(c.IterVar(), cel.DynType))
	if err != nil {
		return
	}
	compiled, issues := env.Compile(unparse(condition, e.info))
	if issues.Err() != nil {
		return
	}
	inner := explainer{env: env, vars: maps.Clone(e.vars), rounds: e.rounds}
	decisive, more := inner.decisive(compiled, c.IterVar(), elements, whole)
	n.bound = decisive[0]
	for _, other := range decisive[1:] {
		n.Also = append(n.Also, show(other))
	}
	if more {
		n.Also = append(n.Also, "…")
	}
	inner.vars[c.IterVar()] = n.bound
	n.Each = c.IterVar() + " = " + show(n.bound)
	n.Parts = append(n.Parts, inner.source(compiled, depth+1))
}

// mostDecisive is how many elements are named that decided a macro.
const mostDecisive = 6

// decisive lists the first elements for which the condition gives whole, and
// whether there are more; the first of all if there are none.
func (e *explainer) decisive(condition *cel.Ast, variable string, elements []ref.Val, whole ref.Val) (found []ref.Val, more bool) {
	run, err := e.env.Program(condition, cel.CostLimit(costLimit))
	if err != nil {
		return elements[:1], false
	}
	for _, element := range elements {
		if e.rounds--; e.rounds < 0 {
			break
		}
		e.vars[variable] = element
		if v, _, err := run.Eval(e.vars); err == nil && v == whole || err != nil && types.IsError(whole) {
			if len(found) == mostDecisive {
				return found, true
			}
			found = append(found, element)
		}
	}
	if len(found) == 0 {
		return elements[:1], false
	}
	return found, false
}

// elementsOf lists what a macro goes through: the elements of a list, or the
// keys of a mapping in their order.
func elementsOf(over ref.Val) []ref.Val {
	it, ok := over.(traits.Iterable)
	if !ok {
		return nil
	}
	var all []ref.Val
	for i := it.Iterator(); i.HasNext() == types.True; {
		all = append(all, i.Next())
	}
	if _, isMap := over.(traits.Mapper); isMap {
		slices.SortFunc(all, func(a, b ref.Val) int { return strings.Compare(fmt.Sprint(a.Value()), fmt.Sprint(b.Value())) })
	}
	return all
}

// predicate finds the condition a macro was written with.
func predicate(c ast.ComprehensionExpr) ast.Expr {
	step := c.LoopStep()
	if step.Kind() != ast.CallKind {
		return nil
	}
	switch call := step.AsCall(); call.FunctionName() {
	case operators.LogicalAnd, operators.LogicalOr:
		return call.Args()[1]
	case operators.Conditional:
		return call.Args()[0]
	}
	return nil
}

// show writes a value for people.
func show(v ref.Val) string {
	switch x := v.(type) {
	case nil:
		return "nothing"
	case types.String:
		return fmt.Sprintf("%q", clipText(string(x), 60))
	case *types.Err:
		return evalError(x).Error()
	case decimal:
		return x.String()
	case object:
		return "the " + x.name
	case traits.Sizer:
		if x.Size() == types.IntOne {
			return "1 entry"
		}
		return fmt.Sprintf("%v entries", x.Size())
	}
	return clipText(fmt.Sprint(v.Value()), 60)
}

func clipText(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

// walk visits e and its parts, but for those that had no say in its value.
func (e *explanation) walk(visit func(*explanation)) {
	visit(e)
	for _, p := range e.Parts {
		if !p.idle {
			p.walk(visit)
		}
	}
}

// leaves tells in one line the values that decided.
func (e *explanation) leaves() string {
	var said []string
	e.walk(func(n *explanation) {
		if n.Each != "" {
			said = append(said, n.each())
		}
		if n.leaf && n.Value != "not evaluated" && !strings.HasSuffix(n.Value, " entries") && n.Value != "1 entry" && len(said) < 8 {
			said = append(said, n.Text+" = "+n.Value)
		}
	})
	var unique []string
	for _, s := range said {
		if !slices.Contains(unique, s) && !slices.ContainsFunc(unique, func(u string) bool { return strings.HasSuffix(u, " = "+s) }) {
			unique = append(unique, s)
		}
	}
	return strings.Join(unique, ", ")
}

// each says which element decided, and which others did.
func (e *explanation) each() string {
	if len(e.Also) == 0 {
		return e.Each
	}
	return e.Each + " (also " + strings.Join(e.Also, ", ") + ")"
}

// tree writes all values, a line each.
func (e *explanation) tree() string {
	var lines []string
	var add func(n *explanation, depth int)
	add = func(n *explanation, depth int) {
		if len(lines) == maxTreeLines {
			return
		}
		pad := strings.Repeat("  ", depth+1)
		lines = append(lines, pad+n.Text+" = "+n.Value)
		if n.Each != "" {
			lines = append(lines, pad+"  with "+n.each())
		}
		for _, p := range n.Parts {
			add(p, depth+1)
		}
	}
	add(e, 0)
	return strings.Join(lines, "\n")
}

// keys finds the order or lot the explanation is about: what a macro's
// variable stood for, or what an element was chosen by.
func (e *explanation) keys(w *world) (k plant.Keys) {
	take := func(id string) {
		if _, ok := w.truth.Orders[id]; ok && k.Order == "" {
			k.Order = plant.OrderID(id)
		} else if _, ok := w.truth.Lots[id]; ok && k.Lot == "" {
			k.Lot = plant.LotID(id)
		}
	}
	e.walk(func(n *explanation) {
		if s, ok := n.bound.(types.String); ok {
			take(string(s))
		}
	})
	e.walk(func(n *explanation) {
		if n.leaf && strings.HasPrefix(n.Value, `"`) {
			take(strings.Trim(n.Value, `"`))
		}
		for _, id := range n.chosen {
			take(id)
		}
	})
	return k
}

// empty names what an expression looked at without there being anything: a
// macro that holds for all of nothing. Only what the whole rests on counts.
func (e *explanation) empty() string {
	switch {
	case e.bare && strings.Contains(e.Text, ".all("):
		name, _, _ := strings.Cut(e.Text, ".all(")
		return name
	case strings.Contains(e.Text, " && ") && e.Each == "":
		for _, p := range e.Parts {
			if name := p.empty(); name != "" {
				return name
			}
		}
	}
	return ""
}

func (e *explanation) json() json.RawMessage {
	b, err := json.Marshal(e)
	if err != nil {
		return nil // strings only
	}
	return b
}
