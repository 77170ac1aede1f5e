package tasks

import (
	"sync/atomic"
	"time"
)

// clockStep is how far the process's clock must have moved against the database's before the difference is taken over. What is below it is the
// time that answers take.
const clockStep = time.Second

// clock is the database's clock as a process knows it: its own, put right by what heartbeats find out. River works out with it when a job may run
// again, and stores that, so that a machine with a wrong clock does no harm. It is safe for concurrent use.
type clock struct {
	machine func() time.Time
	ahead   atomic.Int64 // how far the machine's clock is ahead
}

// Now is the time on the database's clock. It can also measure durations.
func (c *clock) Now() time.Time { return c.machine().Add(-time.Duration(c.ahead.Load())) }

// NowOrNil is nil, with which River lets the database tell the time where that is possible.
func (*clock) NowOrNil() *time.Time { return nil }

// compare takes over what an answer of the database says, which was on its way between sent and received on the machine's clock.
func (c *clock) compare(sent, received, at time.Time) {
	known := time.Duration(c.ahead.Load())
	if earliest, latest := sent.Sub(at), received.Sub(at); known < earliest-clockStep || known > latest+clockStep {
		c.ahead.Store(int64(earliest + (latest-earliest)/2))
	}
}
