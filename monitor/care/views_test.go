package care_test

import (
	"errors"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/monitor/care"
)

func refresh(t testing.TB, c *care.Care, o care.RefreshOptions) []care.View {
	t.Helper()
	views, err := c.Refresh(t.Context(), o)
	require.NoError(t, err)
	return views
}

// outcomes maps the names of views, without schema, to how the look at them ended.
func outcomes(views []care.View) map[string]string {
	found := map[string]string{}
	for _, v := range views {
		found[strings.TrimPrefix(v.Name, "augur_data.")] = v.Outcome
	}
	return found
}

func TestEveryViewCanBeRefreshedConcurrently(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	views, err := newCare(pool).Views(t.Context())
	require.NoError(t, err)
	require.Len(t, views, 14)
	for _, v := range views {
		require.NotEmpty(t, v.MadeFrom, v.Name)
		require.True(t, scalar[bool](t, pool, `
			SELECT EXISTS (
				SELECT FROM pg_index WHERE indrelid = $1::regclass AND indisunique AND indpred IS NULL AND indexprs IS NULL AND indisvalid
			)`, v.Name), "unique index on %s", v.Name)
	}
}

func TestWhatAViewIsMadeFromComesFromTheCatalog(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	exec(t, pool, "CREATE VIEW augur_operations.between AS SELECT repo_id FROM augur_data.api_get_all_repos_commits")
	exec(t, pool, "CREATE MATERIALIZED VIEW augur_data.a_view_of_views AS SELECT b.repo_id FROM augur_operations.between b JOIN augur_data.issues USING (repo_id)")
	c := newCare(pool)
	views, err := c.Views(t.Context())
	require.NoError(t, err)
	i := slices.IndexFunc(views, func(v care.View) bool { return v.Name == "augur_data.a_view_of_views" })
	require.Equal(t, []string{"augur_data.api_get_all_repos_commits", "augur_data.issues"}, views[i].MadeFrom)

	var order []string
	done := refresh(t, c, care.RefreshOptions{Started: func(name string) { order = append(order, name) }})
	require.Len(t, done, 15)
	require.Less(t, slices.Index(order, "augur_data.api_get_all_repos_commits"), slices.Index(order, "augur_data.a_view_of_views"))
	require.Equal(t, care.Failed, outcomes(done)["a_view_of_views"], "it has no unique index")
	exec(t, pool, "DROP MATERIALIZED VIEW augur_data.a_view_of_views")
	_, err = c.Forget(t.Context())
	require.NoError(t, err)
	require.Equal(t, 14, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.view_refresh"))
}

func TestViewsThatNothingChangedAreLeftAlone(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	for name, outcome := range outcomes(refresh(t, c, care.RefreshOptions{})) {
		require.Equal(t, care.Refreshed, outcome, name)
	}
	for name, outcome := range outcomes(refresh(t, c, care.RefreshOptions{})) {
		require.Equal(t, care.Unchanged, outcome, name)
	}
	changed := func() []string {
		var names []string
		for name, outcome := range outcomes(refresh(t, c, care.RefreshOptions{})) {
			if outcome == care.Refreshed {
				names = append(names, name)
			} else {
				require.Equal(t, care.Unchanged, outcome, name)
			}
		}
		slices.Sort(names)
		return names
	}
	write(t, pool, "INSERT INTO augur_data.repo_labor (repo_id, programming_language, code_lines) VALUES (1, 'Go', 5)")
	require.Equal(t, []string{"explorer_repo_languages"}, changed())
	write(t, pool, "UPDATE augur_data.repo_labor SET code_lines = 6")
	require.Equal(t, []string{"explorer_repo_languages"}, changed())
	write(t, pool, "TRUNCATE augur_data.repo_labor")
	require.Equal(t, []string{"explorer_repo_languages"}, changed())
	write(t, pool, "UPDATE augur_operations.collection_status SET facade_status = 'Error'")
	require.Empty(t, changed())
	for name, outcome := range outcomes(refresh(t, c, care.RefreshOptions{Force: true})) {
		require.Equal(t, care.Refreshed, outcome, name)
	}
}

func TestAViewShowsWhatWasStored(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	addCommits(t, pool, 1, 10)
	done := refresh(t, c, care.RefreshOptions{Views: []string{"api_get_all_repos_commits"}, Force: true})
	require.Len(t, done, 1)
	require.Equal(t, int64(10), scalar[int64](t, pool, "SELECT commits_all_time FROM augur_data.api_get_all_repos_commits WHERE repo_id = 1"))
	views, err := c.Views(t.Context())
	require.NoError(t, err)
	for _, v := range views {
		if v.Name == "augur_data.api_get_all_repos_commits" {
			require.Equal(t, care.Refreshed, v.Outcome)
			require.NotNil(t, v.CurrentTo)
			require.NotNil(t, v.FinishedAt)
			require.Positive(t, v.Seconds)
		} else {
			require.Empty(t, v.Outcome, v.Name)
		}
	}
	_, err = c.Refresh(t.Context(), care.RefreshOptions{Views: []string{"commits", "augur_data.explorer_entry_list", "nothing"}})
	require.EqualError(t, err, "there is no materialized view \"commits\"\nthere is no materialized view \"nothing\"")
}

func TestReadersAreNotKeptOut(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	addCommits(t, pool, 1, 30_000)
	view := care.RefreshOptions{Views: []string{"explorer_commits_and_committers_daily_count"}, Force: true}
	refresh(t, c, view)
	addCommits(t, pool, 30_001, 60_000)

	// The refresh waits for a lock of the table, in the middle of its work, while the view is read.
	tx, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = tx.Exec(t.Context(), "LOCK TABLE augur_data.commits IN ACCESS EXCLUSIVE MODE")
	require.NoError(t, err)
	done := make(chan []care.View, 1)
	go func() {
		views, _ := c.Refresh(t.Context(), view) // what went wrong is missing in views
		done <- views
	}()
	eventually(t, pool, "SELECT EXISTS (SELECT FROM pg_locks WHERE relation = 'augur_data.commits'::regclass AND NOT granted)")
	require.Equal(t, care.Running, scalar[string](t, pool, "SELECT outcome FROM augur_operations.view_refresh"))
	const read = "SELECT count(*) FROM augur_data.explorer_commits_and_committers_daily_count"
	exec(t, pool, "SET statement_timeout = '5s'")
	require.Equal(t, 9000, scalar[int](t, pool, read))
	require.NoError(t, tx.Rollback(t.Context()))

	// And while it writes.
	reads, slowest := 0, time.Duration(0)
	for finished := false; !finished; {
		select {
		case views := <-done:
			require.Equal(t, map[string]string{"explorer_commits_and_committers_daily_count": care.Refreshed}, outcomes(views))
			finished = true
		default:
			began := time.Now()
			require.Equal(t, 9000, scalar[int](t, pool, read))
			slowest = max(slowest, time.Since(began))
			reads++
		}
	}
	require.Positive(t, reads)
	require.Less(t, slowest, 5*time.Second)
	t.Logf("%d reads during the refresh, the slowest took %s", reads, slowest)
}

func TestARefreshThatTakesTooLongIsReported(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	addCommits(t, pool, 1, 20_000)
	done := refresh(t, c, care.RefreshOptions{Views: []string{"api_get_all_repos_commits", "explorer_entry_list"}, Timeout: time.Millisecond})
	require.Equal(t, care.Timeout, outcomes(done)["api_get_all_repos_commits"], "the other view may be quick enough")
	require.Len(t, done, 2)
	require.Equal(t, care.Timeout, scalar[string](t, pool, "SELECT outcome FROM augur_operations.view_refresh WHERE view LIKE '%commits'"))
	health, err := c.Health(t.Context())
	require.NoError(t, err)
	require.Contains(t, health.Problems[0], "view augur_data.api_get_all_repos_commits is not refreshed: not done within 1ms: raise Tasks.view_refresh_timeout")
	require.Equal(t, care.Refreshed, refresh(t, c, care.RefreshOptions{Views: []string{"api_get_all_repos_commits"}})[0].Outcome)
	health, err = c.Health(t.Context())
	require.NoError(t, err)
	require.NotContains(t, strings.Join(health.Problems, "\n"), "api_get_all_repos_commits")
}

func TestAViewThatFailsHoldsUpNoOther(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	exec(t, pool, "DROP INDEX augur_data.explorer_entry_list_repo_id_idx")
	done := outcomes(refresh(t, c, care.RefreshOptions{}))
	require.Len(t, done, 14)
	for name, outcome := range done {
		want := care.Refreshed
		if name == "explorer_entry_list" {
			want = care.Failed
		}
		require.Equal(t, want, outcome, name)
	}
	require.Contains(t, scalar[string](t, pool, "SELECT error FROM augur_operations.view_refresh WHERE outcome = 'failed'"), "cannot refresh materialized view")
}

func TestAViewThatWasNeverFilledIsFilled(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	addRepo(t, pool)
	refresh(t, c, care.RefreshOptions{})
	exec(t, pool, "REFRESH MATERIALIZED VIEW augur_data.explorer_entry_list WITH NO DATA")
	_, err := pool.Exec(t.Context(), "SELECT FROM augur_data.explorer_entry_list")
	require.Error(t, err)
	require.Equal(t, map[string]string{"explorer_entry_list": care.Refreshed}, outcomes(refresh(t, c, care.RefreshOptions{Interval: 24 * time.Hour})))
	require.Equal(t, 1, scalar[int](t, pool, "SELECT count(*) FROM augur_data.explorer_entry_list"))
}

func TestOneProcessAtATimeRefreshes(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	other, err := pool.Begin(t.Context())
	require.NoError(t, err)
	_, err = other.Exec(t.Context(), "SELECT pg_advisory_xact_lock(hashtext('augur refresh views'))")
	require.NoError(t, err)
	_, err = newCare(pool).Refresh(t.Context(), care.RefreshOptions{})
	require.ErrorIs(t, err, care.ErrBusy)
	require.NoError(t, other.Rollback(t.Context()))

	// Many at once: each view is looked at by one of them, and nobody waits.
	looks := make(chan string, 1000)
	ended := make(chan error)
	const processes = 4
	for range processes {
		go func() {
			_, err := newCare(pool).Refresh(t.Context(), care.RefreshOptions{Interval: 24 * time.Hour, Started: func(name string) { looks <- name }})
			ended <- err
		}()
	}
	for range processes {
		if err := <-ended; err != nil && !errors.Is(err, care.ErrBusy) {
			require.NoError(t, err)
		}
	}
	refresh(t, newCare(pool), care.RefreshOptions{Interval: 24 * time.Hour, Started: func(name string) { looks <- name }})
	close(looks)
	seen := map[string]int{}
	for name := range looks {
		seen[name]++
	}
	require.Len(t, seen, 14)
	for name, n := range seen {
		require.Equal(t, 1, n, name)
	}
}

func TestWhenAViewIsDue(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	refresh(t, c, care.RefreshOptions{})
	for name, test := range map[string]struct {
		outcome string
		empty   bool
		ago     string
		want    bool
	}{
		"fresh":                       {care.Refreshed, false, "23 hours 59 minutes", false},
		"interval over":               {care.Refreshed, false, "24 hours", true},
		"unchanged, interval over":    {care.Unchanged, false, "24 hours", true},
		"unchanged a while ago":       {care.Unchanged, false, "2 hours", false},
		"failed just now":             {care.Failed, false, "59 minutes", false},
		"failed an hour ago":          {care.Failed, false, "1 hour", true},
		"process died just now":       {care.Running, false, "59 minutes", false},
		"process died an hour ago":    {care.Running, false, "1 hour", true},
		"too slow, tried an hour ago": {care.Timeout, false, "2 hours", false},
		"too slow, interval over":     {care.Timeout, false, "24 hours", true},
		"empty just now":              {care.Refreshed, true, "4 minutes", false},
		"empty a while ago":           {care.Unchanged, true, "5 minutes", true},
	} {
		exec(t, pool, "UPDATE augur_operations.view_refresh SET outcome = 'refreshed', error = NULL, finished_at = now(), started_at = now(), empty = false")
		exec(t, pool, `
			UPDATE augur_operations.view_refresh
			SET outcome = $1, empty = $2, started_at = now() - $3::text::interval, finished_at = CASE WHEN $1 <> 'running' THEN now() END,
				error = CASE WHEN $1 IN ('failed', 'timeout') THEN 'why' END
			WHERE view = 'augur_data.explorer_entry_list'`, test.outcome, test.empty, test.ago)
		require.Equal(t, test.want, len(refresh(t, c, care.RefreshOptions{Interval: 24 * time.Hour})) == 1, name)
	}
}

func TestTheIntervalTakesEffectWithoutARestart(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	set := func(days string) {
		exec(t, pool, "DELETE FROM augur_operations.config WHERE setting_name = 'refresh_materialized_views_interval_in_days'")
		exec(t, pool, `INSERT INTO augur_operations.config (section_name, setting_name, value, type)
			VALUES ('Celery', 'refresh_materialized_views_interval_in_days', $1, 'int')`, days)
	}
	set("0")
	run(t, pool, nil, slog.New(slog.DiscardHandler))
	// The clock is compared at the same time as the views are looked at.
	eventually(t, pool, "SELECT EXISTS (SELECT FROM augur_operations.machine_clock)")
	require.Zero(t, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.view_refresh"))
	set("7")
	eventually(t, pool, "SELECT count(*) = 14 AND bool_and(outcome = 'refreshed') FROM augur_operations.view_refresh")
	exec(t, pool, "UPDATE augur_operations.view_refresh SET started_at = now() - interval '6 days', empty = false")
	set("5")
	eventually(t, pool, "SELECT bool_and(started_at > now() - interval '5 days') FROM augur_operations.view_refresh")
}

func TestARefreshThatBreaksOffIsTriedAgainLater(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	c := newCare(pool)
	_, err := c.Refresh(t.Context(), care.RefreshOptions{Started: func(string) {
		exec(t, pool, "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state = 'idle in transaction' AND datname = current_database()")
	}})
	require.ErrorContains(t, err, "refresh augur_data.api_get_all_repo_prs: ")
	// A session that is ended takes a moment to give its locks back.
	eventually(t, pool, `SELECT NOT EXISTS (
		SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database WHERE l.locktype = 'advisory' AND d.datname = current_database())`)
	require.Equal(t, care.Running, scalar[string](t, pool, "SELECT outcome FROM augur_operations.view_refresh"))
	require.Len(t, refresh(t, c, care.RefreshOptions{Interval: 24 * time.Hour}), 13, "not at once the one that broke off")
	require.Len(t, refresh(t, c, care.RefreshOptions{}), 14)
}
