package githubtest_test

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/tasks/github/githubtest"
)

func TestModelRepositoryIsReadWholeInTheRequestsThatItIsPlannedFor(t *testing.T) {
	t.Parallel()
	s := githubtest.New(t, githubtest.Model())
	c := newClient(t, s)
	for _, list := range []struct {
		path           string
		rows, requests int
	}{
		{"/issues?state=all&sort=updated&direction=asc&per_page=100", 15_000, 150},
		{"/pulls?state=all&sort=updated&direction=desc&per_page=100", 5_000, 50},
		{"/issues/comments?sort=updated&direction=asc&per_page=100", 30_000, 300},
		{"/pulls/comments?sort=updated&direction=asc&per_page=100", 15_000, 150},
		{"/contributors?per_page=100", 300, 3},
		{"/releases?per_page=100", 50, 1},
	} {
		seen, requests, read := map[int64]bool{}, 0, 0
		for path := "/repos/" + githubtest.ModelName + list.path; path != ""; requests++ {
			r := c.get(path)
			var rows []struct{ ID int64 } // maps of everything would cost more than the server does
			require.NoError(t, json.Unmarshal([]byte(r.body), &rows))
			for _, row := range rows {
				seen[row.ID] = true
			}
			read += len(rows)
			path = r.links()["next"]
		}
		require.Equal(t, []int{list.rows, list.rows, list.requests}, []int{len(seen), read, requests}, list.path)
	}
	require.Equal(t, 654, s.Counts().Total.Points)
}

func BenchmarkGenerateModel(b *testing.B) {
	for b.Loop() {
		githubtest.New(b, githubtest.Model()).Close()
	}
}

func BenchmarkGenerateSmall(b *testing.B) {
	for b.Loop() {
		githubtest.New(b, githubtest.Small(1000)).Close()
	}
}

// BenchmarkServe reads pages without parsing them: rows/s is what the server can give to one client.
func BenchmarkServe(b *testing.B) {
	for name, path := range map[string]string{
		"issues":   "/issues?state=all&sort=updated&direction=asc&per_page=100",
		"pulls":    "/pulls?state=all&sort=updated&direction=desc&per_page=100",
		"comments": "/issues/comments?sort=updated&direction=asc&per_page=100",
		"events":   "/issues/events?per_page=100",
	} {
		b.Run(name, func(b *testing.B) {
			limits := githubtest.DefaultLimits()
			limits.Core = 1 << 40
			s := githubtest.New(b, githubtest.Model(), githubtest.WithLimits(limits))
			c := newClient(b, s)
			bytes := 0
			for b.Loop() {
				bytes += len(c.get("/repos/" + githubtest.ModelName + path).body)
			}
			b.ReportMetric(100*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
			b.ReportMetric(float64(bytes)/float64(b.N)/100, "B/row")
		})
	}
}
