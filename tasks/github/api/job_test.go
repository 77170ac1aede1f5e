package api_test

import (
	"context"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"augur/db/config"
	"augur/facade/giturl"
	"augur/tasks"
	"augur/tasks/apikey/apikeytest"
	"augur/tasks/github/api"
	"augur/tasks/tasktest"
)

func TestAJobWithoutBudgetIsPutOffAndDoesNotFail(t *testing.T) {
	t.Parallel()
	f := newForge(t)
	f.on("/repos/o/r", refuse(403, "API rate limit exceeded", "X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", in(20*time.Minute)), answer(`{"id":1}`))
	s := f.service(t)
	catalog, settings := tasks.NewCatalog(), config.Static(config.NewRegistry())
	catalog.Add(tasks.Task{
		Kind: "github_limited", Phase: tasks.Core, Platforms: []giturl.Platform{giturl.GitHub}, Timeout: func(*config.Store) time.Duration { return time.Minute },
		Worker: tasks.WorkerFunc(func(ctx context.Context, c *tasks.Collection) error {
			_, _, err := s.Client(api.Who{JobID: c.JobID, RepoID: c.Repo.ID, Kind: "github_limited"}).Repository(ctx, repo, "")
			return err
		}),
	})
	id := tasktest.AddRepo(t, f.pool, "https://github.com/o/r")
	tasktest.Start(t, f.pool, catalog, settings, tasks.Core, id)
	done := make(chan struct{})
	go func() {
		defer close(done)
		tasktest.Work(t, f.pool, catalog, settings)
	}()
	tasktest.Eventually(t, f.pool, "SELECT count(*) = 1 FROM river.river_job WHERE state = 'scheduled' AND scheduled_at > now() + interval '15 min'")
	require.Len(t, f.requests(), 1)
	apikeytest.Advance(t, f.pool, 21*time.Minute)
	tasktest.Hurry(t, f.pool)
	<-done
	require.Equal(t, "Success", tasktest.Last(t, f.pool, tasks.Core, id).Status)
	require.Equal(t, "1 attempt, 0 errors", scalar[string](t, f.pool, `
		SELECT concat(attempt, ' attempt, ', coalesce(array_length(errors, 1), 0), ' errors') FROM river.river_job`))
	require.NoError(t, s.Close(t.Context()))
	require.Equal(t, "2 requests of job 1 for repository 1", scalar[string](t, f.pool, `
		SELECT concat(requests, ' requests of job ', job_id, ' for repository ', repo_id) FROM augur_operations.api_spending WHERE kind = 'github_limited'`))
}
