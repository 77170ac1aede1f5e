package api_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/api"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]struct {
		next string
		last int
	}{
		`<https://a/?page=2>; rel="next", <https://a/?page=5>; rel="last"`:       {"https://a/?page=2", 5},
		`<https://a/?page=5>; rel=last,<https://a/?q=a,b;c&page=2> ;REL = next `: {"https://a/?q=a,b;c&page=2", 5},
		`<https://a/?after=x%3D>; title="a, b"; rel="next"`:                      {"https://a/?after=x%3D", 0},
		`<https://a/?page=99999999999>; rel="last"`:                              {"", 0},
		`<https://a/?page=-1>; rel="last", <x>; rel="prev"`:                      {"", 0},
		`<https://a`: {"", 0}, `>; rel="next"`: {"", 0}, `<>; rel="next"`: {"", 0}, "": {"", 0},
	} {
		next, last := api.Links([]string{header})
		require.Equal(t, want.next, next, header)
		require.Equal(t, want.last, last, header)
	}
}

func FuzzLinks(f *testing.F) {
	f.Add(`<https://a/?page=2>; rel="next", <https://a/?page=5>; rel="last"`)
	f.Add("<<>>;;==,,<")
	f.Fuzz(func(t *testing.T, header string) {
		next, last := api.Links([]string{header, header})
		if last < 0 || len(next) > len(header) {
			t.Errorf("links(%q) = %q, %d", header, next, last)
		}
	})
}

// FuzzRefusal weighs answers with any status, headers and body: none may stop a job for long.
func FuzzRefusal(f *testing.F) {
	f.Add(403, `{"message":"API rate limit exceeded"}`, "0", "4999999999", "")
	f.Add(429, "\x00\xff", "-1", "-1", "Thu, 01 Jan 1970 00:00:00 GMT")
	f.Add(200, `{"data":{"rateLimit":{"cost":-1}},"errors":[{"type":"RATE_LIMITED","path":[]}]}`, "", "", "1e9")
	f.Add(301, "::", "", "9223372036854775807", "99999999999999999999")
	f.Fuzz(func(t *testing.T, code int, body, remaining, reset, retry string) {
		if wait := api.Weigh(code, body, remaining, reset, retry); wait < 0 || wait > time.Hour {
			t.Errorf("Weigh() = %s, want at most an hour", wait)
		}
	})
}
