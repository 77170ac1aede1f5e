package config

import (
	"crypto/subtle"
	"fmt"
	"log/slog"
)

// Redacted is what is shown in place of a secret.
const Redacted = "REDACTED"

// Secret is a text that is never printed: by fmt with any verb, by slog, as JSON or text it is REDACTED, also in the depth of another value,
// and also in an unexported field, where fmt cannot call methods: hence the pointer. Only [Secret.Reveal] gives it away. The zero value is
// the empty secret: there is none. Compare with [Secret.Equal], not with ==.
type Secret struct {
	text *string
}

// NewSecret wraps the text.
func NewSecret(text string) Secret {
	if text == "" {
		return Secret{}
	}
	return Secret{text: &text}
}

// Reveal is the text itself, for the one place that sends it.
func (s Secret) Reveal() string {
	if s.text == nil {
		return ""
	}
	return *s.text
}

// Set tells whether there is a secret.
func (s Secret) Set() bool { return s.Reveal() != "" }

// Equal compares in a time that does not depend on where the texts differ.
func (s Secret) Equal(other Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.Reveal()), []byte(other.Reveal())) == 1
}

// String is "REDACTED", or empty when there is no secret.
func (s Secret) String() string {
	if !s.Set() {
		return ""
	}
	return Redacted
}

// GoString is what %#v prints.
func (s Secret) GoString() string { return fmt.Sprintf("config.Secret(%q)", s.String()) }

// Format covers every verb, those included that would fall back to the bare value.
func (s Secret) Format(f fmt.State, verb rune) {
	switch {
	case verb == 'v' && f.Flag('#'):
		_, _ = fmt.Fprint(f, s.GoString())
	case verb == 'q':
		_, _ = fmt.Fprintf(f, "%q", s.String())
	default:
		_, _ = fmt.Fprint(f, s.String())
	}
}

// LogValue is what slog writes.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }

// MarshalText is what encoders of text and JSON write.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }
