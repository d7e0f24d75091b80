package bundle

import "fmt"

// Whole returns the body that a record refers to, as it was on the wire. It is
// an error if it was not kept so: it is missing, or was cut or redacted.
func (b *Bundle) Whole(ref string) ([]byte, error) {
	p, err := b.Payload(ref)
	if err != nil {
		return nil, err
	}
	body, err := p.Body()
	if err == nil && p.Note != "" {
		err = fmt.Errorf("payload %s is not as it was on the wire: %s", ref, p.Note)
	}
	return body, err
}
