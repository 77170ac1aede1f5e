package api

import (
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"augur/tasks/apikey"
)

// The shortest and the longest wait that an answer can ask for. A clock that is wrong, here or there, must not stop a job for good.
const (
	minWait = time.Second
	maxWait = time.Hour
)

// tooFast matches what GitHub says about secondary limits, in its spellings over the years.
var tooFast = regexp.MustCompile(`(?i)secondary rate limit|abuse detection|submitted too quickly|temporarily blocked from|too many requests`)

// spentText matches what it says when the budget is used up.
var spentText = regexp.MustCompile(`(?i)rate limit (already )?exceeded`)

// saysLimit tells whether a message is about a limit.
func saysLimit(message string) bool {
	return tooFast.MatchString(message) || spentText.MatchString(message)
}

// date is the server's clock; ours where it does not tell.
func (x *exchange) date() time.Time {
	if at, err := http.ParseTime(x.header.Get("Date")); err == nil {
		return at
	}
	return time.Now()
}

// said is what the answer says about the budget of a resource; nil when it says nothing, or speaks of another.
func (x *exchange) said(resource string) *apikey.Limits {
	about := x.header.Get("X-RateLimit-Resource")
	remaining, err := strconv.Atoi(x.header.Get("X-RateLimit-Remaining"))
	if err != nil || (about != "" && about != resource) {
		return nil
	}
	return &apikey.Limits{Limit: number(x.header.Get("X-RateLimit-Limit")), Remaining: remaining, Reset: x.reset()}
}

// reset is how long the window goes on; 0 when the answer does not say.
func (x *exchange) reset() time.Duration {
	seconds, err := strconv.ParseInt(x.header.Get("X-RateLimit-Reset"), 10, 64)
	if err != nil || seconds <= 0 {
		return 0
	}
	return bounded(time.Unix(seconds, 0).Sub(x.date()))
}

// retryAfter is how long the answer asks to wait, in seconds or until a date; 0 when it does not.
func (x *exchange) retryAfter() time.Duration {
	text := strings.TrimSpace(x.header.Get("Retry-After"))
	if seconds, err := strconv.ParseInt(text, 10, 64); err == nil {
		return bounded(time.Duration(min(seconds, int64(maxWait/time.Second))) * time.Second)
	}
	if at, err := http.ParseTime(text); err == nil {
		return bounded(at.Sub(x.date()))
	}
	return 0
}

func bounded(wait time.Duration) time.Duration { return max(minWait, min(wait, maxWait)) }

// limited tells whether the answer is a refusal because of a limit, and notes in the outcome which one. GitHub's rule: Retry-After; else the reset, if
// nothing remains; else a time that doubles. See https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api
func (x *exchange) limited(status int, message string, o *apikey.Outcome) bool {
	if status != http.StatusForbidden && status != http.StatusTooManyRequests {
		return false
	}
	wait, exhausted := x.retryAfter(), x.header.Get("X-RateLimit-Remaining") == "0"
	fast := tooFast.MatchString(message)
	switch {
	case wait > 0:
		o.TooFast, o.Rest, o.Exhausted = true, wait, exhausted
	case exhausted && fast:
		o.TooFast, o.Rest, o.Exhausted = true, x.reset(), true
	case exhausted, spentText.MatchString(message) && !fast:
		o.Exhausted = true
	case fast, status == http.StatusTooManyRequests:
		o.TooFast = true
	default:
		return false
	}
	return true
}
