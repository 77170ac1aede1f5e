package githubtest

import (
	"maps"
	"sync"
)

// Count is what was asked under one name.
type Count struct {
	Requests     int // all that came in
	Points       int // that they cost
	NotModified  int // 304: free
	Limited      int // refused for an hourly limit
	Secondary    int // refused for a secondary limit
	TooEarly     int // made although GitHub had said how long to wait
	Unauthorized int // with a key that GitHub does not know
	Faults       int // answered wrongly on purpose
}

// Counts is what was asked since the start, or since Reset.
type Counts struct {
	Total      Count
	Operations map[string]Count // by GitHub's name, as "issues/list-for-repo", or "graphql NAME"
	Keys       map[string]Count // by token
	AtOnce     int              // the most requests of one key that were under way at a time
}

type counter struct {
	mu     sync.Mutex
	now    Counts
	flying map[string]int
}

// enter notes that a request is under way until the returned function is called.
func (c *counter) enter(k *key) func() {
	if k == nil {
		return func() {}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.flying == nil {
		c.flying = map[string]int{}
	}
	c.flying[k.user.login]++
	c.now.AtOnce = max(c.now.AtOnce, c.flying[k.user.login])
	return func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		c.flying[k.user.login]--
	}
}

// underWay is the number of requests of a key's user that are not answered yet.
func (c *counter) underWay(k *key) int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.flying[k.user.login]
}

func (c *counter) add(call *call, change func(*Count)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.now.Operations == nil {
		c.now.Operations, c.now.Keys = map[string]Count{}, map[string]Count{}
	}
	change(&c.now.Total)
	n := c.now.Operations[call.name]
	change(&n)
	c.now.Operations[call.name] = n
	if call.key != nil {
		n := c.now.Keys[call.key.token]
		change(&n)
		c.now.Keys[call.key.token] = n
	}
}

// Counts is what was asked so far.
func (s *Server) Counts() Counts {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	copied := s.counts.now
	copied.Operations, copied.Keys = maps.Clone(copied.Operations), maps.Clone(copied.Keys)
	return copied
}

// ResetCounts begins counting anew, and returns what was counted before.
func (s *Server) ResetCounts() Counts {
	s.counts.mu.Lock()
	defer s.counts.mu.Unlock()
	before := s.counts.now
	s.counts.now = Counts{}
	return before
}
