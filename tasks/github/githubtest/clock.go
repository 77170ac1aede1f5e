package githubtest

import (
	"sync"
	"time"
)

// Clock is the server's time. It stands still until it is moved, so that a limit lasts as long as a test wants; that of `augur dev fake-github` runs.
// It is safe for concurrent use.
type Clock struct {
	mu      sync.Mutex
	now     time.Time
	running time.Time // when it was set going; zero: it stands
}

// Now is the time in UTC.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.running.IsZero() {
		return c.now
	}
	return c.now.Add(time.Since(c.running))
}

// Advance moves the time on. Limits whose hour or minute ends by that are over.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// run sets the clock to the machine's time and going.
func (c *Clock) run() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.running = time.Now()
	c.now = c.running.UTC()
}
