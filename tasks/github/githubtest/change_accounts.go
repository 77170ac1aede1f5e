package githubtest

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

// Rename gives a repository another name OWNER/NAME: another owner is a transfer. Its former name leads to it (301) until another has that name.
func (s *Server) Rename(r *Repo, full string) {
	owner, name, _ := strings.Cut(full, "/")
	r.Change(func() {
		former := strings.ToLower(r.full)
		delete(s.repos, former)
		s.moved[former] = r
		r.rename(s.gen.owner(owner), name)
		delete(s.moved, strings.ToLower(r.full))
		s.repos[strings.ToLower(r.full)] = r
	})
}

// AddUser makes an account of a type: User, Organization, Bot, Mannequin.
func (s *Server) AddUser(login, kind string) *User {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.gen.newUser(newRandom(s.gen.seed, uint64(s.gen.user)), login, kind) //nolint:gosec // ids are positive
}

// RenameUser gives an account another login. The former one is free for others.
func (s *Server) RenameUser(u *User, login string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, strings.ToLower(u.Login))
	u.Login = login
	s.addUser(u)
	for _, r := range s.ordered {
		r.changed()
		if r.Owner == u {
			delete(s.repos, strings.ToLower(r.full))
			s.moved[strings.ToLower(r.full)] = r
			r.rename(u, r.Name)
			s.repos[strings.ToLower(r.full)] = r
		}
	}
}

// DeleteUser deletes an account: what it wrote has no author any more.
func (s *Server) DeleteUser(u *User) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.users, strings.ToLower(u.Login))
	delete(s.userByID, u.ID)
	for _, r := range s.ordered {
		r.forget(u)
		r.changed()
	}
}

// forget puts null wherever somebody is named.
func (r *Repo) forget(u *User) {
	gone := func(who **User) {
		if *who == u {
			*who = nil
		}
	}
	without := func(list []*User) []*User {
		return slices.DeleteFunc(slices.Clone(list), func(other *User) bool { return other == u })
	}
	r.Contributors = slices.DeleteFunc(r.Contributors, func(c *Contributor) bool { return c.User == u })
	for _, i := range r.Issues {
		gone(&i.User)
		gone(&i.ClosedBy)
		i.Assignees = without(i.Assignees)
		if p := i.Pull; p != nil {
			gone(&p.MergedBy)
			gone(&p.Head.User)
			p.Reviewers = without(p.Reviewers)
			for _, c := range p.Commits {
				gone(&c.Author)
				gone(&c.Committer)
			}
			for _, v := range p.Reviews {
				gone(&v.User)
			}
		}
	}
	for _, c := range r.Comments {
		gone(&c.User)
	}
	for _, c := range r.ReviewComments {
		gone(&c.User)
	}
	for _, e := range r.Events {
		gone(&e.Actor)
		gone(&e.Subject)
	}
	for _, v := range r.Releases {
		gone(&v.Author)
	}
}

// AddActivity adds an event to somebody's timeline, as users/LOGIN/events tells it: a PushEvent, an IssuesEvent.
func (s *Server) AddActivity(u *User, r *Repo, kind string) *Activity {
	s.mu.Lock()
	defer s.mu.Unlock()
	a := &Activity{ID: next(&s.gen.activity), Kind: kind, Actor: u, Repo: r, Created: s.clock.Now().Truncate(time.Second)}
	s.activity[u.Login] = append(s.activity[u.Login], a)
	slices.SortStableFunc(s.activity[u.Login], func(a, b *Activity) int { return cmp.Or(a.Created.Compare(b.Created), cmp.Compare(a.ID, b.ID)) })
	return a
}
