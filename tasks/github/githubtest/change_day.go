package githubtest

import (
	"slices"
	"time"
)

// AdvanceDay lets a day pass in which 30 issues and 20 pull requests of each repository change, or as many as it has: some are opened, closed, merged,
// reviewed, talked about.
func (s *Server) AdvanceDay(repos ...*Repo) {
	morning := s.clock.Now().Truncate(time.Second)
	for _, r := range repos {
		r.Change(func() { r.day(morning) })
	}
	s.clock.Advance(24 * time.Hour)
}

func (r *Repo) day(morning time.Time) {
	e := r.editor(morning)
	change := func(n int, rows []*Issue, open func(), alter func(n int, i *Issue)) {
		die := newRandom(uint64(morning.Unix()), uint64(r.ID)) //nolint:gosec // both are positive
		for k, i := range some(die, rows, n-n/6) {
			e.at = e.at.Add(13 * time.Minute)
			alter(k, i)
		}
		for range n / 6 {
			e.at = e.at.Add(13 * time.Minute)
			open()
		}
	}
	change(30, r.onlyIssues(), func() { e.openIssue(e.author(), e.rnd.text(40), e.rnd.text(200)) }, func(n int, i *Issue) {
		if i.State == "open" && n%2 == 0 {
			e.close(i, e.author())
			return
		}
		e.comment(i, e.author(), e.rnd.text(100))
	})
	change(20, r.pulls(), func() { e.openPull(e.author(), e.rnd.text(40)) }, func(n int, i *Issue) {
		switch {
		case i.State == "open" && n%2 == 0:
			e.merge(i, e.author())
		case n%3 == 0:
			e.reviewComment(e.review(i, e.author(), "COMMENTED", e.rnd.text(60)), e.rnd.text(60))
		default:
			e.comment(i, e.author(), e.rnd.text(100))
		}
	})
}

func (r *Repo) onlyIssues() []*Issue {
	return slices.DeleteFunc(slices.Clone(r.Issues), func(i *Issue) bool { return i.Pull != nil })
}

func (r *Repo) pulls() []*Issue {
	return slices.DeleteFunc(slices.Clone(r.Issues), func(i *Issue) bool { return i.Pull == nil })
}
