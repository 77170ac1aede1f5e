package apikey_test

import (
	"errors"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"augur/db/dbtest"
	"augur/tasks"
	"augur/tasks/apikey"
	"augur/tasks/apikey/apikeytest"
	"augur/tasks/tasktest"
)

func TestKeysAreDrainedToTheReserveAndNeverBelow(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(400, "a", "b", "c")
	limit := apikey.Limit{Reserve: 50, Block: 40}
	processes := []*apikey.Pool{f.process(t, pool, limit), f.process(t, pool, limit)}
	drain := func() {
		var group errgroup.Group
		for i := range 8 {
			s := processes[i%2].For(apikey.Who{Kind: "drain", JobID: int64(i)})
			group.Go(func() error {
				for {
					g, err := s.Take(t.Context(), core, 1)
					if limited, ok := errors.AsType[*tasks.RateLimitError](err); ok {
						if limited.Until.Before(time.Now()) {
							return errors.New("told to come back in the past")
						}
						return nil
					}
					if err != nil {
						return err
					}
					f.request(t, g, core, 1)
				}
			})
		}
		require.NoError(t, group.Wait())
		for _, p := range processes {
			require.NoError(t, p.Flush(t.Context()))
		}
	}
	for hour := range 2 {
		drain()
		drain() // what one process had taken when the other came
		for _, token := range f.tokens {
			require.Equal(t, 350, f.usedOf(token, core), "hour %d, key %s", hour, token)
		}
		require.Equal(t, 50, f.lowest)
		limited := requireLimited(t, processes[0].For(apikey.Who{}), core)
		require.ErrorContains(t, limited, "every Test key has used up its budget for core")
		require.WithinDuration(t, time.Now().Add(30*time.Minute), limited.Until, time.Minute)
		apikeytest.Advance(t, pool, 31*time.Minute)
		f.newHour()
	}
	require.EqualValues(t, 2*3*350, scalar[int64](t, pool, "SELECT sum(points)::bigint FROM augur_operations.api_spending WHERE kind = 'drain'"))
	require.EqualValues(t, 0, scalar[int64](t, pool, "SELECT count(*) FROM augur_operations.api_lease"))
	for _, token := range f.tokens {
		require.LessOrEqual(t, f.most[token], 4)
	}
}

func TestARequestCostsNoStatementWhileThereIsABlock(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(5000, "a")
	s := f.process(t, pool, apikey.Limit{Block: 50}).For(apikey.Who{RepoID: 1})
	f.request(t, take(t, s, core), core, 1)
	held := scalar[int](t, pool, "SELECT outstanding FROM augur_operations.api_lease")
	require.Equal(t, 50, held)
	changed := scalar[int64](t, pool, "SELECT sum(xmin::text::bigint)::bigint FROM augur_operations.api_lease")
	for range 49 {
		f.request(t, take(t, s, core), core, 1)
	}
	require.Equal(t, changed, scalar[int64](t, pool, "SELECT sum(xmin::text::bigint)::bigint FROM augur_operations.api_lease"))
}

func TestWhatADeadProcessHeldCountsAsUsed(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a")
	p := f.process(t, pool, apikey.Limit{Reserve: 10, Block: 40})
	f.request(t, take(t, p.For(apikey.Who{}), core), core, 1)
	require.Equal(t, 22, scalar[int](t, pool, "SELECT outstanding FROM augur_operations.api_lease"), "a quarter of what is free")
	for process, age := range map[string]time.Duration{"alive": -time.Minute, "dead": time.Second} {
		_, err := pool.Exec(t.Context(), `
			INSERT INTO augur_operations.api_lease (platform, fingerprint, resource, process, outstanding, expires_at)
			SELECT platform, fingerprint, resource, $1, 20, now() - $2::interval FROM augur_operations.api_budget WHERE resource = 'core'`, process, age)
		require.NoError(t, err)
	}
	require.NoError(t, p.Flush(t.Context()))
	require.Equal(t, "alive", scalar[string](t, pool, "SELECT string_agg(process, ',') FROM augur_operations.api_lease"))
	require.Equal(t, 100-1-20, scalar[int](t, pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
}

func TestARefusedKeyIsDisabledAndAnotherGoesOn(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a", "b")
	p := f.process(t, pool, apikey.Limit{})
	s := p.For(apikey.Who{RepoID: 7})
	g := take(t, s, core)
	bad := tokenOf(t, g)
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{Failed: true, Refused: "401 Bad credentials"}))
	g = take(t, s, core)
	require.NotEqual(t, bad, tokenOf(t, g))
	require.Equal(t, g.Fingerprint(), scalar[string](t, pool, "SELECT fingerprint FROM augur_operations.api_pin WHERE repo_id = 7"))
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{Failed: true, Refused: "401 Bad credentials"}))

	limited := requireLimited(t, s, core)
	require.ErrorIs(t, limited, errMissing)
	require.EqualError(t, limited.Err, "there is no key: every one was refused (add one)")
	require.WithinDuration(t, time.Now().Add(time.Minute), limited.Until, 10*time.Second)
	require.Equal(t, 2, scalar[int](t, pool, "SELECT count(*) FROM augur_operations.api_key WHERE disabled_reason = '401 Bad credentials'"))

	asked := f.asked["a"] + f.asked["b"]
	apikeytest.Advance(t, pool, 25*time.Hour) // a day later they are tried again
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{}))
	require.Greater(t, f.asked["a"]+f.asked["b"], asked)
}

func TestWithoutAKeyJobsWait(t *testing.T) {
	t.Parallel()
	limited := requireLimited(t, newPlatform(1).process(t, dbtest.New(t), apikey.Limit{}).For(apikey.Who{}), core)
	require.EqualError(t, limited.Err, "there is no key (add one)")
}

func TestAKeyThatWasUsedTooFastRestsTwiceAsLongEachTime(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(5000, "a")
	p := f.process(t, pool, apikey.Limit{})
	other := f.process(t, pool, apikey.Limit{})
	s := p.For(apikey.Who{})
	for i, want := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{Failed: true, TooFast: true}))
		limited := requireLimited(t, s, graphql)
		require.EqualError(t, limited.Err, "a Test key that was used too fast rests")
		require.WithinDuration(t, time.Now().Add(want*time.Minute), limited.Until, 20*time.Second, "strike %d", i)
		require.WithinDuration(t, limited.Until, requireLimited(t, other.For(apikey.Who{}), core).Until, time.Second, "other processes keep to it")
		_, err := pool.Exec(t.Context(), "UPDATE augur_operations.api_key SET blocked_until = now() - interval '1 s'")
		require.NoError(t, err)
	}
	f.request(t, take(t, s, core), core, 1)
	require.NoError(t, p.Flush(t.Context()))
	require.Zero(t, scalar[int](t, pool, "SELECT strikes FROM augur_operations.api_key"), "it works again")
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{TooFast: true, Rest: 7 * time.Second}))
	require.WithinDuration(t, time.Now().Add(7*time.Second), requireLimited(t, s, core).Until, 3*time.Second)
}

func TestTwoKeysThatRestMeanThatTheAddressIsLimited(t *testing.T) {
	t.Parallel()
	f := newPlatform(5000, "a", "b", "c")
	s := f.process(t, dbtest.New(t), apikey.Limit{}).For(apikey.Who{})
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{TooFast: true, Rest: time.Minute}))
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{TooFast: true, Rest: 2 * time.Minute}))
	require.WithinDuration(t, time.Now().Add(2*time.Minute), requireLimited(t, s, core).Until, 10*time.Second)
}

func TestKeysOfOneAccountAreOneKey(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a", "b", "c", "a")
	f.owners["a"], f.owners["c"] = "ann", "ann"
	p := f.process(t, pool, apikey.Limit{Reserve: 40, Block: 5})
	s := p.For(apikey.Who{})
	for range 2 * 60 {
		f.request(t, take(t, s, core), core, 1)
	}
	require.ErrorContains(t, requireLimited(t, s, core), "has used up its budget")
	require.Equal(t, 40, f.lowest)

	states, err := p.Check(t.Context())
	require.NoError(t, err)
	require.Len(t, states, 4)
	usable, duplicates := 0, 0
	for _, state := range states {
		if state.Usable() {
			usable++
			require.Equal(t, 40, state.Budgets[core].Remaining)
		}
		if state.DuplicateOf != "" {
			duplicates++
			require.Equal(t, "ann", state.Account)
		}
	}
	require.Equal(t, 2, usable)
	require.Equal(t, 2, duplicates)
}

func TestARepositoryStaysWithItsKey(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(1000, "a", "b")
	p := f.process(t, pool, apikey.Limit{Block: 10})
	first := take(t, p.For(apikey.Who{RepoID: 1}), core)
	pin := first.Fingerprint()
	f.request(t, first, core, 1)
	for range 30 { // in jobs of their own, also in other processes
		g := take(t, f.process(t, pool, apikey.Limit{Block: 1}).For(apikey.Who{RepoID: 1}), core)
		require.Equal(t, pin, g.Fingerprint())
		f.request(t, g, core, 1)
	}
	// It is out for a moment: the repository waits, and others go on.
	s := p.For(apikey.Who{RepoID: 1})
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{TooFast: true, Rest: 30 * time.Second}))
	require.WithinDuration(t, time.Now().Add(30*time.Second), requireLimited(t, s, core).Until, 5*time.Second)
	g := take(t, p.For(apikey.Who{RepoID: 2}), core)
	require.NotEqual(t, pin, g.Fingerprint())
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{}))
	// It is out for long: the repository moves.
	_, err := pool.Exec(t.Context(), "UPDATE augur_operations.api_key SET blocked_until = now() + interval '20 min' WHERE fingerprint = $1", pin)
	require.NoError(t, err)
	g = take(t, s, core)
	require.NotEqual(t, pin, g.Fingerprint())
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{}))
	require.NotEqual(t, pin, scalar[string](t, pool, "SELECT fingerprint FROM augur_operations.api_pin WHERE repo_id = 1"))
}

func TestBusyKeysAreNotWaitedForWhileOthersAreIdle(t *testing.T) {
	t.Parallel()
	f := newPlatform(1000, "a", "b", "c")
	s := f.process(t, dbtest.New(t), apikey.Limit{Block: 10, Concurrency: 1}).For(apikey.Who{})
	used := map[string]bool{}
	var grants []*apikey.Grant
	for range 3 {
		g := take(t, s, graphql)
		used[g.Fingerprint()] = true
		grants = append(grants, g)
	}
	require.Len(t, used, 3)
	waiting := make(chan error, 1)
	go func() {
		g, err := s.Take(t.Context(), graphql, 1)
		if err == nil {
			err = g.Done(t.Context(), apikey.Outcome{})
		}
		waiting <- err
	}()
	select {
	case err := <-waiting:
		t.Fatal(err, "a fourth request is made although all keys are busy")
	case <-time.After(50 * time.Millisecond):
	}
	for _, g := range grants {
		require.NoError(t, g.Done(t.Context(), apikey.Outcome{Cost: 1}))
	}
	require.NoError(t, <-waiting)
}

func TestAPlatformThatDoesNotAnswerIsAnErrorAndNoLimit(t *testing.T) {
	t.Parallel()
	f := newPlatform(100, "a")
	f.asks = errors.New("502 Bad Gateway")
	s := f.process(t, dbtest.New(t), apikey.Limit{}).For(apikey.Who{})
	_, err := s.Take(t.Context(), core, 1)
	require.ErrorContains(t, err, "502 Bad Gateway")
	require.NotErrorAs(t, err, new(*tasks.RateLimitError))
}

func TestRequestsWithoutAnAnswerCount(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a")
	p := f.process(t, pool, apikey.Limit{})
	for range 3 {
		require.NoError(t, take(t, p.For(apikey.Who{Kind: "k", JobID: 5, RepoID: 6}), core).Done(t.Context(), apikey.Outcome{Unanswered: true, Failed: true}))
	}
	require.NoError(t, p.Flush(t.Context()))
	require.Equal(t, 97, scalar[int](t, pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
	require.EqualValues(t, 3, scalar[int64](t, pool, "SELECT failed FROM augur_operations.api_spending WHERE kind = 'k' AND job_id = 5 AND repo_id = 6"))
}

func TestUnchangedAnswersCostNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a")
	p := f.process(t, pool, apikey.Limit{Reserve: 90})
	s := p.For(apikey.Who{Kind: "k"})
	for range 50 {
		said := f.limits("a", core)
		require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{Unchanged: true, Said: &said}))
	}
	require.NoError(t, p.Flush(t.Context()))
	require.Equal(t, 100, scalar[int](t, pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
	require.EqualValues(t, 50, scalar[int64](t, pool, "SELECT unchanged FROM augur_operations.api_spending WHERE kind = 'k' AND points = 0"))
}

func TestLateAnswersOfAnOldWindowSayNothing(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(100, "a")
	p := f.process(t, pool, apikey.Limit{})
	g, late := take(t, p.For(apikey.Who{}), core), take(t, p.For(apikey.Who{}), core)
	require.NoError(t, g.Done(t.Context(), apikey.Outcome{Said: &apikey.Limits{Limit: 100, Remaining: 99, Reset: time.Hour}}))
	require.NoError(t, p.Flush(t.Context()))
	require.NoError(t, late.Done(t.Context(), apikey.Outcome{Said: &apikey.Limits{Limit: 100, Remaining: 1, Reset: time.Second}}))
	require.NoError(t, p.Flush(t.Context()))
	require.Equal(t, 99, scalar[int](t, pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
}

func TestAWrongClockOfTheServerDoesNotStopAKeyForGood(t *testing.T) {
	t.Parallel()
	f := newPlatform(100, "a")
	s := f.process(t, dbtest.New(t), apikey.Limit{}).For(apikey.Who{})
	require.NoError(t, take(t, s, core).Done(t.Context(), apikey.Outcome{Exhausted: true, Failed: true}))
	require.WithinDuration(t, time.Now().Add(30*time.Minute), requireLimited(t, s, core).Until, time.Minute, "the window that is known goes on")
	f.request(t, take(t, s, graphql), graphql, 1)
}

func TestJobsThatBeginDoNotPileUpBlocks(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(5000, "a")
	p := f.process(t, pool, apikey.Limit{Block: 50})
	for repo := range 30 {
		f.request(t, take(t, p.For(apikey.Who{RepoID: int64(repo + 1)}), core), core, 1)
		require.LessOrEqual(t, scalar[int](t, pool, "SELECT outstanding FROM augur_operations.api_lease"), 50)
	}
}

func TestASmallBudgetIsNotAllReserve(t *testing.T) {
	t.Parallel()
	f := newPlatform(30, "a")
	p := f.process(t, dbtest.New(t), apikey.Limit{Reserve: 50})
	for range 15 {
		f.request(t, take(t, p.For(apikey.Who{}), core), core, 1)
	}
	require.ErrorContains(t, requireLimited(t, p.For(apikey.Who{}), core), "has used up its budget")
}

func TestPointsThatNobodyUsesGoBackByThemselves(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	f := newPlatform(5000, "a")
	f.request(t, take(t, f.process(t, pool, apikey.Limit{Block: 50}).For(apikey.Who{Kind: "k"}), core), core, 1)
	require.Equal(t, 50, scalar[int](t, pool, "SELECT outstanding FROM augur_operations.api_lease"))
	tasktest.Eventually(t, pool, "SELECT NOT EXISTS (SELECT FROM augur_operations.api_lease)")
	require.Equal(t, 4999, scalar[int](t, pool, "SELECT remaining FROM augur_operations.api_budget WHERE resource = 'core'"))
	require.EqualValues(t, 1, scalar[int64](t, pool, "SELECT points FROM augur_operations.api_spending WHERE kind = 'k'"))
}
