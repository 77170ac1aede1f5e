package monitor

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/jackc/pgx/v5"

	"augur/db"
	"augur/db/config"
	"augur/tasks"
)

// Bounds on what a tick reads of a phase: more places than maxStarts are filled by the next ticks. When more waits than the window of those that
// wait longest shows, maxShares shares (or those of as many users) are visited, too, other ones each time.
const (
	maxStarts = 10_000
	minWindow = 256
	maxShares = 64
)

// plan is what the settings say about a phase.
type plan struct {
	phase    tasks.Phase
	places   places
	interval time.Duration
	// early is the part of the interval by which jitter lets it come early.
	early float64
	// large is the size from which a repository is large.
	large  int64
	prelim bool
}

// plans lists the phases that are switched on.
func plans(settings *config.Store) []plan {
	return plansOf(config.Of[Tasks](settings), config.Of[TaskRoutine](settings))
}

func plansOf(limits Tasks, routine TaskRoutine) []plan {
	var on []plan
	add := func(enabled bool, phase tasks.Phase, limit int, interval time.Duration, large int) {
		if enabled {
			on = append(on, plan{
				phase: phase, places: placesOf(limit, limits.LargePercent), interval: interval,
				early: float64(limits.JitterPercent) / 100, large: int64(large), prelim: routine.Prelim,
			})
		}
	}
	add(routine.Core, tasks.Core, limits.MaxCore, limits.CoreInterval, limits.LargeIssues)
	add(routine.Secondary, tasks.Secondary, limits.MaxSecondary, limits.SecondaryInterval, limits.LargeIssues)
	add(routine.Facade, tasks.Facade, limits.MaxFacade, limits.FacadeInterval, limits.LargeCommits)
	add(routine.ML, tasks.ML, limits.MaxML, limits.MLInterval, limits.LargeCommits)
	return on
}

// backlog is a list of those that wait, of which a tick sees only the head.
type backlog struct {
	phase tasks.Phase
	wait  string
}

// visits is how far the visit of a backlog's shares has come; the next tick goes on there.
type visits struct {
	// user is the user group that comes next.
	user int64
	// groups are the repository groups that come next, for the users that have more than were visited.
	groups map[int64]int64
}

// running reads what is Collecting, per phase.
func (m *Monitor) running(ctx context.Context, tx pgx.Tx, limits Tasks) (map[tasks.Phase][]load, error) {
	rows, err := m.queries.RunningShares(ctx, tx, db.RunningSharesParams{LargeIssues: int64(limits.LargeIssues), LargeCommits: int64(limits.LargeCommits)})
	if err != nil {
		return nil, fmt.Errorf("count what is Collecting: %w", err)
	}
	running := map[tasks.Phase][]load{}
	for _, row := range rows {
		phase := tasks.Phase(row.Phase)
		running[phase] = append(running[phase], load{
			fresh: row.Fresh, large: row.Large, userGroup: row.UserGroupID, repoGroup: row.RepoGroupID, running: int(row.Repos),
		})
	}
	return running, nil
}

// waiting reads what may start now: at least as many as there are free places, if there are so many, and of every share something.
func (m *Monitor) waiting(ctx context.Context, tx pgx.Tx, p plan, platforms []string, free int) ([]candidate, error) {
	window := max(2*min(free, maxStarts), minWindow)
	params := db.WaitingReposParams{
		Platforms: platforms, Phase: string(p.phase), Large: p.large, MaxRepos: int32(window), Interval: p.interval, Early: p.early, Since: m.Since, //nolint:gosec // bounded
	}
	rows, err := m.queries.WaitingRepos(ctx, tx, params)
	if err != nil {
		return nil, fmt.Errorf("list what waits longest: %w", err)
	}
	found := make([]candidate, 0, len(rows))
	seen := make(map[int64]bool, len(rows))
	shown := map[string]int{}
	for _, row := range rows {
		found = append(found, candidate{
			repoID: row.RepoID, wait: row.Wait, fresh: row.Fresh, large: row.Large && p.places.large > 0,
			userGroup: row.UserGroupID, repoGroup: row.RepoGroupID, due: row.DueAt,
		})
		seen[row.RepoID] = true
		if !row.Large {
			shown[row.Wait]++
		}
	}
	for _, wait := range []string{"new", "due"} {
		if shown[wait] < window {
			continue
		}
		hidden, err := m.visit(ctx, tx, p, platforms, wait, free)
		if err != nil {
			return nil, fmt.Errorf("list what waits in shares: %w", err)
		}
		found = append(found, slices.DeleteFunc(hidden, func(c candidate) bool { return seen[c.repoID] })...)
	}
	return found, nil
}

// visit reads what waits longest in some shares of a backlog: in some repository groups of some user groups. When there are more of them, the next
// tick visits others.
func (m *Monitor) visit(ctx context.Context, tx pgx.Tx, p plan, platforms []string, wait string, free int) ([]candidate, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	at := m.visits[backlog{p.phase, wait}]
	if at.groups == nil {
		at.groups = map[int64]int64{}
	}
	users, err := m.visitUsers(ctx, tx, p, platforms, wait, &at)
	if err != nil || len(users) == 0 {
		return nil, err
	}
	groups := max(1, maxShares/len(users))
	params := db.WaitingSharesParams{
		Phase: string(p.phase), Wait: wait, Large: p.large, Interval: p.interval, Platforms: platforms,
		MaxGroups: int32(groups), MaxRepos: int32(max(1, min(free, 4*maxStarts/maxShares))), //nolint:gosec // bounded
	}
	var found []candidate
	// Twice at most: the second time for users the end of whose list was reached, from its beginning.
	for len(users) > 0 {
		params.Users, params.FromGroups = users, make([]int64, len(users))
		for i, user := range users {
			params.FromGroups[i] = at.groups[user]
			delete(at.groups, user)
		}
		rows, err := m.queries.WaitingShares(ctx, tx, params)
		if err != nil {
			return nil, fmt.Errorf("visit repository groups: %w", err)
		}
		for _, row := range rows {
			if last := at.groups[row.UserGroupID]; int(row.Visits) == groups && (last == 0 || row.RepoGroupID < last) {
				at.groups[row.UserGroupID] = row.RepoGroupID + 1
			}
			if row.RepoID != 0 {
				found = append(found, shareCandidate(row, p, wait))
			}
		}
		var again []int64
		for i, user := range users {
			if at.groups[user] == 0 && params.FromGroups[i] > 0 {
				again = append(again, user)
			}
		}
		users = again
	}
	m.visits[backlog{p.phase, wait}] = at
	return unique(found), nil
}

// visitUsers lists the user groups to visit, and moves on.
func (m *Monitor) visitUsers(ctx context.Context, tx pgx.Tx, p plan, platforms []string, wait string, at *visits) ([]int64, error) {
	params := db.WaitingUsersParams{Phase: string(p.phase), Wait: wait, Platforms: platforms, FromUser: at.user, MaxUsers: maxShares}
	users, err := m.queries.WaitingUsers(ctx, tx, params)
	if err == nil && len(users) < maxShares && at.user > 0 {
		// The end of the list is reached: go on from its beginning.
		var more []int64
		params.FromUser = 0
		more, err = m.queries.WaitingUsers(ctx, tx, params)
		users = append(users, slices.DeleteFunc(more, func(user int64) bool { return slices.Contains(users, user) })...)
		users = users[:min(len(users), maxShares)]
	}
	if err != nil {
		return nil, fmt.Errorf("visit user groups: %w", err)
	}
	at.user = 0
	if len(users) == maxShares {
		at.user = users[len(users)-1] + 1
	}
	return users, nil
}

func shareCandidate(row db.WaitingSharesRow, p plan, wait string) candidate {
	c := candidate{repoID: row.RepoID, wait: wait, fresh: row.Fresh, userGroup: row.UserGroupID, repoGroup: row.RepoGroupID, due: row.Since}
	if wait == "due" {
		c.due = dueAt(row.Since, p, row.RepoID)
	}
	return c
}

// unique leaves out what two visits saw.
func unique(list []candidate) []candidate {
	seen := make(map[int64]bool, len(list))
	return slices.DeleteFunc(list, func(c candidate) bool {
		twice := seen[c.repoID]
		seen[c.repoID] = true
		return twice
	})
}

// dueAt is when a phase that was collected at a time is due again, jitter considered.
func dueAt(collected time.Time, p plan, repoID int64) time.Time {
	return collected.Add(time.Duration(float64(p.interval) * (1 - p.early*jitter(repoID, p.phase))))
}

// jitter is augur_operations.collection_jitter: the part of the jitter, from 0 to below 1, by which a phase of a repository comes early. Multiples of
// the golden ratio spread neighbouring ids evenly; phases of one repository are a quarter of the way apart.
func jitter(repoID int64, phase tasks.Phase) float64 {
	const golden, turn = 2654435761, 1 << 32
	quarter := int64(slices.Index(tasks.Phases(), phase)) * (turn / 4)
	return float64(((repoID&(1<<31-1))*golden+quarter)&(turn-1)) / turn
}
