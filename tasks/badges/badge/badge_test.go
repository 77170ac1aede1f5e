package badge_test

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.uber.org/goleak"

	"augur/tasks/badges/badge"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const repository = "https://github.com/octo/widget"

// service is a badge service that answers as handle does, and a client of it.
func service(t *testing.T, handle http.HandlerFunc) (*badge.Client, *atomic.Int64) {
	t.Helper()
	asked := new(atomic.Int64)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		handle(w, r)
	}))
	t.Cleanup(server.Close)
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return badge.New(badge.Options{Base: server.URL + "/", Timeout: 5 * time.Second, Pause: time.Hour, UserAgent: "augur/test", Transport: transport}), asked
}

func TestAsksForTheRepository(t *testing.T) {
	t.Parallel()
	c, _ := service(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/projects.json" || r.URL.Query().Get("url") != repository || r.UserAgent() != "augur/test" {
			w.WriteHeader(http.StatusBadRequest)
			return
		}
		_, _ = w.Write([]byte(`[{"id":7,"repo_url":"https://github.com/octo/widget","badge_level":"passing"}]`))
	})
	project, err := c.Find(t.Context(), repository)
	require.NoError(t, err)
	require.JSONEq(t, `{"id":7,"repo_url":"https://github.com/octo/widget","badge_level":"passing"}`, string(project))
}

func TestOnlyAProjectOfTheRepositoryIsBelieved(t *testing.T) {
	t.Parallel()
	for answer, want := range map[string]string{
		`[]`: "",
		`[{"id":1,"repo_url":"https://github.com/octo/widget2"},{"id":2}]`:                                                    "",
		`[{"id":1,"repo_url":"https://GitHub.com/Octo/Widget.git"}]`:                                                          `{"id":1,"repo_url":"https://GitHub.com/Octo/Widget.git"}`,
		`[{"id":1,"homepage_url":"http://github.com/octo/widget/"},{"id":9,"repo_url":"https://www.github.com/octo/widget"}]`: `{"id":9,"repo_url":"https://www.github.com/octo/widget"}`,
		`[{"id":3,"repo_url":"github.com/octo/widget"},{"id":2,"repo_url":"github.com/octo/widget"}]`:                         `{"id":2,"repo_url":"github.com/octo/widget"}`,
		`[7,null,"x",{"id":"a"},{"id":1,"repo_url":"` + repository + `","n":1e99999,"t":"a\u0000b","\u0000":[{}]}]`:           `{"id":1,"repo_url":"` + repository + `","n":null,"t":"a�b","�":[{}]}`,
	} {
		project, err := badge.Parse([]byte(answer), repository)
		require.NoError(t, err, answer)
		if want == "" {
			require.Nil(t, project, answer)
			continue
		}
		require.JSONEq(t, want, string(project), answer)
	}
	_, err := badge.Parse([]byte(`<html>`), repository)
	require.Error(t, err)
}

func TestAServiceThatDoesNotAnswerIsLeftAlone(t *testing.T) {
	t.Parallel()
	for name, handle := range map[string]http.HandlerFunc{
		"a fault":    func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusBadGateway) },
		"no JSON":    func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("<html>maintenance</html>")) },
		"cut answer": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte(`[{"id":1`)) },
	} {
		c, asked := service(t, handle)
		for range 10 {
			_, err := c.Find(t.Context(), repository)
			require.ErrorIs(t, err, badge.ErrUnreachable, name)
		}
		require.Equal(t, int64(3), asked.Load(), name)
	}
}

func TestAServiceThatAsksForRestGetsIt(t *testing.T) {
	t.Parallel()
	c, asked := service(t, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Retry-After", "60")
		w.WriteHeader(http.StatusTooManyRequests)
	})
	for range 3 {
		_, err := c.Find(t.Context(), repository)
		require.ErrorIs(t, err, badge.ErrUnreachable)
	}
	require.Equal(t, int64(1), asked.Load())
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`[{"id":1,"repo_url":"https://github.com/octo/widget","a":{"b":[1,"\u0000",-1e400]}}]`))
	f.Add([]byte(`[{"id":1,"homepage_url":"https://github.com/octo/widget.git"},null]`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		project, err := badge.Parse(answer, repository)
		if err != nil || project == nil {
			return
		}
		require.True(t, json.Valid(project))
		require.NotContains(t, string(project), `\u0000`+`"`)
	})
}
