package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
)

// record is what was seen while it went on. It is safe for concurrent use.
type record struct {
	mu           sync.Mutex
	kills        []death
	crowds       []*span
	inconsistent int
	told         map[string]int // what was wrong, and how often that was seen
}

// death is a worker that was killed.
type death struct {
	pid int
	at  time.Time
}

// span is a time in which nobody got a connection to the server: with no end while it goes on.
type span struct{ from, to time.Time }

func newRecord() *record { return &record{told: map[string]int{}} }

func (r *record) killed(pid int, at time.Time) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.kills = append(r.kills, death{pid, at})
}

// crowded notes that from now on nobody gets a connection, and returns what notes the end of that.
func (r *record) crowded() (dispersed func()) {
	r.mu.Lock()
	defer r.mu.Unlock()
	crowd := &span{from: time.Now()}
	r.crowds = append(r.crowds, crowd)
	return func() {
		r.mu.Lock()
		defer r.mu.Unlock()
		crowd.to = time.Now()
	}
}

// reachable is since when everybody has been able to connect to the server: a time long ago, the end of the last crowd, or now while there is one.
func (r *record) reachable() time.Time {
	r.mu.Lock()
	defer r.mu.Unlock()
	if len(r.crowds) == 0 {
		return time.Unix(0, 0)
	}
	if last := r.crowds[len(r.crowds)-1]; !last.to.IsZero() {
		return last.to
	}
	return time.Now()
}

// noticed is how long it took from a death to a rescue, without the time in which nobody could connect to the server.
func (r *record) noticed(died, rescued time.Time) time.Duration {
	took := rescued.Sub(died)
	for _, crowd := range r.crowds {
		from, to := crowd.from, crowd.to
		if from.Before(died) {
			from = died
		}
		if to.After(rescued) {
			to = rescued
		}
		if from.Before(to) {
			took -= to.Sub(from)
		}
	}
	return took
}

// wrong notes a fault of what is tested.
func (r *record) wrong(what string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.inconsistent++
	r.told[what]++
}

// strandedSQL lists jobs that are running and that nobody has held for a quarter of a minute, though the server was there, and had connections for those who
// would have noticed since the time.
const strandedSQL = `
SELECT 'job ' || j.id || ' (' || j.kind || ') is running, and nobody holds it'
FROM river.river_job j
LEFT JOIN augur_operations.worker_lease l ON l.client_id = j.attempted_by[array_upper(j.attempted_by, 1)]
WHERE j.state = 'running' AND NOT coalesce(j.id = ANY (l.held) AND l.beat_at > clock_timestamp() - interval '15 s', false)
    AND greatest(j.attempted_at, coalesce(l.beat_at, '-infinity'), pg_postmaster_start_time(), $1) < clock_timestamp() - interval '15 s'`

// takenSQL lists jobs that wait for a worker although a living one says that it works on them, with its heartbeat.
const takenSQL = `
SELECT l.client_id, j.id, l.beat_at
FROM augur_operations.worker_lease l CROSS JOIN unnest(l.held) AS held (id) JOIN river.river_job j ON j.id = held.id
WHERE j.state IN ('available', 'scheduled', 'retryable', 'pending')`

// claim is that a process works on a job.
type claim struct {
	client string
	job    int64
}

// taken finds jobs that somebody took from the worker that works on them. The first heartbeats may have been on their way when the job had ended:
// what counts is the third in a row.
type taken struct {
	last  map[claim]time.Time
	beats map[claim]int
}

// look reads the claims that are seen at a time, and returns the jobs that were taken.
func (t *taken) look(rows pgx.Rows) (jobs []int64, err error) {
	last, beats := map[claim]time.Time{}, map[claim]int{}
	var c claim
	var at time.Time
	_, err = pgx.ForEachRow(rows, []any{&c.client, &c.job, &at}, func() error {
		beats[c], last[c] = t.beats[c], at
		if !at.Equal(t.last[c]) {
			beats[c]++
			if beats[c] == 3 {
				jobs = append(jobs, c.job)
			}
		}
		return nil
	})
	if err == nil {
		t.last, t.beats = last, beats
	}
	return jobs, err
}

// watch looks at what must always hold, as often as it can. The view is empty at every commit, not only some time after a fault.
func (w *world) watch(ctx context.Context) {
	var away taken
	for pause(ctx, 50*time.Millisecond) == nil {
		if rows, err := w.pool.Query(ctx, takenSQL); err == nil {
			jobs, _ := away.look(rows) // the server may be restarted
			for _, id := range jobs {
				w.record.wrong(fmt.Sprintf("job %d waits for a worker while one works on it", id))
			}
		}
		rows, err := w.pool.Query(ctx, "SELECT repo_id || ' ' || phase || ': ' || violation FROM augur_operations.collection_violation UNION ALL "+strandedSQL, w.record.reachable())
		if err != nil {
			continue // the server is being restarted
		}
		var wrong []string
		for rows.Next() {
			var text string
			if rows.Scan(&text) == nil {
				wrong = append(wrong, text)
			}
		}
		if rows.Err() != nil {
			continue
		}
		for _, text := range wrong {
			w.record.wrong(text)
		}
	}
}

// Each counts what is wrong in the end.
const (
	// duplicatedSQL counts pages that were written more than once.
	duplicatedSQL = "SELECT coalesce(sum(n - 1), 0)::int FROM (SELECT count(*) AS n FROM public.chaos_ledger GROUP BY run_id, kind, page) AS c WHERE n > 1"
	// lostSQL counts pages of tasks that are done and that are not in the ledger, phases that did not come to an end, and runs that did not.
	lostSQL = `
SELECT (
    SELECT coalesce(sum(p.pages - coalesce(l.n, 0)), 0)
    FROM augur_operations.collection_task t
    JOIN public.chaos_pages p ON p.kind = t.kind
    LEFT JOIN (SELECT run_id, kind, count(DISTINCT page) AS n FROM public.chaos_ledger GROUP BY 1, 2) AS l ON l.run_id = t.run_id AND l.kind = t.kind
    WHERE t.state = 'done'
)::int + (
    SELECT count(*) FROM augur_operations.collection_phase WHERE status NOT IN ('Success', 'Pending')
)::int + (
    SELECT count(*) FROM augur_operations.collection_run WHERE finished_at IS NULL
)::int`
	// strayedSQL counts what queue and tasks say differently in the end.
	strayedSQL = `
SELECT (SELECT count(*) FROM augur_operations.collection_violation)::int
    + (SELECT count(*) FROM augur_operations.collection_task t JOIN river.river_job j ON j.id = t.job_id WHERE (t.state = 'done') <> (j.state = 'completed'))::int
    + (SELECT count(*) FROM augur_operations.collection_run c WHERE outcome = 'Success'
        AND EXISTS (SELECT 1 FROM augur_operations.collection_task t WHERE t.run_id = c.run_id AND t.state <> 'done'))::int`
	jobsSQL    = "SELECT count(*)::int FROM augur_operations.collection_task WHERE state = 'done'"
	rescuedSQL = "SELECT count(*)::int FROM river.river_job WHERE metadata ? 'rescued_from'"
	// noticedSQL lists when the jobs of killed workers were given to others.
	noticedSQL = `
SELECT split_part(old.attempted_by[array_upper(old.attempted_by, 1)], '-', 2)::int, new.created_at
FROM river.river_job new
JOIN river.river_job old ON old.id = (new.metadata ->> 'rescued_from')::bigint`
)

// verdict prints what came of it, and returns an error when that is not what it should be.
func (w *world) verdict(ctx context.Context, stdout io.Writer, left int) error {
	count := func(query string, args ...any) (n int, err error) {
		if err = w.pool.QueryRow(ctx, query, args...).Scan(&n); err != nil {
			return 0, fmt.Errorf("count: %w", err)
		}
		return n, nil
	}
	lost, err1 := count(lostSQL)
	duplicated, err2 := count(duplicatedSQL)
	strayed, err3 := count(strayedSQL)
	jobs, err4 := count(jobsSQL)
	rescued, err5 := count(rescuedSQL)
	notices, err6 := w.notices(ctx)
	if err := errors.Join(err1, err2, err3, err4, err5, err6); err != nil {
		return err
	}
	if w.control == "" && w.history == "" {
		quarantined, err := count("SELECT count(*)::int FROM augur_operations.collection_run WHERE reason LIKE '%' || $1 || '%' AND repo_id IN (SELECT repo_id FROM augur_data.repo WHERE repo_git LIKE '%gitlab%')", deadlyReason)
		if err != nil {
			return err
		}
		if quarantined != 1 {
			w.record.wrong(fmt.Sprintf("the job that kills its worker was quarantined %d times, not once", quarantined))
		}
	}
	if repairs, err := count("SELECT coalesce(sum(repairs), 0)::int FROM public.chaos_repairs"); err != nil {
		return err
	} else if repairs > 0 {
		w.record.wrong(fmt.Sprintf("%d things that nobody changed by hand were put right", repairs))
	}
	if w.origin != nil {
		if err := w.compareGit(ctx); err != nil {
			return err
		}
	}
	inconsistent := w.record.inconsistent + strayed
	for what, n := range w.record.told {
		fmt.Fprintf(stdout, "seen %d times: %s\n", n, what)
	}
	if left > 0 {
		fmt.Fprintf(stdout, "%d processes were left behind, and were killed\n", left)
	}
	if n := len(notices); n > 0 {
		fmt.Fprintf(stdout, "dead workers' jobs given to others after: p50 %.1fs, p99 %.1fs, max %.1fs (%d jobs; lease %s)\n",
			notices[n/2].Seconds(), notices[min(n*99/100, n-1)].Seconds(), notices[n-1].Seconds(), n, w.lease.Length)
	}
	if w.control != "" {
		return w.proven(stdout, lost, duplicated, inconsistent)
	}
	fmt.Fprintf(stdout, "crowds=%d fulls=%d left_behind=%d lease=%s workers=%d\n", w.done[crowd], w.done[full], left, w.lease.Length, w.workers)
	var longest time.Duration
	notice := "none" // no worker was killed that had jobs
	if len(notices) > 0 {
		longest = notices[len(notices)-1]
		notice = fmt.Sprintf("%.1fs", longest.Seconds())
	}
	fmt.Fprintf(stdout, "chaos: seed=%d kills=%d freezes=%d restarts=%d cuts=%d jobs=%d rescued=%d lost=%d duplicated=%d inconsistent=%d max_notice=%s\n",
		w.seed, w.done[kill], w.done[freeze], w.done[restart], w.done[cut], jobs, rescued, lost, duplicated, inconsistent, notice)
	if lost+duplicated+inconsistent+left > 0 || longest > noticeLimit {
		return errFaults
	}
	return nil
}

// errBlind says that a control found nothing.
var errBlind = errors.New("a protection was taken away and nothing was found: the harness would not notice")

// proven tells what a control found.
func (w *world) proven(stdout io.Writer, lost, duplicated, inconsistent int) error {
	fmt.Fprintf(stdout, "control without %s: lost=%d duplicated=%d inconsistent=%d, after %d freezes and %d cuts\n",
		w.control, lost, duplicated, inconsistent, w.done[freeze], w.done[cut])
	if lost+duplicated+inconsistent == 0 {
		return fmt.Errorf("control %s: %w", w.control, errBlind)
	}
	return nil
}

// noticeLimit is how long a dead worker may go unnoticed.
const noticeLimit = 20 * time.Second

// notices are the times between the death of a worker and the rescue of each of its jobs, the shortest first, as far as a monitor could reach the server.
func (w *world) notices(ctx context.Context) ([]time.Duration, error) {
	rows, err := w.pool.Query(ctx, noticedSQL)
	if err != nil {
		return nil, fmt.Errorf("list rescues: %w", err)
	}
	defer rows.Close()
	var found []time.Duration
	for rows.Next() {
		var pid int
		var at time.Time
		if err := rows.Scan(&pid, &at); err != nil {
			return nil, fmt.Errorf("list rescues: %w", err)
		}
		for _, d := range w.record.kills {
			// A process may have lost jobs while it lived, and ids of processes come again.
			if after := at.Sub(d.at); d.pid == pid && after > 0 && after < 2*time.Minute {
				found = append(found, w.record.noticed(d.at, at))
			}
		}
	}
	slices.Sort(found)
	return found, rows.Err()
}

// compareGit compares what the real tasks of git stored with what there is.
func (w *world) compareGit(ctx context.Context) error {
	want, err := w.origin.count(ctx)
	if err != nil {
		return err
	}
	var rows, commits int
	err = w.pool.QueryRow(ctx, `SELECT count(*)::int, count(DISTINCT cmt_commit_hash)::int FROM augur_data.commits
		WHERE repo_id = (SELECT repo_id FROM augur_data.repo WHERE repo_git = $1)`, w.origin.dir).Scan(&rows, &commits)
	if err != nil {
		return fmt.Errorf("count commits: %w", err)
	}
	if rows != want || commits != want {
		w.record.wrong(fmt.Sprintf("git has %d commits of one file each, the database %d commits in %d rows", want, commits, rows))
	}
	return nil
}
