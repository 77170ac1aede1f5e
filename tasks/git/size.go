package git

import (
	"fmt"
	"math"

	"github.com/dustin/go-humanize"
)

// Size is a number of bytes, written with or without a unit: `500 MB`, `16MiB`, `1000`.
type Size int64

// UnmarshalText reads a number with an optional unit.
func (s *Size) UnmarshalText(text []byte) error {
	n, err := humanize.ParseBytes(string(text))
	if err != nil || n > math.MaxInt64 {
		return fmt.Errorf("must be a size such as 500 MB or 16 GiB (got %.40q)", text)
	}
	*s = Size(n)
	return nil
}

// MarshalText writes the size as UnmarshalText reads it: with a unit where that loses nothing.
func (s Size) MarshalText() ([]byte, error) {
	if s == 0 {
		return []byte("0"), nil
	}
	for _, text := range []string{humanize.Bytes(uint64(s)), humanize.IBytes(uint64(s))} { //nolint:gosec // never negative
		if n, err := humanize.ParseBytes(text); err == nil && n == uint64(s) { //nolint:gosec // never negative
			return []byte(text), nil
		}
	}
	return fmt.Appendf(nil, "%d", s), nil
}

// String is the size for people.
func (s Size) String() string { return humanize.Bytes(uint64(max(s, 0))) }
