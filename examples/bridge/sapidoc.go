package bridge

import (
	"cmp"
	"encoding/xml"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"time"
)

// This file reads the intermediate documents (IDocs) by which an ERP that speaks
// sap-s4/v2 may announce orders, materials and work centers. They say all of it:
// nothing is read from the ERP.

// idocName is the address at which IDocs come.
const idocName = "idocs"

// idocSpace is the namespace of IDocs in XML.
const idocSpace = "urn:sap-com:document:sap:idoc:soap:messages"

// An idoc is what we read of an IDoc.
type idoc struct {
	XMLName xml.Name
	IDoc    struct {
		Control struct {
			Type     string `xml:"MESTYP"`
			Function string `xml:"MESFCT"`
			Serial   string `xml:"SERIAL"`
			Created  string `xml:"CREDAT"`
			At       string `xml:"CRETIM"`
		} `xml:"EDI_DC40"`
		Order  idocOrder  `xml:"E1AFKOL"`
		Item   idocItem   `xml:"E1MARAM"`
		Center idocCenter `xml:"E1CRHDL"`
	} `xml:"IDOC"`
}

type idocOrder struct {
	Number     string `xml:"AUFNR"`
	Short      string `xml:"MATNR"`
	Long       string `xml:"MATNR_LONG"`
	Quantity   string `xml:"GAMNG"`
	Unit       string `xml:"GMEIN"`
	StartDay   string `xml:"GSTRS"`
	StartTime  string `xml:"GSUZS"`
	StartBasic string `xml:"GSTRP"`
	StartClock string `xml:"GSUZP"`
	EndDay     string `xml:"GLTRS"`
	EndTime    string `xml:"GLUZS"`
	EndBasic   string `xml:"GLTRP"`
	EndClock   string `xml:"GLUZP"`
	Items      []struct {
		Batch string `xml:"CHARG"`
	} `xml:"E1AFPOL"`
	Statuses []idocStatus `xml:"E1JSTKL"`
	Own      struct {
		Version  string `xml:"VERSION"`
		Revision string `xml:"REVLV"`
		Priority string `xml:"PRIOK"`
	} `xml:"Z1AFKOL"`
	Operations []struct {
		Number     string       `xml:"VORNR"`
		Text       string       `xml:"LTXA1"`
		WorkCenter string       `xml:"ARBPL"`
		Base       string       `xml:"BMSCH"`
		Setup      string       `xml:"VGW01"`
		SetupIn    string       `xml:"VGE01"`
		Machine    string       `xml:"VGW02"`
		MachineIn  string       `xml:"VGE02"`
		Inspect    string       `xml:"Z1AFVOL>INSPECT"`
		Statuses   []idocStatus `xml:"E1JSTVL"`
		Components []struct {
			Position string `xml:"RSPOS"`
			Short    string `xml:"MATNR"`
			Long     string `xml:"MATNR_LONG"`
			Quantity string `xml:"BDMNG"`
			Unit     string `xml:"MEINS"`
		} `xml:"E1RESBL"`
	} `xml:"E1AFFLL>E1AFVOL"`
}

type idocStatus struct {
	Code string `xml:"STAT"`
}

type idocItem struct {
	Function string `xml:"MSGFN"`
	Short    string `xml:"MATNR"`
	Long     string `xml:"MATNR_LONG"`
	Unit     string `xml:"MEINS"`
	Lots     string `xml:"XCHPF"`
	Deleted  string `xml:"LVORM"`
	Texts    []struct {
		Language string `xml:"SPRAS_ISO"`
		Text     string `xml:"MAKTX"`
	} `xml:"E1MAKTM"`
	Plants []struct {
		Serials string `xml:"SERNP"`
	} `xml:"E1MARCM"`
	Units []struct {
		Unit        string `xml:"MEINH"`
		Numerator   string `xml:"UMREZ"`
		Denominator string `xml:"UMREN"`
	} `xml:"E1MARMM"`
	Own struct {
		Version  string `xml:"VERSION"`
		Revision string `xml:"REVLV"`
		Decimals string `xml:"ANDEC"`
	} `xml:"Z1MARAM"`
}

type idocCenter struct {
	ID       string `xml:"ARBPL"`
	Category string `xml:"VERWE"`
	Texts    []struct {
		Text string `xml:"KTEXT"`
	} `xml:"E1CRTXL"`
	Own struct {
		Version  string `xml:"VERSION"`
		Pace     string `xml:"NGRAD"`
		Machines []struct {
			ID string `xml:"MACHINE"`
		} `xml:"Z1CRMCL"`
	} `xml:"Z1CRHDL"`
}

// An idocReader reads IDocs of a system.
type idocReader struct {
	zone   *time.Location // in which dates and times are told
	defect Defect
}

// newIDocReader reads IDocs of the ERP that c is for.
func newIDocReader(c Config) idocReader {
	zone, err := time.LoadLocation(c.Zone)
	if err != nil {
		zone = time.UTC // Validate has refused it
	}
	return idocReader{zone: zone, defect: c.Defect}
}

// message makes of an IDoc the message that it stands for.
func (r idocReader) message(body []byte) (name string, message []byte, err error) {
	var d idoc
	if err := xml.Unmarshal(body, &d); err != nil {
		return "", nil, fmt.Errorf("read IDoc: %w", err)
	}
	if d.XMLName.Space != idocSpace {
		return "", nil, fmt.Errorf("read IDoc: the namespace is %q, not %q", clip(d.XMLName.Space), idocSpace)
	}
	at, err := r.made(d)
	if err != nil {
		return "", nil, err
	}
	var l line
	var below []line
	switch d.XMLName.Local {
	case "LOIPRO05":
		name = "orders"
		l, below, err = r.order(d.IDoc.Order, d.IDoc.Control.Function, at)
	case "MATMAS05":
		name = "items"
		l, below, err = d.IDoc.Item.records(at)
	case "LOIWCS03":
		name = "work-centers"
		l, below = d.IDoc.Center.records(at)
	default:
		return "", nil, fmt.Errorf("IDocs of type %q are not known here", clip(d.XMLName.Local))
	}
	if err != nil {
		return "", nil, fmt.Errorf("read %s: %w", d.XMLName.Local, err)
	}
	if l[3] == "" {
		return "", nil, fmt.Errorf("read %s: it does not say what it is about", d.XMLName.Local)
	}
	a, err := announceOne(name, l, below)
	return name, a.body, err
}

// made is when a document was made. SERIAL is in UTC; who has none is taken by
// the date and time of its zone.
func (r idocReader) made(d idoc) (string, error) {
	c := d.IDoc.Control
	if len(c.Serial) == 20 {
		if t, err := time.Parse("20060102150405.000000", c.Serial[:14]+"."+c.Serial[14:]); err == nil {
			return t.In(r.in()).Format(time.RFC3339Nano), nil
		}
	}
	return r.instant(c.Created, c.At)
}

// in is the zone of the system.
func (r idocReader) in() *time.Location {
	if r.defect == M175 || r.zone == nil { // DEFECT M175: times of an IDoc are taken for UTC
		return time.UTC
	}
	return r.zone
}

// instant is a date and a time of the system's zone; "" if none is told. At 24
// o'clock the day ends.
func (r idocReader) instant(day, clock string) (string, error) {
	if day == "" || day == "00000000" {
		return "", nil
	}
	ends := clock == "240000"
	if clock == "" || ends {
		clock = "000000"
	}
	t, err := time.ParseInLocation("20060102150405", day+clock, r.in())
	if err != nil {
		return "", fmt.Errorf("%q %q is no date with a time", clip(day), clip(clock))
	}
	if ends {
		t = t.AddDate(0, 0, 1)
	}
	return t.Format(time.RFC3339), nil
}

// planned is an instant as it is scheduled; if it is not, the basic one.
func (r idocReader) planned(day, clock, basicDay, basicClock string) (string, error) {
	if at, err := r.instant(day, clock); err != nil || at != "" {
		return at, err
	}
	return r.instant(basicDay, basicClock)
}

// order is an order as records: a release with what belongs to it, a change or
// that it is taken back.
func (r idocReader) order(o idocOrder, function, at string) (l line, below []line, err error) {
	start, err := r.planned(o.StartDay, o.StartTime, o.StartBasic, o.StartClock)
	if err != nil {
		return nil, nil, err
	}
	end, err := r.planned(o.EndDay, o.EndTime, o.EndBasic, o.EndClock)
	if err != nil {
		return nil, nil, err
	}
	version := cmp.Or(o.Own.Version, "1")
	quantity, err := idocNumber(o.Quantity)
	switch {
	case hasStatus(o.Statuses, "I0076") || hasStatus(o.Statuses, "I0013"):
		return line{"CAN", "order-cancelled/" + o.Number + "/" + version, at, o.Number, version}, nil, nil
	case !hasStatus(o.Statuses, "I0002"):
		return nil, nil, fmt.Errorf("order %s is not released", clip(o.Number))
	case err != nil:
		return nil, nil, err
	case function == "CHG" || function == "" && len(o.Operations) == 0:
		return line{"CHG", "order-changed/" + o.Number + "/" + version, at, o.Number, version, quantity, o.Unit, end, o.Own.Priority}, nil, nil
	}
	batch := ""
	if len(o.Items) > 0 {
		batch = o.Items[0].Batch
	}
	l = line{"ORD", kindReleased + "/" + o.Number + "/1", at, o.Number, cmp.Or(o.Long, o.Short), o.Own.Revision, quantity, o.Unit, start, end, o.Own.Priority, batch}
	type part struct {
		position int
		line
	}
	var parts []part
	for _, p := range o.Operations {
		if hasStatus(p.Statuses, "I0013") {
			continue
		}
		setup, err := idocSeconds(p.Setup, p.SetupIn, "")
		if err != nil {
			return nil, nil, err
		}
		cycle, err := idocSeconds(p.Machine, p.MachineIn, p.Base)
		if err != nil {
			return nil, nil, err
		}
		below = append(below, line{"OPR", p.Number, p.Text, p.WorkCenter, setup, cycle, p.Inspect})
		for _, c := range p.Components {
			needs, err := idocNumber(c.Quantity)
			if err != nil {
				return nil, nil, err
			}
			position, _ := strconv.Atoi(c.Position)
			parts = append(parts, part{position, line{"CMP", p.Number, cmp.Or(c.Long, c.Short), needs, c.Unit}})
		}
	}
	slices.SortStableFunc(parts, func(a, b part) int { return cmp.Compare(a.position, b.position) })
	for _, p := range parts {
		below = append(below, p.line)
	}
	return l, below, nil
}

func hasStatus(all []idocStatus, code string) bool {
	return slices.Contains(all, idocStatus{code})
}

// idocNumber is a number of a quantity or a floating one as a plain decimal.
func idocNumber(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if !strings.ContainsAny(s, "eE") {
		if _, ok := new(big.Rat).SetString(s); !ok {
			return "", fmt.Errorf("%q is no number", clip(s))
		}
		return plainNumber(s), nil
	}
	f, err := strconv.ParseFloat(s, 64)
	if err != nil {
		return "", fmt.Errorf("%q is no number", clip(s))
	}
	return plainNumber(strconv.FormatFloat(f, 'f', 6, 64)), nil
}

// idocSeconds is a duration in seconds, of one piece if it is told of several;
// "" if it is none.
func idocSeconds(value, unit, of string) (string, error) {
	v, err := idocNumber(value)
	if err != nil || v == "" || v == "0" {
		return "", err
	}
	one, known := map[string]int64{"": 1, "S": 1, "SEC": 1, "MIN": 60, "H": 3600, "HUR": 3600, "STD": 3600}[unit]
	if !known {
		return "", fmt.Errorf("%q is no unit of time", clip(unit))
	}
	total, _ := new(big.Rat).SetString(v)
	total.Mul(total, big.NewRat(one, 1))
	if pieces, ok := new(big.Rat).SetString(of); ok && pieces.Sign() > 0 {
		total.Quo(total, pieces)
	}
	return seconds(total.FloatString(6)), nil
}

// records is a material.
func (i idocItem) records(at string) (l line, below []line, err error) {
	id, text := cmp.Or(i.Long, i.Short), ""
	for _, t := range i.Texts {
		if text == "" || t.Language == "EN" {
			text = t.Text
		}
	}
	serials := false
	for _, p := range i.Plants {
		serials = serials || p.Serials != ""
	}
	if i.Unit == "" {
		return nil, nil, errors.New("the base unit is missing")
	}
	retired := i.Deleted == "X" || i.Function == "003"
	l = line{"ITM", kindItem + "/" + id + "/" + i.Own.Version, at, id, i.Own.Version, text, i.Own.Revision, i.Unit, i.Own.Decimals, i.Lots, sapFlag(serials), sapFlag(retired)}
	for _, u := range i.Units {
		if u.Unit != i.Unit {
			below = append(below, line{"UOM", u.Unit, u.Numerator, u.Denominator})
		}
	}
	return l, below, nil
}

// records is a work center.
func (c idocCenter) records(at string) (l line, below []line) {
	text := ""
	if len(c.Texts) > 0 {
		text = c.Texts[0].Text
	}
	l = line{"WCT", kindCenter + "/" + c.ID + "/" + c.Own.Version, at, c.ID, c.Own.Version, text, sapFlag(c.Category == "0003"), c.Own.Pace}
	for _, m := range c.Own.Machines {
		below = append(below, line{"MCH", m.ID})
	}
	return l, below
}
