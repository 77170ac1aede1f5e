package githubtest

import (
	"encoding/binary"
	"encoding/hex"
	"math/rand/v2"
	"strings"
	"time"
)

// random is a seeded die with what the generator asks of it.
type random struct{ *rand.Rand }

func newRandom(seed, stream uint64) *random {
	return &random{rand.New(rand.NewPCG(seed, stream))} //nolint:gosec // the same seed must give the same data
}

// in says yes once in n times.
func (r *random) in(n int) bool { return r.IntN(n) == 0 }

// sha is a hash as git prints it.
func (r *random) sha() string {
	var b [24]byte
	for i := 0; i < len(b); i += 8 {
		binary.LittleEndian.PutUint64(b[i:], r.Uint64())
	}
	return hex.EncodeToString(b[:20])
}

// between is a second from one time to before another.
func (r *random) between(from, to time.Time) time.Time {
	seconds := int64(to.Sub(from) / time.Second)
	if seconds <= 0 {
		return from
	}
	return from.Add(time.Duration(r.Int64N(seconds)) * time.Second)
}

// text is words of about a length. It shares the memory of one long text, so that bodies cost nothing.
func (r *random) text(length int) string {
	start := r.IntN(len(prose) - length - 64)
	for prose[start] != ' ' {
		start++
	}
	end := start + length
	for prose[end] != ' ' {
		end++
	}
	return prose[start+1 : end]
}

// pick is one of several.
func pick[T any](r *random, of []T) T { return of[r.IntN(len(of))] }

// some are n different ones of several, or all.
func some[T comparable](r *random, of []T, n int) []T {
	if n >= len(of) {
		return of
	}
	picked := make([]T, 0, n)
	for len(picked) < n {
		candidate := pick(r, of)
		known := false
		for _, p := range picked {
			known = known || p == candidate
		}
		if !known {
			picked = append(picked, candidate)
		}
	}
	return picked
}

// prose is the text that bodies are cut from.
var prose = func() string {
	r := newRandom(1, 1)
	var b strings.Builder
	for b.Len() < 256<<10 {
		b.WriteString(pick(r, words))
		switch r.IntN(24) {
		case 0:
			b.WriteString(".\r\n\r\n ")
		case 1:
			b.WriteString(", ")
		default:
			b.WriteByte(' ')
		}
	}
	return b.String()
}()

var words = strings.Fields(`the a when it build fails with panic in parser after upgrade to version 2.0 on windows linux macOS arm64 please could we
support option for reading configuration from file instead of environment variables this happens only if cache is empty and network slow I think that
"quoted" values are lost because handler returns early see also #12 #34 thanks for your work on it @someone ` + "`code`" + ` <details> & naïve café 日本語 Привет 🚀
reproduces always never sometimes memory grows until process dies index out of range expected got stack trace line test flaky timeout retry release notes`)
