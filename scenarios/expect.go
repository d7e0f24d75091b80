package scenarios

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/operators"

	"github.com/andon-rig/andon/internal/yamlfile"
)

// form is how an expectation demands that something holds.
type form string

const (
	formEventually form = "eventually"
	formNever      form = "never"
	formAtEnd      form = "atEnd"
)

// expectDoc is what the judge needs of a scenario, as a bundle stores it.
type expectDoc struct {
	Expect       []expectation `json:"expect"`
	Requirements []string      `json:"requirements,omitempty"`
}

// expectation is one of them. Places in time are kept as they were written.
type expectation struct {
	ID     string       `json:"id"` // E1, E2, … in the order of the file
	Form   form         `json:"form"`
	That   string       `json:"that"`
	Means  string       `json:"means,omitempty"`
	Pos    yamlfile.Pos `json:"pos,omitzero"`
	From   moment       `json:"from"`
	To     moment       `json:"to,omitzero"`
	Within span         `json:"within,omitzero"`
}

// moment is a stored [Moment].
type moment struct {
	Ref   string `json:"ref,omitempty"`
	Delay span   `json:"delay,omitzero"`
}

// span is a stored [yamlfile.Duration].
type span struct {
	Domain yamlfile.Domain `json:"domain,omitempty"`
	D      time.Duration   `json:"d,omitempty"`
}

func storedMoment(m Moment, otherwise string) moment {
	if m.IsZero() {
		return moment{Ref: otherwise}
	}
	return moment{m.Ref, span{m.Delay.Domain, m.Delay.D}}
}

// String writes s as a file would.
func (s span) String() string { return yamlfile.Duration{Domain: s.Domain, D: s.D}.String() }

// String writes m for people.
func (m moment) String() string {
	return Moment{Ref: m.Ref, Delay: yamlfile.Duration{Domain: m.Delay.Domain, D: m.Delay.D}}.String()
}

// expectations lists what s expects besides invariants.
func (s *Scenario) expectations() []expectation {
	var all []expectation
	add := func(x expectation, that Expr) {
		x.ID, x.That, x.Pos = "E"+strconv.Itoa(len(all)+1), that.Source, that.Pos
		all = append(all, x)
	}
	for _, e := range s.Expect.Eventually {
		add(expectation{Form: formEventually, Means: e.Means, From: storedMoment(e.From, RunStart), Within: span{e.Within.Domain, e.Within.D}}, e.That)
	}
	for _, e := range s.Expect.Never {
		add(expectation{Form: formNever, Means: e.Means, From: storedMoment(e.During.From, RunStart), To: storedMoment(e.During.To, RunEnd)}, e.That)
	}
	for _, e := range s.Expect.AtEnd {
		add(expectation{Form: formAtEnd, Means: e.Means, From: moment{Ref: RunStart}}, e.That)
	}
	return all
}

// ExpectJSON returns what the judge of the scenario's expectations needs, for
// [evidence.Plan]; nil if the scenario expects nothing of its own.
func (s *Scenario) ExpectJSON() json.RawMessage {
	doc := expectDoc{Expect: s.expectations()}
	if len(doc.Expect) == 0 {
		return nil
	}
	for _, r := range s.Metadata.Requirements {
		doc.Requirements = append(doc.Requirements, string(r))
	}
	b, err := json.Marshal(doc)
	if err != nil {
		panic(err) // plain strings and numbers
	}
	return b
}

// compile compiles the expectations of s and checks the steps they refer to.
func (s *Scenario) compile(refs []string) ([]*program, error) {
	var p problems
	var all []*program
	for _, x := range s.expectations() {
		prg, err := compileExpectation(x)
		if err != nil {
			p.add(err)
			continue
		}
		for _, name := range refsOf(prg.ast) {
			if !slices.Contains(refs, name) {
				p.add(x.Pos.Errorf("no step is called %q", name).WithHint("%s", yamlfile.OneOf(name, refs)))
			}
		}
		all = append(all, prg)
	}
	return all, errors.Join(p...)
}

func compileExpectation(x expectation) (*program, error) {
	env, err := expectEnv()
	if err != nil {
		return nil, err
	}
	return compileExpr(env, Expr{x.That, x.Pos})
}

// variablesOf lists the variables an expression reads.
func variablesOf(a *cel.Ast) []string {
	var names []string
	ast.PostOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		if e.Kind() != ast.IdentKind {
			return
		}
		if _, ok := variables[e.AsIdent()]; ok && !slices.Contains(names, e.AsIdent()) {
			names = append(names, e.AsIdent())
		}
	}))
	return names
}

// refsOf lists the steps an expression speaks of: refs.NAME, refs["NAME"].
func refsOf(a *cel.Ast) []string {
	var names []string
	isRefs := func(e ast.Expr) bool { return e.Kind() == ast.IdentKind && e.AsIdent() == "refs" }
	ast.PostOrderVisit(a.NativeRep().Expr(), ast.NewExprVisitor(func(e ast.Expr) {
		switch e.Kind() {
		case ast.SelectKind:
			if isRefs(e.AsSelect().Operand()) {
				names = append(names, e.AsSelect().FieldName())
			}
		case ast.CallKind:
			c := e.AsCall()
			if c.FunctionName() == operators.Index && isRefs(c.Args()[0]) && c.Args()[1].Kind() == ast.LiteralKind {
				if s, ok := c.Args()[1].AsLiteral().Value().(string); ok {
					names = append(names, s)
				}
			}
		}
	}))
	return names
}

// readExpectations reads what ExpectJSON wrote.
func readExpectations(raw json.RawMessage) (expectDoc, []*program, error) {
	var doc expectDoc
	if len(raw) == 0 {
		return doc, nil, nil
	}
	if err := json.Unmarshal(raw, &doc); err != nil {
		return doc, nil, fmt.Errorf("read expectations: %w", err)
	}
	var all []*program
	for _, x := range doc.Expect {
		prg, err := compileExpectation(x)
		if err != nil {
			return doc, nil, fmt.Errorf("read expectations: %w", err)
		}
		all = append(all, prg)
	}
	return doc, all, nil
}
