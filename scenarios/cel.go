package scenarios

import (
	"errors"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"sync"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/operators"
	"cel.dev/cel-go/common/types"

	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/simulators/plant"
)

// What an expression may cost, in steps of the language, about a microsecond
// each: once, and in all its evaluations over a journal. An expectation of ten
// thousand orders stays below it.
const (
	costLimit  = 400_000
	costBudget = 8_000_000
)

// viewTypes are the objects of expressions by the name errors call them.
var viewTypes = map[string]reflect.Type{
	"books": reflect.TypeFor[books](), "order": reflect.TypeFor[orderView](), "operation": reflect.TypeFor[operationView](),
	"lot": reflect.TypeFor[lotView](), "exception": reflect.TypeFor[exceptionView](), "probe": reflect.TypeFor[probeView](),
	"ref": reflect.TypeFor[refView](), "counts": reflect.TypeFor[countView](), "event": reflect.TypeFor[eventView](),
}

// variables are what an expectation sees.
var variables = map[string]reflect.Type{
	"truth": reflect.TypeFor[*books](), "erp": reflect.TypeFor[*books](), "mes": reflect.TypeFor[*books](),
	"systems": reflect.TypeFor[map[string]*books](), "exceptions": reflect.TypeFor[[]*exceptionView](),
	"probes": reflect.TypeFor[map[string]*probeView](), "refs": reflect.TypeFor[map[string]*refView](), "count": reflect.TypeFor[*countView](),
}

// Environments are built once: they are constant, and each takes milliseconds.
var (
	expectEnv = sync.OnceValues(func() (*cel.Env, error) { return newEnv(variables) })
	whereEnv  = sync.OnceValues(func() (*cel.Env, error) { return newEnv(whereVariables) })
)

// whereVariables are what the condition of a step sees.
var whereVariables = map[string]reflect.Type{"event": reflect.TypeFor[*eventView]()}

func newEnv(vars map[string]reflect.Type) (*cel.Env, error) {
	reg, err := types.NewRegistry()
	if err != nil {
		return nil, fmt.Errorf("build expression environment: %w", err)
	}
	v := &views{Registry: reg}
	options := []cel.EnvOption{
		cel.CustomTypeProvider(v), cel.CustomTypeAdapter(v), cel.EnableMacroCallTracking(),
		cel.ParserRecursionLimit(100), cel.ParserExpressionSizeLimit(maxExpr),
	}
	for name, t := range vars {
		options = append(options, cel.Variable(name, celType(t)))
	}
	return cel.NewEnv(append(options, decimalFunctions()...)...)
}

// decimalFunctions make exact quantities comparable and addable. Equality
// needs no declaration; it demands decimals on both sides.
func decimalFunctions() []cel.EnvOption {
	options := []cel.EnvOption{cel.Function("decimal",
		cel.Overload("decimal_int", []*cel.Type{cel.IntType}, decimalType, cel.UnaryBinding(toDecimal)),
		cel.Overload("decimal_string", []*cel.Type{cel.StringType}, decimalType, cel.UnaryBinding(toDecimal)),
	)}
	for op, result := range map[string]*cel.Type{
		operators.Less: cel.BoolType, operators.LessEquals: cel.BoolType, operators.Greater: cel.BoolType, operators.GreaterEquals: cel.BoolType,
		operators.Add: decimalType, operators.Subtract: decimalType,
	} {
		name := strings.Trim(operatorNames[op], " ")
		options = append(options, cel.Function(op,
			cel.Overload(name+"_decimal", []*cel.Type{decimalType, decimalType}, result),
			cel.Overload(name+"_decimal_int", []*cel.Type{decimalType, cel.IntType}, result),
		))
	}
	return options
}

var operatorNames = map[string]string{
	operators.Less: "less", operators.LessEquals: "less_equals", operators.Greater: "greater", operators.GreaterEquals: "greater_equals",
	operators.Add: "add", operators.Subtract: "subtract",
}

// celType is the type under which expressions know a Go type.
func celType(t reflect.Type) *cel.Type {
	switch {
	case t == reflect.TypeFor[plant.Decimal]():
		return decimalType
	case t == reflect.TypeFor[time.Time]():
		return cel.TimestampType
	}
	switch t.Kind() {
	case reflect.Pointer:
		return celType(t.Elem())
	case reflect.String:
		return cel.StringType
	case reflect.Int64:
		return cel.IntType
	case reflect.Bool:
		return cel.BoolType
	case reflect.Slice:
		return cel.ListType(celType(t.Elem()))
	case reflect.Map:
		return cel.MapType(cel.StringType, celType(t.Elem()))
	case reflect.Struct:
		for name, known := range viewTypes {
			if known == t {
				return cel.ObjectType(name)
			}
		}
	}
	panic("scenarios: expressions have no type for " + t.String())
}

// program is a compiled expression.
type program struct {
	Expr
	env   *cel.Env
	ast   *cel.Ast
	run   cel.Program
	reads []string // variables it depends on
}

// compileExpr compiles an expression that must be true or false. A mistake is
// shown at its place in the file.
func compileExpr(env *cel.Env, e Expr) (*program, error) {
	if strings.TrimSpace(e.Source) == "" {
		return nil, e.Pos.Errorf("an expression is missing here")
	}
	ast, issues := env.Compile(e.Source)
	if err := issues.Err(); err != nil {
		return nil, e.mistake(env, issues.Errors()[0])
	}
	if ast.OutputType() != cel.BoolType {
		return nil, e.Pos.Errorf("the expression gives %s where true or false is expected", ast.OutputType().String())
	}
	run, err := env.Program(ast, cel.CostLimit(costLimit))
	if err != nil {
		return nil, e.Pos.Errorf("the expression cannot be evaluated: %s", err)
	}
	p := &program{Expr: e, env: env, ast: ast, run: run}
	p.reads = variablesOf(ast)
	return p, nil
}

// mistake words the first complaint of the compiler.
func (e Expr) mistake(env *cel.Env, first *cel.Error) error {
	text, _, _ := strings.Cut(first.Message, " (in container")
	text = strings.TrimPrefix(text, "Syntax error: ")
	if strings.Contains(text, "'<EOF>'") {
		text = "the expression ends too early"
	}
	pos, shown := e.place(first.Location.Line(), first.Location.Column())
	if !shown {
		text = fmt.Sprintf("%s, at %q", text, clipFrom(e.Source, first.Location.Line(), first.Location.Column()))
	}
	err := pos.Errorf("%s", text)
	if hint := remedy(env, first.Message); hint != "" {
		_ = err.WithHint("%s", hint)
	}
	return err
}

// place finds a place of the expression in the file. An expression folded
// over several lines of the file cannot be located within it.
func (e Expr) place(line, column int) (pos yamlfile.Pos, shown bool) {
	start := e.Pos
	text := start.Text()
	if line > 1 || text == "" {
		return start, false
	}
	runes := []rune(text)
	at := start.Column - 1
	if at < len(runes) && (runes[at] == '"' || runes[at] == '\'') {
		at++
	}
	source := []rune(strings.SplitN(e.Source, "\n", 2)[0])
	if at+column >= len(runes)+1 || column > len(source) || at+len(source) > len(runes) || string(runes[at:at+len(source)]) != string(source) {
		return start, false
	}
	return start.Right(at + column - (start.Column - 1)), true
}

func clipFrom(s string, line, column int) string {
	lines := strings.Split(s, "\n")
	if line < 1 || line > len(lines) {
		return s
	}
	r := []rune(lines[line-1])
	r = r[min(max(column, 0), len(r)):]
	if len(r) > 30 {
		r = append(r[:30:30], '…')
	}
	return string(r)
}

// remedy turns what the compiler says into what to do.
func remedy(env *cel.Env, message string) string {
	quoted := strings.Split(message, "'")
	switch {
	case strings.Contains(message, "undefined field") && len(quoted) > 1:
		var all []string
		for _, name := range slices.Sorted(maps.Keys(viewTypes)) {
			names, _ := (&views{}).FindStructFieldNames(name)
			all = append(all, names...)
		}
		if near := yamlfile.Nearest(quoted[1], all); near != "" {
			return fmt.Sprintf("did you mean %q? README.md of scenarios lists the fields", near)
		}
	case strings.Contains(message, "undeclared reference") && len(quoted) > 1:
		var names []string
		for _, v := range env.Variables() {
			if v.Type().Kind() != types.TypeKind {
				names = append(names, v.Name())
			}
		}
		slices.Sort(names)
		return yamlfile.OneOf(quoted[1], names)
	case strings.Contains(message, "type 'string' does not support field selection"):
		return "going through a mapping gives its keys: write M.all(k, M[k].FIELD …)"
	case strings.Contains(message, "no matching overload") && strings.Contains(message, "decimal"):
		return "compare quantities with quantities: decimal(60), decimal(\"0.5\")"
	}
	return ""
}

// errMissing marks that an expression speaks of something that is not there
// (yet): an order the ERP does not know, a probe that was not made.
var errMissing = errors.New("is not there")

// eval evaluates p over vars and tells what it cost.
func (p *program) eval(vars map[string]any) (truth bool, cost uint64, err error) {
	out, details, err := p.run.Eval(vars)
	if spent := details.ActualCost(); spent != nil {
		cost = *spent
	}
	if err != nil {
		return false, cost, evalError(err)
	}
	truth, ok := out.Value().(bool)
	if !ok {
		return false, cost, fmt.Errorf("the expression gave %v", out)
	}
	return truth, cost, nil
}

func evalError(err error) error {
	for _, missing := range []string{"no such key: ", "no such attribute"} {
		if i := strings.Index(err.Error(), missing); i >= 0 {
			return fmt.Errorf("%s: %w", strings.TrimPrefix(err.Error()[i:], missing), errMissing)
		}
	}
	return err
}

func (w *world) vars() map[string]any {
	return map[string]any{
		"truth": w.truth, "erp": w.books(w.erp), "mes": w.books(w.mes), "systems": w.systems,
		"exceptions": w.exceptions, "probes": w.probes, "refs": w.refs, "count": &w.count,
	}
}

// checkWhere compiles the condition of a step.
func checkWhere(e Expr) error {
	if e.Source == "" && e.Pos.IsZero() {
		return nil
	}
	_, err := compileWhere(e)
	return err
}

func compileWhere(e Expr) (*program, error) {
	env, err := whereEnv()
	if err != nil {
		return nil, err
	}
	return compileExpr(env, e)
}
