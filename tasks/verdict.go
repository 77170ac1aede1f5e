package tasks

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"strings"
	"syscall"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	"github.com/riverqueue/river"
	"github.com/riverqueue/river/rivertype"
)

// What a repository can turn out to be. Workers wrap these; the run then ends as Ignore, with the reason stored, and is looked at again
// after a long time. They are results, not failures: they are looked at once more, and then believed.
var (
	// ErrGone says that the repository no longer exists upstream.
	ErrGone = errors.New("the repository does not exist")
	// ErrPrivate says that the repository, if it exists, wants credentials that we do not have.
	ErrPrivate = errors.New("the repository is private, or does not exist")
	// ErrBlocked says that the platform refuses to serve the repository (a takedown, a block).
	ErrBlocked = errors.New("access to the repository is blocked")
)

// ErrInvalid says that what was asked for is wrong, such as a URL that is not allowed: trying again cannot help. Workers wrap it; the task fails at
// once, as an error.
var ErrInvalid = errors.New("not valid")

// ErrFenced says that the job is no longer this attempt's: it was rescued, or its run was reset. [Collection] methods return it; a worker
// returns it as it is. Nothing was written, and nothing will be.
var ErrFenced = errors.New("the job was given to another worker, or was reset")

// RateLimitError says that a server wants us to wait. The job gives its slot back and comes again at Until, with no attempt used.
type RateLimitError struct {
	Until time.Time
	Err   error
}

func (e *RateLimitError) Error() string {
	return fmt.Sprintf("rate limit until %s: %v", e.Until.UTC().Format(time.RFC3339), e.Err)
}

func (e *RateLimitError) Unwrap() error { return e.Err }

// WaitError says that something on our side has to come about first, such as room on a disk. The job gives its slot back and comes again after Wait, with no attempt used.
type WaitError struct {
	Wait time.Duration
	Err  error
}

func (e *WaitError) Error() string { return e.Err.Error() }

func (e *WaitError) Unwrap() error { return e.Err }

// waits tells how long an error asks to wait, if it does.
func waits(err error, now time.Time) (time.Duration, bool) {
	if limit, ok := errors.AsType[*RateLimitError](err); ok {
		return limit.Until.Sub(now), true
	}
	if wait, ok := errors.AsType[*WaitError](err); ok {
		return wait.Wait, true
	}
	return 0, false
}

// As gives err, whose text says it all, the meaning of one of the errors above: errors.Is finds it, the text stays.
func As(err, meaning error) error { return &meant{err: err, meaning: meaning} }

type meant struct{ err, meaning error }

func (m *meant) Error() string   { return m.err.Error() }
func (m *meant) Unwrap() []error { return []error{m.err, m.meaning} }

// Hint adds to err what a person can do about it. Hints end up in the reason that `augur status` shows.
func Hint(err error, advice string) error { return &hinted{err: err, advice: advice} }

type hinted struct {
	err    error
	advice string
}

func (h *hinted) Error() string { return h.err.Error() + " (" + h.advice + ")" }
func (h *hinted) Unwrap() error { return h.err }

// Cause is why a run ended without success, as collection_backoff stores it.
type Cause string

// The causes.
const (
	CauseError   Cause = "error"
	CauseGone    Cause = "gone"
	CausePrivate Cause = "private"
	CauseBlocked Cause = "blocked"
)

// status is the phase's status after a run that ended for the cause.
func (c Cause) status() string {
	if c == CauseError {
		return "Error"
	}
	return "Ignore"
}

// verdict is what becomes of a job whose worker returned an error.
type verdict int

const (
	retry    verdict = iota // River tries again, after a backoff
	giveBack                // the process stops: the attempt is not used
	putOff                  // a server asks to wait: the attempt is not used
	fail                    // the task has failed for good
	dropped                 // the job belongs to another
)

// judge tells what err means for an attempt at the job whose context is ctx.
func judge(ctx context.Context, err error, job *rivertype.JobRow) (verdict, Cause) {
	_, asked := waits(err, time.Time{})
	switch {
	case errors.Is(err, ErrFenced):
		return dropped, ""
	case errors.Is(context.Cause(ctx), river.ErrJobCancelledRemotely):
		return fail, CauseError
	case ctx.Err() != nil && !errors.Is(context.Cause(ctx), context.DeadlineExceeded):
		return giveBack, ""
	case asked, ctx.Err() == nil && unavailable(err) && snoozes(job) < maxUnavailable:
		return putOff, ""
	case job.Attempt > 1 && result(err) != "":
		return fail, result(err)
	case job.Attempt >= job.MaxAttempts || errors.Is(err, ErrInvalid):
		return fail, CauseError
	}
	return retry, ""
}

// result is the cause of an error that is a result about the repository, or empty. It counts when it is seen twice: a server that forgets a repository
// for a moment must not cost it a month.
func result(err error) Cause {
	switch {
	case errors.Is(err, ErrGone):
		return CauseGone
	case errors.Is(err, ErrPrivate):
		return CausePrivate
	case errors.Is(err, ErrBlocked):
		return CauseBlocked
	}
	return ""
}

// errSilent says that the database did not answer, or the connection to it broke.
var errSilent = errors.New("the database does not answer")

// maxUnavailable is how often a job waits for the database without using an attempt. A job that is the reason why the database is not there, must
// end some time.
const maxUnavailable = 200

// unavailable tells whether err says that the database is not there, or has no room: nothing that the job could do better next time.
func unavailable(err error) bool {
	var connect *pgconn.ConnectError
	if errors.Is(err, errSilent) || errors.Is(err, pgconn.ErrConnClosed) || errors.As(err, &connect) {
		return true
	}
	if refused, ok := errors.AsType[*pgconn.PgError](err); ok {
		switch refused.Code {
		case "57P01", "57P02", "57P03", // the server stops, has crashed, or starts
			"53000", "53100", "53200", "53300": // no resources: disk, memory, connections
			return true
		}
		return strings.HasPrefix(refused.Code, "08") // connection exceptions
	}
	return false
}

// broken tells whether err, which comes from the database, says that the connection broke.
func broken(err error) bool {
	return errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) || errors.Is(err, net.ErrClosed) ||
		errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// unavailableWait is how long to wait for the database: long enough for a restart, and not all jobs at once.
func unavailableWait() time.Duration {
	return 2*time.Second + rand.N(4*time.Second) //nolint:gosec // spreading load needs no secret
}

// snoozes is how often River put the job off.
func snoozes(job *rivertype.JobRow) int {
	var metadata struct {
		Snoozes int `json:"snoozes"`
	}
	// Metadata that somebody else wrote says nothing about this.
	_ = json.Unmarshal(job.Metadata, &metadata)
	return metadata.Snoozes
}

// backoff is the wait before the next attempt: 15 s, 1 min, 4 min, ... up to an hour, and up to a quarter more or less, so that jobs that
// failed together do not come back together.
func backoff(attempt int) time.Duration {
	wait := 15 * time.Second
	for range attempt - 1 {
		wait = min(4*wait, time.Hour)
	}
	return wait*3/4 + rand.N(wait/2) //nolint:gosec // spreading load needs no secret
}
