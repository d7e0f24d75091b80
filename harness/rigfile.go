package harness

import (
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/andon-rig/andon/evidence"
	"github.com/andon-rig/andon/internal/yamlfile"
	"github.com/andon-rig/andon/scenarios"
	"github.com/andon-rig/andon/simulators/plant"
)

// File is a rig file, andon.yaml: what is under test and the world around it.
type File struct {
	APIVersion string `yaml:"apiVersion" jsonschema:"required,enum=andon/v1"`
	Kind       string `yaml:"kind" jsonschema:"required,enum=Rig"`
	// SUT is the integration build under test.
	SUT SUTSpec `yaml:"sut" jsonschema:"required"`
	// Plant is the factory behind the endpoints; scenarios may override it.
	Plant PlantSpec `yaml:"plant"`
	// Endpoints are the simulated interfaces, by name.
	Endpoints map[string]EndpointSpec `yaml:"endpoints"`
	// Attribution says, by endpoint or for "key" all of them, where a message
	// names the fact that caused it: header['NAME'], $.path.to.field in JSON,
	// /path/to/element or /path/to/@attribute in XML, topic[N] or
	// file['EXPRESSION']. Paths may name each row of a list: $.rows[*].id. If left
	// out, it follows from the dialect.
	Attribution map[string]string `yaml:"attribution"`
	// Flows limits which kinds of facts are announced; if left out, all for which
	// the dialects at both ends have words.
	Flows []plant.Kind `yaml:"flows"`
	// Settle bounds the wait for the SUT to come to rest before judgement.
	Settle SettleSpec `yaml:"settle"`
	// Judging sets bounds that differ from one integration to another.
	Judging JudgingSpec `yaml:"judging"`
	// Contracts names the book by which every exchange is judged, and the parties
	// of it that the SUT and the endpoints are.
	Contracts ContractsSpec `yaml:"contracts"`

	Pos yamlfile.Pos `yaml:"-"`
}

// SUTSpec says how the build under test is run and what it promises. Exactly
// one of Process, Container, Compose and External is given.
type SUTSpec struct {
	Process   *ProcessSpec      `yaml:"process"`
	Container *ContainerSpec    `yaml:"container"`
	Compose   *ComposeSpec      `yaml:"compose"`
	External  *ExternalSpec     `yaml:"external"`
	Env       map[string]string `yaml:"env"`
	// Previous is the build before this one, for the fault sut-upgrade.
	Previous *PreviousSpec `yaml:"previous"`
	Ready    ReadySpec     `yaml:"ready"`
	// Receives tells where the SUT takes webhooks, by endpoint. An endpoint
	// that is not named keeps its announcements in its feed.
	Receives map[string]string `yaml:"receives"`
	Delivers DeliversSpec      `yaml:"delivers"`
	// Cutover says how the SUT is told that a new way into an endpoint's books
	// takes over from the old one; without it scenarios that cut over are left
	// out.
	Cutover *CutoverSpec `yaml:"cutover"`
	// Party is which party of the book of contracts the SUT is.
	Party yamlfile.Word `yaml:"party"`
	// Version is the SUT's, as the book has it; the one that runs in the
	// environment of the contracts if left out.
	Version yamlfile.Word `yaml:"version"`
	// Confidential says what besides credentials and tokens must not turn up in
	// logs, reports to people and URLs: "personnel" are the ids of operators.
	Confidential string `yaml:"confidential" jsonschema:"enum=personnel"`

	Pos yamlfile.Pos `yaml:"-"`
}

// ProcessSpec runs the SUT as a child process.
type ProcessSpec struct {
	Command []string `yaml:"command" jsonschema:"required"`
	Dir     string   `yaml:"dir"`

	Pos yamlfile.Pos `yaml:"-"`
}

// ContainerSpec runs the SUT as a container. Exactly one of Image and Build is
// given.
type ContainerSpec struct {
	// Image is used as it is on this machine, and pulled if it is not there.
	Image string `yaml:"image"`
	// Build makes an image for the run and removes it afterwards.
	Build *ImageSpec `yaml:"build"`
	// Command replaces the image's own.
	Command []string `yaml:"command"`
	// Mounts are files and directories of this machine that the container sees.
	Mounts []MountSpec `yaml:"mounts"`
	// Network is bridge, a network of its own (the default), or host, this
	// machine's.
	Network string `yaml:"network" jsonschema:"enum=bridge,enum=host"`
	// User runs it as somebody else than the image says: "1000:1000".
	User string `yaml:"user"`
	// Memory bounds what it takes up, in MiB.
	Memory int `yaml:"memory"`
	// CPUs bounds what it computes with: "1.5".
	CPUs string `yaml:"cpus"`

	Pos yamlfile.Pos `yaml:"-"`
}

// ImageSpec says how an image is made.
type ImageSpec struct {
	Context    string            `yaml:"context" jsonschema:"required"`
	Dockerfile string            `yaml:"dockerfile"`
	Args       map[string]string `yaml:"args"`
}

// MountSpec shows a path of this machine in the container.
type MountSpec struct {
	From     string `yaml:"from" jsonschema:"required"`
	To       string `yaml:"to" jsonschema:"required"`
	ReadOnly bool   `yaml:"readOnly"`
}

// ComposeSpec runs the SUT as one service of a compose file, with all others
// beside it.
type ComposeSpec struct {
	File    string `yaml:"file" jsonschema:"required"`
	Service string `yaml:"service" jsonschema:"required"`

	Pos yamlfile.Pos `yaml:"-"`
}

// PreviousSpec is the build before this one: what of it differs.
type PreviousSpec struct {
	Command []string          `yaml:"command"`
	Image   string            `yaml:"image"`
	Env     map[string]string `yaml:"env"`
}

// ExternalSpec stands for a SUT that is already running.
type ExternalSpec struct {
	TestSystem bool `yaml:"testSystem"`
}

// ReadySpec says how the SUT shows that it is ready.
type ReadySpec struct {
	HTTP   string            `yaml:"http"`
	Within yamlfile.Duration `yaml:"within"`

	Pos yamlfile.Pos `yaml:"-"`
}

// CutoverSpec is the switch that people at the SUT throw in a cutover. The old
// way into the books is the interface user ${NAME.client}, the new one
// ${NAME.next.client}.
type CutoverSpec struct {
	// At is the endpoint with the two ways; the ERP if left out.
	At string `yaml:"at"`
	// HTTP takes POST {"do": "freeze", "frozen": "new"} and {"do": "cutover"},
	// and answers 2xx when the SUT goes by it.
	HTTP string `yaml:"http" jsonschema:"required"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Check implements [yamlfile.Checker].
func (c *CutoverSpec) Check() error {
	if c.HTTP == "" {
		return c.Pos.Errorf("sut.cutover needs http: where is the SUT told?")
	}
	return nil
}

// DeliversSpec is what the SUT promises; oracles judge it by this.
type DeliversSpec struct {
	Posting    evidence.Promise  `yaml:"posting" jsonschema:"enum=exactly-once,enum=at-least-once+surface,enum=at-most-once+surface,enum=stop-in-doubt"`
	Exceptions ExceptionsSpec    `yaml:"exceptions"`
	HoldGrace  yamlfile.Duration `yaml:"holdGrace"`
	// ClosedPeriod is what becomes of a fact whose posting period was closed
	// before it could be posted: it is reported to a person (the default), or
	// dated into the open period.
	ClosedPeriod evidence.ClosedPeriod `yaml:"closedPeriod" jsonschema:"enum=report,enum=redate"`
	// Hygiene "bounded" makes growth of memory, open files and connections a
	// violation; it is only told if left out.
	Hygiene string `yaml:"hygiene" jsonschema:"enum=bounded"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Values of settings that are words.
const (
	ConfidentialPersonnel = "personnel"
	HygieneBounded        = "bounded"
	NetworkBridge         = "bridge"
	NetworkHost           = "host"
)

// ExceptionsSpec says where the SUT surfaces what it could not post.
type ExceptionsSpec struct {
	HTTP string `yaml:"http"`
	// Bus is the endpoint with the messaging service by which it tells who sent what
	// it could not post, where there is one.
	Bus string `yaml:"bus"`
}

// promised reports whether it surfaces them anywhere.
func (e ExceptionsSpec) promised() bool { return e.HTTP != "" || e.Bus != "" }

// PlantSpec chooses the factory.
type PlantSpec struct {
	Profile string `yaml:"profile" jsonschema:"enum=machine-shop,enum=nist-box,enum=process-batch"`
	Seed    uint64 `yaml:"seed"`
	Zone    string `yaml:"zone"`
	Orders  int    `yaml:"orders"`
	// Counts has machines read in every scenario, not only in those that ask
	// for it.
	Counts bool       `yaml:"counts"`
	Trace  *TraceSpec `yaml:"trace"`
}

// TraceSpec replays a user's own event log.
type TraceSpec struct {
	CSV       string            `yaml:"csv" jsonschema:"required"`
	Columns   map[string]string `yaml:"columns" jsonschema:"required"`
	Zone      string            `yaml:"zone"`
	Delimiter string            `yaml:"delimiter"`
	Date      string            `yaml:"date"`
	Decimal   string            `yaml:"decimal"`
	// Resources are the work centers that exist; others are reported.
	Resources []string `yaml:"resources"`

	Pos yamlfile.Pos `yaml:"-"`
}

// EndpointSpec is one simulated interface.
type EndpointSpec struct {
	System  string `yaml:"system" jsonschema:"enum=erp,enum=mes,enum=machine"`
	Broker  string `yaml:"broker" jsonschema:"enum=nats,enum=mqtt"`
	URL     string `yaml:"url"`
	Dialect string `yaml:"dialect"`
	// Transport is what messages travel by; if left out, what is usual for the
	// dialect: sftp for files, tables for staging tables, else http.
	Transport string `yaml:"transport" jsonschema:"enum=http,enum=nats,enum=mqtt,enum=files,enum=sftp,enum=tables"`
	// Format is what a dialect of files lets a rig choose, such as
	// {layout: fixed, encoding: windows-1252, decimal: comma}.
	Format yamlfile.Node `yaml:"format"`
	// Ready says how one knows that a file is complete: it is renamed, or a
	// second file of the same name with .ctl at its end says so.
	Ready string `yaml:"ready" jsonschema:"enum=rename,enum=marker"`
	// Poll is how long the import job of tables rests between two looks; 10 ms if
	// left out. The wait for the SUT to come to rest is that much longer.
	Poll yamlfile.Duration `yaml:"poll"`
	// TestSystem is the owner's word that the database at url is not production.
	// One on this machine needs none.
	TestSystem bool `yaml:"testSystem"`
	// QoS is the quality of service of announcements over MQTT; 1 if left out.
	QoS *int `yaml:"qos" jsonschema:"enum=0,enum=1,enum=2"`
	// Retain has an MQTT broker keep the last announcement of each topic for
	// those who subscribe later.
	Retain bool `yaml:"retain"`
	// Bus names the endpoint whose messaging service this one is behind as well, of
	// a dialect that has one (infor-ion): the SUT signs in and sends there for both.
	Bus string `yaml:"bus"`
	// Policy changes single lines of the dialect's policy table.
	Policy scenarios.Policy `yaml:"policy"`
	Listen string           `yaml:"listen"`
	// TLS serves the endpoint over https. Its certificate is of the run's own
	// authority, whose certificate is in the file ${andon.ca}. Mutual asks the SUT
	// for one of that authority too: ${andon.cert} and ${andon.key}.
	TLS string `yaml:"tls" jsonschema:"enum=server,enum=mutual"`
	// Host is the name by which the SUT calls the endpoint. The rig's name
	// server at ${andon.dns} tells its address.
	Host string `yaml:"host"`
	// Party is which party of the book of contracts the endpoint plays. Exchanges
	// with an endpoint that is none are held against no contract.
	Party yamlfile.Word `yaml:"party"`
	// Version is the party's, as the book has it; those that run in the
	// environment of the contracts if left out.
	Version yamlfile.Word `yaml:"version"`
	// Lists are the kinds of facts that the endpoint does not announce: the
	// SUT finds them in its lists. If left out, it follows from the dialect; an
	// empty list says that there are none.
	Lists []plant.Kind `yaml:"lists"`

	Pos yamlfile.Pos `yaml:"-"`
}

// SettleSpec bounds waits; see [Settle].
type SettleSpec struct {
	Quiet yamlfile.Duration `yaml:"quiet"`
	Max   yamlfile.Duration `yaml:"max"`

	Pos yamlfile.Pos `yaml:"-"`
}

// Settle bounds how a run waits for the SUT, all wall time.
type Settle struct {
	Still time.Duration // without activity once nothing is owed
	Quiet time.Duration // without activity although something is owed; 3 s, and 3 s more where announcements come in no sequence
	Max   time.Duration // in all
	// Lag is how long a posting may lie where nobody looks, because a job looks
	// only now and then. That is no silence of the SUT, and each posting may
	// take so long in addition to Max.
	Lag time.Duration
}

// settle fills in what a rig file leaves open.
func (f File) settle() Settle {
	s := Settle{Still: 250 * time.Millisecond, Quiet: 3 * time.Second, Max: 30 * time.Second, Lag: f.lag()}
	s.Quiet += s.Lag
	if f.unordered() {
		s.Quiet += overtaking
	}
	set(&s.Quiet, f.Settle.Quiet.D)
	set(&s.Max, f.Settle.Max.D)
	return s
}

// lag is how long the slowest job of the rig rests between two looks.
func (f File) lag() (most time.Duration) {
	for _, e := range f.Endpoints {
		most = max(most, e.Poll.D)
	}
	return most
}

// checkLag refuses a silence that is over before a job has looked once.
func (f *File) checkLag() error {
	if q := f.Settle.Quiet; !q.IsZero() && q.D <= f.lag() {
		return f.Settle.Pos.Find("quiet").Errorf("settle.quiet is %s, and the import job of tables rests for %s between two looks (poll): nothing can happen in that time", q.D, f.lag()).
			WithHint("write quiet: {wall: %s} or more, or leave it out", f.lag()+3*time.Second)
	}
	return nil
}

// Hasty is f with a tenth of the patience for a SUT that does not come to rest,
// though enough to see that one has. What such a run finds violated is: less
// patience leaves oracles with less evidence, and they say so.
func (f File) Hasty() File {
	s := f.settle()
	f.Settle.Max.D = min(s.Max, max(s.Max/10, s.Quiet+s.Still))
	return f
}

// JudgingSpec sets what oracles cannot know by themselves.
type JudgingSpec struct {
	// Staleness is for how long an old version of an order or material may be
	// used after the SUT has accepted a newer one, faults on the road not
	// counted; {wall: 5s} by default.
	Staleness yamlfile.Duration `yaml:"staleness"`
	// LaborTolerance is how far the hours booked for an operator on an order may
	// be off; {plant: 1m} by default.
	LaborTolerance yamlfile.Duration `yaml:"laborTolerance"`
	// LocalTime names endpoints whose contract has instants in plant-local time
	// without an offset: of the hour that comes twice, either is right.
	LocalTime []string `yaml:"localTime"`
	// OEE says by which formula the plant computes its OEE.
	OEE OEESpec `yaml:"oee"`

	Pos yamlfile.Pos `yaml:"-"`
}

// OEESpec are the options of ISO 22400 that plants settle differently.
type OEESpec struct {
	// ReworkIsGood counts reworked pieces as good.
	ReworkIsGood bool `yaml:"reworkIsGood"`
	// SetupIsPlanned takes setup out of the planned busy time.
	SetupIsPlanned bool `yaml:"setupIsPlanned"`
	// CapEffectiveness cuts effectiveness off at 1.
	CapEffectiveness bool `yaml:"capEffectiveness"`
	// Permille is how far a figure that a system shows may be off; 10, which is
	// a point, by default.
	Permille int `yaml:"permille" jsonschema:"minimum=0,maximum=1000"`
}

// judging is s as the plan has it.
func (s JudgingSpec) judging() evidence.Judging {
	return evidence.Judging{Staleness: int(s.Staleness.D / time.Millisecond), Labor: int(s.LaborTolerance.D / time.Millisecond), LocalTime: s.LocalTime, OEE: evidence.OEERules(s.OEE)}
}

// Check implements [yamlfile.Checker].
func (s *JudgingSpec) Check() error {
	if s.OEE.Permille < 0 || s.OEE.Permille > 1000 {
		return s.Pos.Errorf("judging.oee.permille is a share of a thousand, not %d", s.OEE.Permille).WithHint("write permille: 10 for one point")
	}
	if s.LaborTolerance.Domain == yamlfile.WallTime {
		return s.Pos.Errorf("laborTolerance is a plant time: people work by the plant's clock").WithHint("write laborTolerance: {plant: %s}", s.LaborTolerance.D)
	}
	return wallOnly(s.Pos, "staleness", s.Staleness)
}

// LoadFile reads a rig file.
func LoadFile(path string) (File, error) {
	var f File
	err := yamlfile.Load(path, &f)
	return f, err
}

// ParseFile reads a rig file from memory; name stands for it in errors.
func ParseFile(name string, b []byte) (File, error) {
	var f File
	err := yamlfile.LoadBytes(name, b, &f)
	return f, err
}

// Check implements [yamlfile.Checker].
func (f *File) Check() error {
	if err := f.SUT.checkDriver(); err != nil {
		return err
	}
	for name := range f.SUT.Receives {
		if _, ok := f.Endpoints[name]; !ok {
			return f.SUT.Pos.Errorf("sut.receives names the endpoint %q, which is not there", name).
				WithHint("endpoints are %s", strings.Join(f.endpointNames(), ", "))
		}
	}
	for _, name := range f.Judging.LocalTime {
		if _, ok := f.Endpoints[name]; !ok {
			return f.Judging.Pos.Errorf("judging.localTime names the endpoint %q, which is not there", name).
				WithHint("endpoints are %s", strings.Join(f.endpointNames(), ", "))
		}
	}
	if len(f.Endpoints) == 0 {
		return f.Pos.Errorf("there are no endpoints").WithHint("endpoints: {erp: {system: erp}, mes: {system: mes}}")
	}
	f.accustom()
	return errors.Join(f.checkAttribution(), f.checkSecured(), f.checkContracts(), f.checkDatabases(), f.checkBuses(), f.checkCarried(), f.checkLag())
}

// checkDriver says what is wrong with how the SUT is run.
func (s *SUTSpec) checkDriver() error {
	given := 0
	for _, is := range []bool{s.Process != nil, s.Container != nil, s.Compose != nil, s.External != nil} {
		if is {
			given++
		}
	}
	if given != 1 {
		return s.Pos.Errorf("sut needs exactly one of process, container, compose and external").
			WithHint("process: {command: [\"./bridge\"]} starts a build, container: {image: \"acme/bridge:2.14\"} a container, external: {testSystem: true} uses one that runs already")
	}
	if p := s.Previous; p != nil && s.External != nil {
		return s.Pos.Errorf("sut.previous is a build to start, and this rig's SUT is external")
	}
	return nil
}

// Check implements [yamlfile.Checker].
func (s *ContainerSpec) Check() error {
	switch {
	case (s.Image == "") == (s.Build == nil):
		return s.Pos.Errorf("sut.container needs exactly one of image and build").WithHint("image: \"acme/bridge:2.14\", or build: {context: \".\"} for a Dockerfile")
	case s.Network != "" && s.Network != NetworkBridge && s.Network != NetworkHost:
		return s.Pos.Errorf("sut.container.network: %s", yamlfile.OneOf(s.Network, []string{NetworkBridge, NetworkHost}))
	case s.Memory < 0:
		return s.Pos.Errorf("sut.container.memory cannot be negative").WithHint("MiB, as in memory: 256")
	}
	return nil
}

// Check implements [yamlfile.Checker].
func (e *EndpointSpec) Check() error {
	if (e.System == "") == (e.Broker == "") {
		return e.Pos.Errorf("an endpoint needs exactly one of system and broker")
	}
	e.accustom()
	return errors.Join(wallOnly(e.Pos, "poll", e.Poll), e.checkShare(), e.checkBroker(), e.checkSecured())
}

// Check implements [yamlfile.Checker].
func (s *SettleSpec) Check() error {
	return errors.Join(wallOnly(s.Pos, "quiet", s.Quiet), wallOnly(s.Pos, "max", s.Max))
}

// Check implements [yamlfile.Checker].
func (s *ReadySpec) Check() error { return wallOnly(s.Pos, "within", s.Within) }

// Check implements [yamlfile.Checker].
func (s *DeliversSpec) Check() error { return wallOnly(s.Pos, "holdGrace", s.HoldGrace) }

// wallOnly refuses plant time where only the SUT's clock makes sense.
func wallOnly(pos yamlfile.Pos, name string, d yamlfile.Duration) error {
	if d.Domain == yamlfile.PlantTime {
		return pos.Errorf("%s is a wall time: the SUT's clock is not the plant's", name).WithHint("write %s: {wall: %s}", name, d.D)
	}
	return nil
}

// endpointNames lists the endpoints in a fixed order.
func (f File) endpointNames() []string {
	names := make([]string, 0, len(f.Endpoints))
	for n := range f.Endpoints {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

// systems tells the system behind each endpoint.
func (f File) systems() map[string]string {
	all := map[string]string{}
	for name, e := range f.Endpoints {
		all[name] = e.System
	}
	return all
}

// ours reports whether Andon starts the SUT.
func (s SUTSpec) ours() bool { return s.External == nil }

func set[T comparable](to *T, v T) {
	var zero T
	if v != zero {
		*to = v
	}
}

// WithoutSUT is f for a build that somebody else starts, and that is a test
// system, because it is told the addresses of this rig only.
func (f File) WithoutSUT() File {
	f.SUT.Process, f.SUT.Container, f.SUT.Compose = nil, nil, nil
	f.SUT.External = &ExternalSpec{TestSystem: true}
	f.SUT.Ready = ReadySpec{}
	return f
}
