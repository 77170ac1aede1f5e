package githubtest

import (
	"slices"
	"time"
)

// live gives everybody a past of half a year in the repositories there are.
func (g *generator) live() {
	repos := g.s.ordered
	if len(repos) == 0 {
		return
	}
	kinds := []string{"PushEvent", "PushEvent", "PullRequestEvent", "IssuesEvent", "IssueCommentEvent", "WatchEvent", "ForkEvent", "CreateEvent"}
	until := g.s.clock.Now().Truncate(time.Second)
	for _, u := range g.people {
		die := newRandom(g.seed, uint64(u.ID)) //nolint:gosec // ids are positive
		count := pick(die, []int{0, 3 + die.IntN(30), 40 + die.IntN(100), 200 + die.IntN(400)})
		past := make([]*Activity, count)
		for i := range past {
			past[i] = &Activity{Kind: pick(die, kinds), Actor: u, Repo: pick(die, repos), Created: die.between(until.AddDate(0, 0, -180), until)}
		}
		slices.SortStableFunc(past, func(a, b *Activity) int { return a.Created.Compare(b.Created) })
		for _, a := range past {
			a.ID = next(&g.activity)
		}
		g.s.activity[u.Login] = past
	}
}
