package yamlfile

import "github.com/invopop/jsonschema"

// Word is a text that knows where it stands, so that whoever finds out later
// that it means nothing can still say where it was written.
type Word struct {
	S   string
	Pos Pos
}

// UnmarshalNode reads a text.
func (w *Word) UnmarshalNode(n Node) error {
	w.Pos = n.Pos()
	return n.Decode(&w.S)
}

// String returns the text.
func (w Word) String() string { return w.S }

// JSONSchema describes the form to editors.
func (Word) JSONSchema() *jsonschema.Schema { return &jsonschema.Schema{Type: "string"} }
