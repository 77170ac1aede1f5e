package githubtest_test

import (
	"encoding/json"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

// client asks a server as any program would.
type client struct {
	t     testing.TB
	s     *githubtest.Server
	token string
	http  *http.Client
}

func newClient(t testing.TB, s *githubtest.Server) *client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return &client{t: t, s: s, token: s.Token(), http: &http.Client{
		Transport:     transport,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}}
}

// reply is an answer, read whole.
type reply struct {
	*http.Response
	body string
}

// rows are the elements of a list.
func (r reply) rows(t testing.TB) []map[string]any {
	t.Helper()
	var rows []map[string]any
	require.NoError(t, json.Unmarshal([]byte(r.body), &rows), "%d %.200s", r.StatusCode, r.body)
	return rows
}

// object is the one thing that was asked for.
func (r reply) object(t testing.TB) map[string]any {
	t.Helper()
	var object map[string]any
	decoder := json.NewDecoder(strings.NewReader(r.body))
	decoder.UseNumber()
	require.NoError(t, decoder.Decode(&object), "%d %.200s", r.StatusCode, r.body)
	return object
}

var linkRel = regexp.MustCompile(`<([^>]*)>; rel="([a-z]*)"`)

// links are the addresses of the Link header.
func (r reply) links() map[string]string {
	links := map[string]string{}
	for _, m := range linkRel.FindAllStringSubmatch(r.Header.Get("Link"), -1) {
		links[m[2]] = m[1]
	}
	return links
}

// try asks for a path, or for a whole address, and also returns how that failed.
func (c *client) try(path string, header ...string) (reply, error) {
	c.t.Helper()
	if strings.HasPrefix(path, "/") {
		path = c.s.URL() + path
	}
	r, err := http.NewRequestWithContext(c.t.Context(), http.MethodGet, path, http.NoBody)
	require.NoError(c.t, err)
	r.Header.Set("Authorization", "Bearer "+c.token)
	for i := 0; i < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	resp, err := c.http.Do(r)
	if err != nil {
		return reply{}, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return reply{resp, string(body)}, err
}

func (c *client) get(path string, header ...string) reply {
	c.t.Helper()
	r, err := c.try(path, header...)
	require.NoError(c.t, err)
	return r
}

// walk follows the links to the next page to the end, and returns the rows and how many requests that took.
func (c *client) walk(path string) (rows []map[string]any, requests int) {
	c.t.Helper()
	for path != "" {
		r := c.get(path)
		require.Equal(c.t, http.StatusOK, r.StatusCode, r.body)
		rows = append(rows, r.rows(c.t)...)
		requests++
		path = r.links()["next"]
	}
	return rows, requests
}
