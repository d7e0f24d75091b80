package contracts

// An Exchange is one message and its reply as they crossed the wire, whatever
// carried them.
type Exchange struct {
	// FromConsumer is true if the consumer of the contract sent the request,
	// as in a call; false of an announcement of the provider.
	FromConsumer bool
	Request      Part
	Reply        *Part // nil if there was none, or it is not known
}

// A Part is one side of an exchange.
type Part struct {
	Method  string              // of HTTP, in capitals; "" elsewhere
	Path    string              // of the URL, or the topic, subject or file name
	Query   map[string][]string // of the URL
	Headers map[string][]string // names in canonical HTTP form
	Status  int                 // of a reply
	Body    []byte
}

// Header is the first value of the header called name, in canonical form; ""
// if there is none.
func (p Part) Header(name string) string {
	if v := p.Headers[name]; len(v) > 0 {
		return v[0]
	}
	return ""
}

// A Breach is one way in which an exchange is not what the contract says.
type Breach struct {
	Reply bool   `json:"reply,omitempty"` // of the reply; otherwise of the request
	Path  string `json:"path"`            // to the field: "$.yield"
	Want  string `json:"want"`
	Got   string `json:"got"`
	Place Place  `json:"place,omitzero"` // in the document
	// Unclear says that it cannot be told whether this is a breach; Got says
	// why not.
	Unclear bool `json:"unclear,omitempty"`
}

// String tells the breach in one line.
func (b Breach) String() string {
	s := b.Path + ": want " + b.Want + ", got " + b.Got
	if at := b.Place.String(); at != "" {
		s += " (" + at + ")"
	}
	return s
}
