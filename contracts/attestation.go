package contracts

import (
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"path"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"github.com/andon-rig/andon/evidence"
)

// An attested result is an envelope of DSSE (https://github.com/secure-systems-lab/dsse)
// around a statement of in-toto (https://in-toto.io/Statement/v1), signed with
// Ed25519: tools that know these formats can check it without Andon.
const (
	payloadType   = "application/vnd.in-toto+json"
	statementType = "https://in-toto.io/Statement/v1"
	// PredicateType names what is stated: [Attestation].
	PredicateType = "https://github.com/andon-rig/andon/verification/v1"
)

// A Statement says what was seen, and of which files.
type Statement struct {
	Type          string      `json:"_type"` // https://in-toto.io/Statement/v1
	Subject       []Subject   `json:"subject"`
	PredicateType string      `json:"predicateType"`
	Predicate     Attestation `json:"predicate"`
}

// A Subject is one file of what consumers rely on.
type Subject struct {
	Name   string            `json:"name"`
	Digest map[string]string `json:"digest"` // "sha256", in hexadecimal
}

// An Attestation is what somebody signs about a provider that was verified.
type Attestation struct {
	Provider        string           `json:"provider"`
	ProviderVersion string           `json:"providerVersion"`
	Target          string           `json:"target"` // address that was talked to
	When            time.Time        `json:"when"`
	Andon           string           `json:"andon"` // version
	Engine          string           `json:"engine"`
	Verdict         evidence.Verdict `json:"verdict"`
	Results         []Result         `json:"results"`
	Interactions    []Attested       `json:"interactions"`
}

// Attested is what came of one exchange.
type Attested struct {
	Contract        string           `json:"contract,omitempty"`
	Consumer        string           `json:"consumer"`
	ConsumerVersion string           `json:"consumerVersion,omitempty"`
	Name            string           `json:"name"`
	Verdict         evidence.Verdict `json:"verdict"`
	Pending         bool             `json:"pending,omitempty"`
	Text            string           `json:"text"`
}

// NewStatement states a about the consumers' halves of pairs.
func NewStatement(a Attestation, pairs []Pair) Statement {
	s := Statement{Type: statementType, PredicateType: PredicateType, Predicate: a, Subject: []Subject{}}
	for _, p := range pairs {
		for _, f := range p.Consumer.Files {
			sum := sha256.Sum256(f.Data)
			s.Subject = append(s.Subject, Subject{Name: path.Clean(f.Name), Digest: map[string]string{"sha256": hex.EncodeToString(sum[:])}})
		}
	}
	return s
}

// KeyID names a public key: SHA-256 of its DER form, in hexadecimal.
func KeyID(k ed25519.PublicKey) string {
	der, err := x509.MarshalPKIXPublicKey(k)
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(der)
	return hex.EncodeToString(sum[:])
}

// signer signs and verifies for package dsse.
type signer struct {
	private ed25519.PrivateKey // nil if it only verifies
	public  ed25519.PublicKey
}

func (s signer) Sign(_ context.Context, data []byte) ([]byte, error) {
	return ed25519.Sign(s.private, data), nil
}

func (s signer) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(s.public, data, sig) {
		return errors.New("the signature does not fit")
	}
	return nil
}

func (s signer) KeyID() (string, error)   { return KeyID(s.public), nil }
func (s signer) Public() crypto.PublicKey { return s.public }

// Sign puts s into a signed envelope.
func Sign(s Statement, key ed25519.PrivateKey) ([]byte, error) {
	payload, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("write attestation: %w", err)
	}
	es, err := dsse.NewEnvelopeSigner(signer{private: key, public: key.Public().(ed25519.PublicKey)})
	if err != nil {
		return nil, fmt.Errorf("sign attestation: %w", err)
	}
	e, err := es.SignPayload(context.Background(), payloadType, payload)
	if err != nil {
		return nil, fmt.Errorf("sign attestation: %w", err)
	}
	b, err := json.MarshalIndent(e, "", "  ")
	return append(b, '\n'), err
}

// Reasons why an attested result is not to be trusted.
var (
	ErrNoAttestation = errors.New("is no attested result")
	ErrOtherKey      = errors.New("is signed with another key")
	ErrTampered      = errors.New("was changed after it was signed")
)

// Open returns what an envelope states if it is signed with one of keys, and
// which.
func Open(envelope []byte, keys ...ed25519.PublicKey) (Statement, ed25519.PublicKey, error) {
	var s Statement
	var e dsse.Envelope
	if err := json.Unmarshal(envelope, &e); err != nil {
		return s, nil, fmt.Errorf("%w: %w", ErrNoAttestation, err)
	}
	if e.PayloadType != payloadType || len(e.Signatures) == 0 {
		return s, nil, fmt.Errorf("%w: it is no envelope of type %s with a signature", ErrNoAttestation, payloadType)
	}
	key, err := signedBy(&e, keys)
	if err != nil {
		return s, nil, err
	}
	body, err := e.DecodeB64Payload()
	if err != nil {
		return s, nil, fmt.Errorf("%w: %w", ErrNoAttestation, err)
	}
	if err := json.Unmarshal(body, &s); err != nil {
		return s, nil, fmt.Errorf("%w: what is signed cannot be read: %w", ErrNoAttestation, err)
	}
	if s.Type != statementType || s.PredicateType != PredicateType {
		return s, nil, fmt.Errorf("%w: it states %q, not %s", ErrNoAttestation, s.PredicateType, PredicateType)
	}
	return s, key, nil
}

// signedBy is the first of keys that has signed e.
func signedBy(e *dsse.Envelope, keys []ed25519.PublicKey) (ed25519.PublicKey, error) {
	named := false
	for _, k := range keys {
		for _, sig := range e.Signatures {
			named = named || sig.KeyID == KeyID(k)
		}
		v, err := dsse.NewEnvelopeVerifier(signer{public: k})
		if err != nil {
			return nil, err
		}
		if _, err := v.Verify(context.Background(), e); err == nil {
			return k, nil
		}
	}
	if named {
		return nil, fmt.Errorf("%w: its signature does not fit what it says", ErrTampered)
	}
	return nil, fmt.Errorf("%w: %s", ErrOtherKey, short(e.Signatures[0].KeyID))
}

func short(id string) string {
	if len(id) > 16 {
		return id[:16] + "…"
	}
	if id == "" {
		return "one that is not named"
	}
	return id
}

// isEnvelope reports whether a file of results is an attested one.
func isEnvelope(b []byte) bool {
	var f struct{ APIVersion, PayloadType string }
	return json.Unmarshal(b, &f) == nil && f.APIVersion == "" && f.PayloadType != ""
}

// PrivateKey reads a private key in PEM: PKCS #8, as openssl genpkey writes.
func PrivateKey(text []byte) (ed25519.PrivateKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("is no key in PEM")
	}
	if block.Type == "PUBLIC KEY" {
		return nil, errors.New("is a public key; one signs with the private one")
	}
	k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("is no private key: %w", err)
	}
	key, ok := k.(ed25519.PrivateKey)
	if !ok {
		return nil, fmt.Errorf("is a key of type %T, and results are signed with Ed25519", k)
	}
	return key, nil
}

// PublicKey reads a public key in PEM.
func PublicKey(text []byte) (ed25519.PublicKey, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("is no key in PEM")
	}
	if block.Type == "PRIVATE KEY" {
		return nil, errors.New("is a private key, which nobody but its owner should have; results are checked with the public one")
	}
	k, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, fmt.Errorf("is no public key: %w", err)
	}
	key, ok := k.(ed25519.PublicKey)
	if !ok {
		return nil, fmt.Errorf("is a key of type %T, and results are signed with Ed25519", k)
	}
	return key, nil
}

// WriteKeys writes a pair of keys in PEM.
func WriteKeys(key ed25519.PrivateKey) (private, public []byte, err error) {
	a, err1 := x509.MarshalPKCS8PrivateKey(key)
	b, err2 := x509.MarshalPKIXPublicKey(key.Public())
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: a}), pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: b}), errors.Join(err1, err2)
}
