package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strconv"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
	"augur/tasks/github/api"
)

const (
	// breadthAtOnce is for how many people the allowance is asked for at a time.
	breadthAtOnce = 10
	// maxUserEvents is how many events GitHub tells of somebody.
	maxUserEvents = 300
	// lateEvents is how long after it happened an event may still come into the list: GitHub says up to six hours.
	lateEvents = 24 * time.Hour
)

// activityRow is a row of contributor_repo.
type activityRow struct {
	RepoGit   string     `json:"repo_git"`
	RepoName  string     `json:"repo_name"`
	RepoID    int64      `json:"gh_repo_id"`
	Category  *string    `json:"cntrb_category"`
	EventID   int64      `json:"event_id"`
	CreatedAt *time.Time `json:"created_at"`
}

func breadthEnabled(settings *config.Store) bool {
	return HasKey(settings) && config.Of[Settings](settings).BreadthPerDay > 0
}

// breadth asks what contributors do elsewhere: those who were first met in the repository, so that nobody is asked for twice, and with the key of that
// repository, so that their ETags hold. It lives on what others leave: when its share is used up, what is left over waits for the next run.
func (s *Source) breadth(ctx context.Context, c *tasks.Collection) error {
	client, _, err := s.client(c, KindBreadth)
	if err != nil {
		return err
	}
	var asked, events int64
	finish := func() error {
		c.Log.InfoContext(ctx, "contributors asked for what they do elsewhere", slog.Int64("contributors", asked), slog.Int64("rows", events))
		return c.Finish(ctx, nil)
	}
	for {
		people, err := s.breadthDue(ctx, c)
		if err != nil {
			return err
		}
		if len(people) == 0 {
			return finish()
		}
		for _, person := range people {
			rows, err := s.askActivity(ctx, c, client, person, asked+1)
			if _, limited := errors.AsType[*tasks.RateLimitError](err); limited {
				return finish()
			}
			if err != nil {
				return err
			}
			asked++
			events += rows
		}
	}
}

// breadthDue lists some people of the repository whose turn it is, as far as the day and the hour have something left for them.
func (s *Source) breadthDue(ctx context.Context, c *tasks.Collection) ([]db.GithubBreadthDueRow, error) {
	settings := config.Of[Settings](s.settings)
	asked, err := s.queries.GithubBreadthAsked(ctx, c.Pool())
	if err != nil {
		return nil, fmt.Errorf("count the contributors that were asked for: %w", err)
	}
	budget, err := s.queries.GithubBreadthBudget(ctx, c.Pool(), db.GithubBreadthBudgetParams{Platform: api.Platform, Resource: api.Core, Kind: KindBreadth})
	if err != nil {
		return nil, fmt.Errorf("read the budget for events of contributors: %w", err)
	}
	// The ledger hears of requests a little late, the table at once.
	spent := max(budget.Spent, asked.ThisHour)
	left := min(int64(settings.BreadthPerDay)-asked.Today, budget.Points*int64(settings.BreadthShare)/100-spent, breadthAtOnce)
	if left <= 0 {
		return nil, nil
	}
	people, err := s.queries.GithubBreadthDue(ctx, c.Pool(), db.GithubBreadthDueParams{
		RepoID: c.Repo.ID, Ghost: ghostID, After: breadthAfter(settings, asked.AllTimes), MaxUsers: int32(left),
	})
	if err != nil {
		return nil, fmt.Errorf("list contributors of %s to ask for: %w", c.Repo.URL, err)
	}
	return people, nil
}

// breadthAfter is the time between two questions about one person. When there are more people than can be asked for within the setting, it becomes longer: each has a
// turn before another has the next.
func breadthAfter(settings Settings, people int64) time.Duration {
	round := time.Duration(people/int64(max(1, settings.BreadthPerDay))) * 24 * time.Hour
	return max(settings.BreadthAfter, round)
}

// askActivity asks for the events of one person and stores them. It returns how many rows changed.
func (s *Source) askActivity(ctx context.Context, c *tasks.Collection, client *api.Client, person db.GithubBreadthDueRow, count int64) (changed int64, err error) {
	state := db.SaveGithubBreadthParams{CntrbID: person.CntrbID, ReadAt: person.ReadAt, Etag: person.Etag, Known: true}
	rows := map[int64]activityRow{}
	for read, next := 0, ""; ; {
		page, err := client.UserEvents(ctx, person.Login, value(person.Etag), next)
		if refused, ok := errors.AsType[*api.StatusError](err); ok {
			if state.Known = refused.Status != http.StatusNotFound; state.Known {
				c.Log.WarnContext(ctx, "events of a contributor left out, since GitHub does not give them", slog.String("login", person.Login), slog.Any("error", err))
			}
			break
		}
		if err != nil {
			return 0, err
		}
		if page.NotModified {
			state.ReadAt = notZero(page.Date)
			break
		}
		if next == "" {
			state.ReadAt, state.Etag, person.Etag = notZero(page.Date), notEmpty(page.ETag), nil
		}
		for _, event := range page.Items {
			if row, ok := activityOf(event); ok {
				rows[row.EventID] = row
			}
		}
		read += len(page.Items)
		if next = page.Next; next == "" || read >= maxUserEvents || knownFrom(page.Items, person.ReadAt) {
			break
		}
	}
	document, _, err := rowsOf(rows, compareIDs)
	if err != nil {
		return 0, err
	}
	return changed, c.SavePage(ctx, func(ctx context.Context, tx pgx.Tx) error {
		if changed, err = s.queries.UpsertContributorRepos(ctx, tx, db.UpsertContributorReposParams{CntrbID: person.CntrbID, Rows: document}); err != nil {
			return fmt.Errorf("store the events of %s: %w", person.Login, err)
		}
		if err := s.queries.SaveGithubBreadth(ctx, tx, state); err != nil {
			return fmt.Errorf("note that %s was asked for: %w", person.Login, err)
		}
		return c.SaveProgress(ctx, tx, count, count)
	})
}

// knownFrom tells whether the page reaches back to what was read the last time.
func knownFrom(events []*api.UserEvent, readAt *time.Time) bool {
	if readAt == nil || len(events) == 0 {
		return false
	}
	last := instant(events[len(events)-1].CreatedAt)
	return last != nil && last.Before(readAt.Add(-lateEvents))
}

// activityOf makes a row of an event. One without a number, or without a repository, has no place in the table; one that only the owner of the key may see, neither.
func activityOf(event *api.UserEvent) (row activityRow, ok bool) {
	id, err := strconv.ParseInt(event.GetID(), 10, 64)
	repo := event.GetRepo()
	private := event.Public != nil && !*event.Public
	if err != nil || id <= 0 || private || repo.GetID() <= 0 || repo.GetName() == "" {
		return row, false
	}
	return activityRow{
		RepoGit: repo.GetURL(), RepoName: repo.GetName(), RepoID: repo.GetID(), Category: event.Type, EventID: id, CreatedAt: instant(event.CreatedAt),
	}, true
}

// notZero is a time, or nil when there is none.
func notZero(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	return &t
}
