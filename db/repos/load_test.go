package repos_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"augur/db/dbtest"
	"augur/db/repos"
	"augur/db/repos/sheet"
)

func TestAFileThatIsNoTableIsAnError(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	_, err := repos.AddRepos(t.Context(), pool, strings.NewReader("repo_url,group\nx,1\n"), repos.Options{})
	var format *sheet.FormatError
	require.ErrorAs(t, err, &format)
	require.EqualError(t, err, "read repositories: has no column named repo_group_id")

	summary, err := repos.AddRepos(t.Context(), pool, strings.NewReader(""), repos.Options{})
	require.NoError(t, err)
	require.Zero(t, summary)
}

func TestInterruptedLoadLeavesWholeChunks(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	var file strings.Builder
	for i := range 100 {
		fmt.Fprintf(&file, "https://github.com/a/r%d,10\n", i)
	}
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	told := 0
	summary, err := repos.AddRepos(ctx, pool, strings.NewReader(file.String()), repos.Options{ChunkRows: 10, OnVerdict: func(repos.Verdict) {
		if told++; told == 25 {
			cancel()
		}
	}})
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, repos.Summary{Rows: 30, Added: 30}, summary)
	require.Equal(t, 30, count(t, pool, `SELECT count(*) FROM augur_data.repo`))
	require.Equal(t, 30, count(t, pool, `SELECT count(*) FROM augur_operations.collection_status`))

	summary, _ = load(t, pool, file.String(), repos.Options{})
	require.Equal(t, repos.Summary{Rows: 100, Added: 70, AlreadyThere: 30}, summary)
}

func TestABrokenFileIsAnErrorAndKeepsWhatWasStored(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	broken := errors.New("cable pulled")
	src := io.MultiReader(strings.NewReader("https://github.com/a/b,1\nhttps://github.com/a/c,1\nhttps://github.com/a/d,1\nhttps://github.com/a/half"),
		iotest.ErrReader(broken))
	summary, err := repos.AddRepos(t.Context(), pool, src, repos.Options{ChunkRows: 2})
	require.ErrorIs(t, err, broken)
	require.Equal(t, repos.Summary{Rows: 2, Added: 2}, summary)
}

func TestTwoLoadsAtOnceAddEachRepositoryOnce(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	const rows = 400
	forward, backward := "", ""
	for i := range rows {
		line := fmt.Sprintf("https://github.com/a/r%d,10\n", i)
		forward += line
		backward = line + backward
	}
	var group errgroup.Group
	added := make([]int, 4)
	for i := range added {
		group.Go(func() error {
			file := forward
			if i%2 == 1 {
				file = backward
			}
			summary, err := repos.AddRepos(t.Context(), pool, strings.NewReader(file), repos.Options{ChunkRows: 50})
			added[i] = summary.Added
			return err
		})
	}
	require.NoError(t, group.Wait())
	require.Equal(t, rows, added[0]+added[1]+added[2]+added[3])
	require.Equal(t, rows, count(t, pool, `SELECT count(*) FROM augur_data.repo`))
	require.Equal(t, rows, count(t, pool, `SELECT max(repo_id) - min(repo_id) + 1 FROM augur_data.repo`), "ids have no gap")
}

func TestProgressEndsAtTheSizeOfTheFile(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	file := bytes.Repeat([]byte("https://github.com/a/b,1\n"), 10_000)
	var seen []int64
	_, err := repos.AddRepos(t.Context(), pool, bytes.NewReader(file), repos.Options{Progress: func(n int64) { seen = append(seen, n) }})
	require.NoError(t, err)
	require.IsNonDecreasing(t, seen)
	require.Equal(t, int64(len(file)), seen[len(seen)-1])
}

// BenchmarkAddRepos loads files of 100,000 rows into a database.
func BenchmarkAddRepos(b *testing.B) {
	const rows = 100_000
	pool := dbtest.New(b)
	round := 0
	for b.Loop() {
		b.StopTimer()
		round++
		var file bytes.Buffer
		file.WriteString("repo_url,repo_group_id\n")
		for i := range rows {
			fmt.Fprintf(&file, "https://github.com/owner%d/repository-%d-%d,10\n", i%997, round, i)
		}
		b.StartTimer()
		summary, err := repos.AddRepos(b.Context(), pool, &file, repos.Options{})
		require.NoError(b, err)
		require.Equal(b, rows, summary.Added)
	}
	b.ReportMetric(float64(rows)*float64(b.N)/b.Elapsed().Seconds(), "rows/s")
}
