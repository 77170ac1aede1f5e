package api_test

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/tasks"
	"augur/tasks/github/api"
)

func isError(err, target error) bool { return errors.Is(err, target) }

// cut sends a part of an answer and breaks the connection.
func cut(w http.ResponseWriter, _ *http.Request) {
	w.Header().Set("Content-Length", "1000")
	_, _ = io.WriteString(w, `{"id":1,`)
	_ = http.NewResponseController(w).Flush()
	panic(http.ErrAbortHandler)
}

// hang breaks the connection without an answer.
func hang(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }

func TestFaultsThatMayPassAreTriedAgain(t *testing.T) {
	t.Parallel()
	for name, fault := range map[string]http.HandlerFunc{
		"500":                  status(500, "<html>Unicorn!</html>", "Content-Type", "text/html"),
		"502":                  status(502, ""),
		"503":                  refuse(503, "Service Unavailable", "Retry-After", "2"),
		"not ready":            status(202, "{}"),
		"an empty answer":      answer(""),
		"blanks":               answer(" \n"),
		"a page for people":    answer("<html>Whoa there!</html>", "Content-Type", "text/html"),
		"HTML that says JSON":  answer("<html>Whoa there!</html>"),
		"cut JSON":             answer(`{"id":1,"name":"r`),
		"a cut connection":     cut,
		"no answer":            hang,
		"more after the JSON":  answer(`{"id":1}{"id":2}`),
		"half a page of items": answer(`[{"id":1},`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			f := newForge(t)
			f.on("/repos/o/r", fault, fault, answer(`{"id":1}`), fault) //nolint:gocritic // one after the other
			c := f.client(t)
			found, _, err := c.Repository(t.Context(), repo, "")
			require.NoError(t, err)
			require.EqualValues(t, 1, found.GetID())
			require.Len(t, f.requests(), 3)
			require.LessOrEqual(t, len(f.slept), 2, "the library makes a request again by itself that broke before anything was heard")

			_, _, err = c.Repository(t.Context(), repo, "")
			require.ErrorContains(t, err, "read o/r: ")
			require.ErrorContains(t, err, "(tried 6 times)")
			require.NotErrorAs(t, err, new(*tasks.RateLimitError))
			require.GreaterOrEqual(t, len(f.requests()), 3+6)
			for _, wait := range f.slept {
				require.Positive(t, wait)
				require.LessOrEqual(t, wait, 45*time.Second)
			}
		})
	}
}

func TestARequestHasADeadline(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	slow := func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }
	f.on("/repos/o/r", slow, answer(`{"id":1}`))
	_, _, err := f.client(t, "GitHub.request_timeout=1s").Repository(t.Context(), repo, "")
	require.NoError(t, err)
	require.Len(t, f.requests(), 2)
}

func TestAnEmptyRepositoryHasNoContributors(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r/contributors", status(204, ""))
	page, err := f.client(t).Contributors(t.Context(), repo, "", "")
	require.NoError(t, err)
	require.Empty(t, page.Items)
	require.False(t, page.NotModified)
	require.Len(t, f.requests(), 1)
}

func TestWhatHasMovedForGoodIsTold(t *testing.T) {
	t.Parallel()
	for _, code := range []int{301, 308} {
		f := newForge(t)
		f.on("/repos/o/r", status(code, `{"message":"Moved Permanently","url":"x"}`, "Location", f.URL+"/repositories/5"))
		f.on("/repos/o/r/issues", status(code, `{"message":"Moved Permanently","url":"x"}`, "Location", "/repositories/5/issues?state=all"))
		f.on("/repositories/5", answer(`{"id":5,"full_name":"p/q"}`))
		c := f.client(t)
		_, _, err := c.Repository(t.Context(), repo, "")
		moved, ok := errors.AsType[*api.MovedError](err)
		require.True(t, ok, "%v", err)
		require.Equal(t, f.URL+"/repositories/5", moved.NewURL)
		_, err = c.Issues(t.Context(), repo, time.Time{}, "", "")
		require.ErrorAs(t, err, &moved)
		found, err := c.Resolve(t.Context(), moved)
		require.NoError(t, err)
		require.Equal(t, "p/q", found.GetFullName())
		require.Len(t, f.requests(), 3)
	}
}

func TestRedirectsAreFollowedThreeTimes(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	for _, code := range []int{302, 307} {
		f.on("/repos/o/r", status(code, "", "Location", "/1"))
		f.on("/1", status(code, "", "Location", "/2"))
		f.on("/2", status(code, "", "Location", "/3"))
		f.on("/3", answer(`{"id":1}`))
		c := f.client(t)
		_, _, err := c.Repository(t.Context(), repo, "")
		require.NoError(t, err)
		f.on("/3", status(code, "", "Location", "/4"))
		before := len(f.requests())
		_, _, err = c.Repository(t.Context(), repo, "")
		require.ErrorContains(t, err, "more than 3 redirects")
		require.Len(t, f.requests(), before+4, "no try again")
	}
}

func TestAKeyIsNotSentToAnotherHost(t *testing.T) {
	t.Parallel()
	other := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		t.Errorf("another host was asked, with %q", r.Header)
	}))
	t.Cleanup(other.Close)
	f := newForge(t)
	for _, code := range []int{302, 303, 307} {
		f.on("/repos/o/r", status(code, "", "Location", other.URL+"/repos/o/r"))
		_, _, err := f.client(t).Repository(t.Context(), repo, "")
		require.ErrorContains(t, err, "GitHub redirects to another host")
		require.ErrorContains(t, err, "see the setting GitHub.api_url")
	}
	c := f.client(t)
	_, err := c.Issues(t.Context(), repo, time.Time{}, "", other.URL+"/repos/o/r/issues?after=x")
	require.ErrorContains(t, err, "the address of the next page is not below "+f.URL)
	_, err = c.Resolve(t.Context(), &api.MovedError{NewURL: other.URL + "/repositories/1"})
	require.Error(t, err)
	at, err := url.Parse(f.URL)
	require.NoError(t, err)
	_, err = c.Issues(t.Context(), repo, time.Time{}, "", "https://"+at.Host+"/x")
	require.Error(t, err, "another scheme is another place")
}

func TestUnchangedIsNotEmpty(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r/contributors",
		answer(`[{"id":1},{"id":2}]`, "ETag", `W/"1"`, "X-RateLimit-Remaining", "4000", "X-RateLimit-Limit", "5000", "X-RateLimit-Reset", in(time.Hour)),
		status(304, "", "ETag", `W/"1"`, "X-RateLimit-Remaining", "4000", "X-RateLimit-Limit", "5000", "X-RateLimit-Reset", in(time.Hour)))
	f.on("/repos/o/r", status(304, "", "ETag", `W/"2"`))
	s := f.service(t)
	c := s.Client(api.Who{JobID: 1, RepoID: 2, Kind: "k"})
	page, err := c.Contributors(t.Context(), repo, "", "")
	require.NoError(t, err)
	require.Len(t, page.Items, 2)
	require.Equal(t, `W/"1"`, page.ETag)
	page, err = c.Contributors(t.Context(), repo, page.ETag, "")
	require.NoError(t, err)
	require.True(t, page.NotModified)
	require.Nil(t, page.Items)
	require.Equal(t, `W/"1"`, page.ETag)
	require.Equal(t, `W/"1"`, f.requests()[1].etag)
	found, meta, err := c.Repository(t.Context(), repo, `W/"2"`)
	require.NoError(t, err)
	require.Nil(t, found)
	require.True(t, meta.NotModified)
	require.NoError(t, s.Close(t.Context()))
	require.Equal(t, "3 requests, 1 point, 2 unchanged", scalar[string](t, f.pool, `
		SELECT concat(requests, ' requests, ', points, ' point, ', unchanged, ' unchanged') FROM augur_operations.api_spending WHERE kind = 'k'`))
	require.Equal(t, 4000, scalar[int](t, f.pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
}

func TestAnAnswerWithoutAnEndIsNotReadToTheEnd(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", func(w http.ResponseWriter, r *http.Request) {
		block := []byte(strings.Repeat(" ", 1<<20))
		for r.Context().Err() == nil {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
	})
	_, _, err := f.client(t).Repository(t.Context(), repo, "")
	require.ErrorContains(t, err, "the answer has more than 64 MiB")
	require.Len(t, f.requests(), 1)
}
