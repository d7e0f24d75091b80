package bridge

import (
	"cmp"
	"errors"
	"flag"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Config is what an operator can set. The README has the table.
type Config struct {
	ERP, MES   Endpoint
	Dialect    string   // of the ERP: one of dialects; neutral/v1 if empty
	MESDialect string   // of the MES: neutral/v1, or that of an ERP behind ION, where the MES is on the same bus
	Company    string   // legal entity of d365/v1
	Zone       string   // of the ERP's clock, in which IDocs of sap-s4/v2 tell dates and times; "" is UTC
	Envelope   string   // of BODs: none, soap-1.1 or soap-1.2
	IONAPI     string   // the credentials of an ION gateway, a file
	LogicalID  string   // ours at ION
	Confirm    string   // of sap-s4/v2: "odata", or "rfc" confirms by a function
	Product    string   // of the ERP at ION: "" or csi
	Entity     string   // accounting entity of documents for the ERP at ION
	MESEntity  string   // … and for the MES, if that is there as well
	InDoubt    string   // "repeat" or "stop": what to do with a file of which nothing is known
	Files      FileForm // of files/v1
	Exceptions string   // where exceptions are reported; "" keeps them in the table only
	StateDir   string   // where the store lives; survives restarts
	Listen     string   // address for webhooks and health
	Events     string   // NATS server to consume from, instead of webhooks
	MQTT       string   // MQTT broker to subscribe at, instead of webhooks
	Feed       bool     // poll the endpoints' feeds, instead of webhooks
	Master     string   // "announced", or "lists" reads it from the ERP's lists
	Page       int      // rows of a page of a list
	Sync       string   // "full" survives power loss, "normal" a killed process
	Units      string   // "base" converts consumption to base units, "as-is" leaves it
	Parallel   int      // requests under way at once, per endpoint
	Batch      int      // most consumptions posted together; 1 posts each alone
	Attempts   int      // after so many a message is reported as a technical exception
	Backlog    int      // messages kept; beyond that senders are told to come back
	Timeout    time.Duration
	Defect     Defect
	Resolver   string // name server to ask; "" asks the machine's
	// Client certificate for systems that ask for one: files, or none.
	Certificate, PrivateKey string
}

// Endpoint is one of the two systems the bridge joins.
type Endpoint struct {
	URL      string
	TokenURL string // "" needs no token
	Client   string
	Secret   string
	// Account and its password, where a token is given for a service account.
	Account, Password string
	// Next is the interface user that takes over with a cutover; none if empty.
	Next, NextSecret string
	// Version of the interface that calls tell; "" tells none.
	Version string
	// Of a share behind SFTP: files with our private key and the server's
	// public one.
	Key, KnownHosts string
}

// errListed says that the user asked for the list of defects and got it.
var errListed = errors.New("listed")

// readConfig reads settings from the environment, which flags override.
func readConfig(args []string, env func(string) string, stdout, stderr io.Writer) (Config, error) {
	c := Config{}
	fs := flag.NewFlagSet("bridge", flag.ContinueOnError)
	fs.SetOutput(stderr)
	text := func(to *string, name, variable, preset, usage string) {
		if v := env(variable); v != "" {
			preset = v
		}
		fs.StringVar(to, name, preset, usage+" ($"+variable+")")
	}
	var bad []error
	number := func(to *int, name, variable string, preset int, usage string) {
		if v := env(variable); v != "" {
			n, err := strconv.Atoi(v)
			if err != nil || n < 1 {
				bad = append(bad, fmt.Errorf("%s=%q is not a number above 0", variable, v))
			}
			preset = n
		}
		fs.IntVar(to, name, preset, usage+" ($"+variable+")")
	}
	text(&c.ERP.URL, "erp", "ERP_URL", "", "base URL of the ERP")
	text(&c.ERP.TokenURL, "erp-token", "ERP_TOKEN_URL", "", "token URL of the ERP")
	text(&c.ERP.Client, "erp-client", "ERP_CLIENT", "", "OAuth2 client id at the ERP")
	text(&c.ERP.Next, "erp-next-client", "ERP_NEXT_CLIENT", "", "OAuth2 client id at the ERP from the cutover on")
	text(&c.ERP.Key, "erp-key", "ERP_KEY", "", "file with our private key at the ERP's SFTP server; without one the secret is the password")
	text(&c.ERP.KnownHosts, "erp-known-hosts", "ERP_KNOWN_HOSTS", "", "file with the public key of the ERP's SFTP server")
	text(&c.Dialect, "erp-dialect", "ERP_DIALECT", dialectNeutral, "what the ERP speaks: "+strings.Join(dialects, ", "))
	text(&c.MESDialect, "mes-dialect", "MES_DIALECT", dialectNeutral, "neutral/v1, or infor-ion/v3 or v2 if the ERP speaks that: what the MES speaks")
	text(&c.Files.Layout, "erp-file-layout", "ERP_FILE_LAYOUT", "", "csv or fixed: how the lines of files/v1 are made up; csv if empty")
	text(&c.Files.Encoding, "erp-file-encoding", "ERP_FILE_ENCODING", "", "utf-8, iso-8859-1, iso-8859-15 or windows-1252: of files; utf-8 if empty")
	text(&c.Files.Decimal, "erp-file-decimal", "ERP_FILE_DECIMAL", "", "point or comma: the decimal mark in files; point if empty")
	text(&c.Files.Delimiter, "erp-file-delimiter", "ERP_FILE_DELIMITER", "", "semicolon, comma, tab or pipe: what stands between cells of csv; semicolon if empty")
	text(&c.Company, "erp-company", "ERP_COMPANY", "DEMO", "legal entity to post for, of d365/v1")
	text(&c.Zone, "erp-zone", "ERP_ZONE", "", "IANA name of the zone in which IDocs of sap-s4/v2 tell dates and times; UTC if empty")
	text(&c.IONAPI, "erp-ionapi", "ERP_IONAPI", "", "file of credentials of an ION gateway (.ionapi)")
	text(&c.Confirm, "erp-confirm", "ERP_CONFIRM", confirmOData, "odata or rfc: by which way an ERP that speaks sap-s4/v2 gets confirmations")
	text(&c.Product, "erp-product", "ERP_PRODUCT", "", "csi, if the ERP at ION is CloudSuite Industrial: which documents it takes")
	text(&c.LogicalID, "erp-logical-id", "ERP_LOGICAL_ID", "lid://plantsim.bridge.bravo", "our logical ID at ION")
	text(&c.Entity, "erp-accounting-entity", "ERP_ENTITY", "PLANT10", "accounting entity of documents at ION")
	text(&c.MESEntity, "mes-accounting-entity", "MES_ENTITY", "", "accounting entity of documents for a MES at ION; empty is the ERP's")
	text(&c.Envelope, "erp-envelope", "ERP_ENVELOPE", "none", "none, soap-1.1 or soap-1.2: what BODs travel in")
	text(&c.ERP.Version, "erp-version", "ERP_VERSION", "", "version of the ERP's interface to tell in "+versionHeader+"; empty tells none")
	text(&c.InDoubt, "in-doubt", "IN_DOUBT", "repeat", "repeat or stop: what to do with a file, or a document at ION, of which nobody knows what became")
	text(&c.MES.URL, "mes", "MES_URL", "", "base URL of the MES")
	text(&c.MES.TokenURL, "mes-token", "MES_TOKEN_URL", "", "token URL of the MES")
	text(&c.MES.Client, "mes-client", "MES_CLIENT", "", "OAuth2 client id at the MES")
	text(&c.Exceptions, "exceptions", "EXCEPTIONS_URL", "", "where exceptions are reported")
	text(&c.StateDir, "state", "STATE_DIR", ".", "directory of the store")
	text(&c.Listen, "listen", "LISTEN", "127.0.0.1:8080", "address for webhooks and health")
	text(&c.Events, "events", "EVENTS_URL", "", "NATS server to consume from, instead of webhooks")
	text(&c.MQTT, "mqtt", "MQTT_URL", "", "MQTT broker to subscribe at, instead of webhooks")
	text(&c.Resolver, "resolver", "RESOLVER", "", "name server to ask, host:port, instead of the machine's")
	text(&c.Certificate, "certificate", "CLIENT_CERT", "", "file with the certificate to show to systems that ask for one")
	text(&c.PrivateKey, "private-key", "CLIENT_KEY", "", "file with its private key")
	text(&c.Master, "master", "MASTER", "", "announced or lists: take master data as it is announced, or read the ERP's lists (default announced; lists of an ERP that speaks d365/v1 or sap-s4/v2)")
	number(&c.Page, "page", "PAGE", 50, "rows of a page of a list")
	text(&c.Sync, "sync", "SYNC", "full", "full or normal: survive power loss, or a killed process only")
	text(&c.Units, "units", "UNITS", "", "base or as-is: convert consumption to base units, or not (default base; as-is for an ERP that speaks d365/v1)")
	number(&c.Parallel, "parallel", "PARALLEL", 16, "requests under way at once, per endpoint")
	number(&c.Batch, "batch", "BATCH", 0, "most consumptions posted together (default 20; 1 for an ERP that speaks d365/v1)")
	number(&c.Attempts, "attempts", "ATTEMPTS", 50, "attempts before a message is given up")
	number(&c.Backlog, "backlog", "BACKLOG", 100_000, "messages kept before senders are told to come back")
	limit := time.Second
	if v := env("TIMEOUT"); v != "" {
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			bad = append(bad, fmt.Errorf("TIMEOUT=%q is not a duration such as 1s", v))
		}
		limit = d
	}
	fs.DurationVar(&c.Timeout, "timeout", limit, "limit of one request ($TIMEOUT)")
	fs.BoolVar(&c.Feed, "feed", env("FEED") == "1", "poll the endpoints' feeds, instead of webhooks ($FEED)")
	var defect string
	text(&defect, "defect", "DEFECT", "", "plant a mistake, for testing those who should find it")
	list := fs.Bool("list-defects", false, "print the mistakes that can be planted")
	if err := fs.Parse(args); err != nil {
		return c, err
	}
	if *list {
		return c, errors.Join(errListed, listDefects(stdout))
	}
	c.suit()
	c.ERP.Secret, c.MES.Secret = env("ERP_SECRET"), env("MES_SECRET") // not on the command line, where everybody can read it
	c.ERP.NextSecret = env("ERP_NEXT_SECRET")
	var err error
	if c.Defect, err = ParseDefect(defect); err != nil {
		bad = append(bad, err)
	}
	return c, errors.Join(append(bad, c.Validate())...)
}

// suit fills in what is left open, as it suits the ERP: Dynamics 365 takes one
// message at a time, converts units by itself and announces no master data;
// S/4HANA announces little of it.
func (c *Config) suit() {
	batch, units, master := 20, "base", "announced"
	switch c.Dialect {
	case dialectD365:
		batch, units, master = 1, "as-is", "lists"
	case dialectSAP:
		master = "lists"
	}
	if c.Batch == 0 {
		c.Batch = batch
	}
	c.Units, c.Master = cmp.Or(c.Units, units), cmp.Or(c.Master, master)
}

// Validate names everything that is missing or impossible.
func (c Config) Validate() error {
	var bad []error
	need := func(ok bool, what string) {
		if !ok {
			bad = append(bad, errors.New(what))
		}
	}
	if c.onION() {
		k, err := readKeys(c.IONAPI)
		bad = append(bad, err)
		c.ERP.URL = k.Gateway
	}
	need(c.ERP.URL != "", "set ERP_URL: where is the ERP?")
	onBus := c.MESDialect == c.Dialect && c.onION()
	need(c.MES.URL != "" || onBus, "set MES_URL: where is the MES?")
	need(c.MESDialect == "" || c.MESDialect == dialectNeutral || onBus, `MES_DIALECT must be "neutral/v1", or that of an ERP behind ION`)
	need(c.Dialect == "" || slices.Contains(dialects, c.Dialect), "ERP_DIALECT must be one of "+strings.Join(dialects, ", "))
	need(c.Envelope == "" || c.Envelope == "none" || envelopes[c.Envelope] != "", `ERP_ENVELOPE must be "none", "soap-1.1" or "soap-1.2"`)
	need(c.Confirm == "" || c.Confirm == confirmOData || c.Confirm == confirmRFC, `ERP_CONFIRM must be "odata" or "rfc"`)
	need(c.Confirm != confirmRFC || c.Dialect == dialectSAP, "ERP_CONFIRM=rfc needs an ERP that speaks sap-s4/v2")
	need(c.Product == "" || c.Product == productCSI, `ERP_PRODUCT must be "csi", or not be set`)
	_, noZone := time.LoadLocation(c.Zone)
	need(noZone == nil, `ERP_ZONE must be the IANA name of a zone, such as "Europe/Berlin"`)
	need(c.InDoubt == "" || c.InDoubt == "repeat" || c.InDoubt == "stop", `IN_DOUBT must be "repeat" or "stop"`)
	if c.Dialect == dialectStaging {
		_, err := openTables(c.ERP.URL, c.Timeout)
		bad = append(bad, err)
	}
	if c.Dialect == dialectFiles {
		_, err := openShare(c.ERP, c.Timeout)
		bad = append(bad, err, c.Files.Validate())
	}
	if _, err := c.shown(); err != nil {
		bad = append(bad, err)
	}
	need(c.Sync == "full" || c.Sync == "normal", `SYNC must be "full" or "normal"`)
	need(c.Master == "announced" || c.Master == "lists", `MASTER must be "announced" or "lists"`)
	need(c.Master != "lists" || c.Dialect == "" || c.Dialect == dialectNeutral || c.Dialect == dialectB2MML || c.Dialect == dialectSAP || c.Dialect == dialectD365, "MASTER=lists needs an ERP that speaks neutral/v1, b2mml-xml/v7, sap-s4/v2 or d365/v1")
	need(c.Batch <= 1 || c.Dialect != dialectD365, "BATCH must be 1 at an ERP that speaks d365/v1: it takes each message by itself")
	need(c.Units == "base" || c.Units == "as-is", `UNITS must be "base" or "as-is"`)
	sources := 0
	for _, given := range []bool{c.Events != "", c.MQTT != "", c.Feed} {
		if given {
			sources++
		}
	}
	need(sources <= 1, "set one of EVENTS_URL, MQTT_URL and FEED: every event would come twice")
	need(c.Page > 0 && c.Parallel > 0 && c.Batch > 0 && c.Attempts > 0 && c.Backlog > 0, "PAGE, PARALLEL, BATCH, ATTEMPTS and BACKLOG must be above 0")
	return errors.Join(bad...)
}
