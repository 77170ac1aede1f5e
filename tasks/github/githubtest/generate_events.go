package githubtest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// events tells how everything came to be as it is, and fills up with what means nothing until there are as many as the shape says.
func (w *work) events() {
	r, rnd := w.repo, w.rnd
	budget := w.shape.Events
	add := func(i *Issue, kind string, actor *User, at time.Time, more func(*Event)) {
		if budget == 0 {
			return
		}
		budget--
		e := &Event{Issue: i, repo: r, Kind: kind, Actor: actor, Created: at}
		if more != nil {
			more(e)
		}
		i.Events = append(i.Events, e)
		r.Events = append(r.Events, e)
	}
	for _, i := range r.Issues {
		if i.State == "closed" {
			add(i, "closed", i.ClosedBy, i.Closed, func(e *Event) {
				if e.Reason = i.StateReason; rnd.in(6) {
					e.CommitID = rnd.sha()
				}
			})
		}
		if i.Pull != nil && !i.Pull.Merged.IsZero() {
			add(i, "merged", i.Pull.MergedBy, i.Pull.Merged, func(e *Event) { e.CommitID = i.Pull.MergeCommit })
		}
	}
	for _, i := range r.Issues {
		for _, l := range i.Labels {
			add(i, "labeled", w.author(), i.Created, func(e *Event) { e.Label = l })
		}
		for _, u := range i.Assignees {
			add(i, "assigned", w.author(), rnd.between(i.Created, w.now), func(e *Event) { e.Subject = u })
		}
		if i.Milestone != nil {
			add(i, "milestoned", w.author(), rnd.between(i.Created, w.now), func(e *Event) { e.Title = i.Milestone.Title })
		}
		if i.Pull != nil {
			for _, u := range i.Pull.Reviewers {
				add(i, "review_requested", i.User, i.Created, func(e *Event) { e.Subject = u })
			}
		}
	}
	for budget > 0 && len(r.Issues) > 0 {
		i := pick(rnd, r.Issues)
		at := rnd.between(i.Created, w.now)
		switch rnd.IntN(10) {
		case 0:
			add(i, "renamed", w.author(), at, func(e *Event) { e.Title, e.Renamed = rnd.text(30), i.Title })
		case 1:
			add(i, "referenced", w.author(), at, func(e *Event) { e.CommitID = rnd.sha() })
		case 2, 3:
			add(i, "mentioned", w.author(), at, nil)
		case 4:
			if len(r.Labels) > 0 {
				add(i, "unlabeled", w.author(), at, func(e *Event) { e.Label = pick(rnd, r.Labels) })
			}
		case 5:
			kinds := plainKinds
			if i.Pull != nil {
				kinds = pullKinds
			}
			add(i, pick(rnd, kinds), w.author(), at, nil)
		default:
			add(i, "subscribed", w.author(), at, nil)
		}
	}
}

// odd puts in what real data holds and made-up data does not.
func (w *work) odd() {
	r := w.repo
	if !w.shape.Odd || len(r.Issues) < 600 || len(r.Comments) < 600 || len(r.ReviewComments) < 300 {
		return
	}
	for n, body := range []string{
		"a NUL \x00 inside", "\x00", strings.Repeat("x\r\n", 65_536/3), "half of a pair: \xed\xa0\xbd!", "\u202eright to left", "\\u0000 is text here",
		"'); drop table message; --", strings.Repeat("長", 21_845), "\t\v\f\x1b[31mred", "<!-- comment --> <script>alert(1)</script>",
	} {
		r.Issues[50*n+7].Body = body
		r.Comments[50*n+3].Body = body
		r.ReviewComments[20*n+11].Body = body
	}
	r.Issues[9].Title = "title with a NUL \x00 in it"
	// A robot passes over old items: hundreds of rows in a second, more than a page holds.
	sweep := w.now.AddDate(0, -2, 0).Truncate(time.Second)
	for n := range 250 {
		c := r.Comments[len(r.Comments)/3+n]
		if c.Created.Before(sweep) {
			c.Updated = sweep
		}
	}
	for n, e := range r.Events {
		if n%15_000 == 77 {
			e.Issue.Events = slices.DeleteFunc(e.Issue.Events, func(other *Event) bool { return other == e })
			e.Issue = nil
		}
	}
}

// settle gives comments and events their numbers in the order of time, as GitHub does, and items the time of their last change.
func (w *work) settle() {
	r := w.repo
	slices.SortStableFunc(r.Comments, func(a, b *Comment) int { return a.Created.Compare(b.Created) })
	for _, c := range r.Comments {
		c.ID = next(&w.comment)
		c.Issue.Updated = latest(c.Issue.Updated, c.Updated)
	}
	slices.SortStableFunc(r.Events, func(a, b *Event) int { return a.Created.Compare(b.Created) })
	for _, e := range r.Events {
		e.ID = next(&w.event)
		if e.Issue != nil && e.Kind != "mentioned" && e.Kind != "subscribed" {
			e.Issue.Updated = latest(e.Issue.Updated, e.Created)
		}
	}
	for _, i := range r.Issues {
		slices.SortFunc(i.Comments, func(a, b *Comment) int { return cmp.Compare(a.ID, b.ID) })
		slices.SortFunc(i.Events, func(a, b *Event) int { return cmp.Compare(a.ID, b.ID) })
		if i.Pull == nil {
			continue
		}
		slices.SortFunc(i.Pull.Reviews, func(a, b *Review) int { return a.Submitted.Compare(b.Submitted) })
		for _, v := range i.Pull.Reviews {
			i.Updated = latest(i.Updated, v.Submitted)
		}
		for _, c := range i.Pull.ReviewComments {
			i.Updated = latest(i.Updated, c.Updated)
		}
	}
	if !w.shape.Odd || len(r.Issues) < 600 {
		return
	}
	sweep := w.now.AddDate(0, -1, 0).Truncate(time.Second)
	for _, i := range r.Issues[100:450] {
		if i.Updated.Before(sweep) {
			i.Updated = sweep
		}
	}
}

func latest(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
