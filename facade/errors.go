package facade

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode"
)

// What callers decide on, with errors.Is. Everything else is worth a retry.
var (
	// ErrGone: the remote says that there is no such repository (404, 410, not found). Try once more, then look again in weeks.
	ErrGone = errors.New("repository does not exist")
	// ErrPrivate: the remote asks for a password or a key, or denies access. GitHub says so of repositories that do not exist, too.
	ErrPrivate = errors.New("repository asks for credentials")
	// ErrTimeout: a deadline of Timeouts has passed, or the transfer was too slow. Never returned for the end of the caller's own context.
	ErrTimeout = errors.New("git took too long")
	// ErrDiskFull: no space or quota is left. Other repositories may go on.
	ErrDiskFull = errors.New("disk is full")
	// ErrCorrupt: the clone on this machine cannot be read. Call Repair, once.
	ErrCorrupt = errors.New("clone is corrupt")
	// ErrRefused: the URL, or what it redirects to, is not allowed.
	ErrRefused = errors.New("URL is not allowed")
	// ErrTooLarge: the transfer grew beyond Options.MaxBytes.
	ErrTooLarge = errors.New("repository is too large")
	// ErrBusy: another process fetches into the same clone. It ends with the other one, or with its Timeouts.LowSpeed when that was killed.
	ErrBusy = errors.New("another process works on this clone")
)

// Error is a git command that did not end well.
type Error struct {
	// Op is what was being done, without any secret.
	Op string
	// Kind is one of the errors above, or nil.
	Kind error
	// Err is how git ended, or the fault that was found in its output.
	Err error
	// Stderr is the end of what git printed, one line, redacted.
	Stderr string
}

func (e *Error) Error() string {
	parts := []string{e.Op}
	if e.Kind != nil && !errors.Is(e.Err, e.Kind) {
		parts = append(parts, e.Kind.Error())
	}
	if e.Err != nil {
		parts = append(parts, e.Err.Error())
	}
	if e.Stderr != "" {
		parts = append(parts, e.Stderr)
	}
	return strings.Join(parts, ": ")
}

// Unwrap lets errors.Is find the kind and the cause.
func (e *Error) Unwrap() []error {
	var all []error
	for _, err := range []error{e.Kind, e.Err} {
		if err != nil {
			all = append(all, err)
		}
	}
	return all
}

// failure makes the error of a call: cause is why its context ended, err how the process did.
func (g *Git) failure(c call, cause, err error, t *tail) error {
	e := &Error{Op: c.op, Err: err, Stderr: summary(t.buf)}
	switch {
	case cause != nil:
		e.Err = cause
		if errors.Is(cause, context.Canceled) || errors.Is(cause, context.DeadlineExceeded) {
			return fmt.Errorf("%s: %w", c.op, cause) // what git says about being killed helps nobody
		}
		for _, kind := range []error{ErrTimeout, ErrTooLarge, ErrCorrupt} {
			if errors.Is(cause, kind) {
				e.Kind = kind
			}
		}
		if e.Kind == nil && !c.remote {
			e.Kind = classify(t.buf, localFaults) // output that makes no sense, because git met a fault and went on
		}
	case c.remote:
		e.Kind = classify(t.buf, remoteFaults)
	default:
		e.Kind = classify(t.buf, localFaults)
	}
	return e
}

type fault struct {
	kind    error
	phrases []string
	hearsay bool // the server's word is good enough
}

// What git and curl print in the C locale. The order matters: a refused redirect also says that it is unable to access.
var (
	diskFaults = fault{kind: ErrDiskFull, phrases: []string{"no space left on device", "disk quota exceeded", "file too large"}}

	// Phrases that only a damaged store on this machine brings forth.
	storeFaults = fault{kind: ErrCorrupt, phrases: []string{
		"is corrupt", "loose object", "object file ", "bad object", "bad tree object", "packfile ", "pack has bad object", "unable to read tree", "unable to read ", "not a git repository",
		"missing blob", "missing tree", "missing commit", "could not get object info", "invalid object", "data stream error", "inflate: ", "could not read ", "failed to read object",
		"does not match index", "unknown index version", "wrong index", "index file ", "file .git/objects", "not a valid object name", "bad revision", "not a valid commit name",
		"hash mismatch", "unable to find all commit-graph", "bad config line", "bad numeric config", "bad signature",
	}}

	localFaults = []fault{diskFaults, storeFaults}

	remoteFaults = []fault{
		diskFaults,
		{kind: ErrRefused, phrases: []string{
			"transport '", "not allowed", "protocol \"", "not supported or disabled in libcurl", "unsupported protocol", "unsupported url scheme", "unable to update url base from redirection",
			"strange hostname", "strange pathname", "strange port",
		}},
		{kind: ErrGone, hearsay: true, phrases: []string{
			"returned error: 404", "returned error: 410", "not found", "does not exist", "does not appear to be a git repository", "no such file or directory",
		}},
		{kind: ErrPrivate, hearsay: true, phrases: []string{
			"returned error: 401", "returned error: 403", "could not read username", "could not read password", "terminal prompts disabled", "authentication failed",
			"permission denied", "access denied", "host key verification failed", "invalid credentials",
		}},
		{kind: ErrTimeout, phrases: []string{"operation too slow", "operation timed out", "timed out", "timeout was reached"}},
		{kind: ErrCorrupt, phrases: []string{"loose object", "object file ", "bad object refs/", "bad object head", "not a git repository", "does not match index", "bad config line", "packfile ."}},
	}
)

// classify looks at what git on this side says: lines that start with "remote:", and all that follows "remote error:", are words of the server, which may say anything.
func classify(stderr []byte, faults []fault) error {
	own, said, _ := strings.Cut(strings.ToLower(string(stderr)), "remote error:")
	var lines []string
	for line := range strings.Lines(own) {
		if !strings.HasPrefix(line, "remote:") {
			lines = append(lines, line)
		}
	}
	own = strings.Join(lines, "")
	for _, f := range faults {
		for _, p := range f.phrases {
			if strings.Contains(own, p) || f.hearsay && strings.Contains(said, p) {
				return f.kind
			}
		}
	}
	return nil
}

var (
	userinfo = regexp.MustCompile(`(?i)([a-z][a-z0-9+.-]*://)[^/\s@'"]*@`)
	secrets  = regexp.MustCompile(`(?i)((?:authorization|token|password|secret|access_token|private_token)["']?\s*[:=]\s*(?:(?:basic|bearer)\s+)?)[^\s&'"]+|\b(?:gh[pousr]_|github_pat_|glpat-)[A-Za-z0-9_-]+`)
)

// Redact removes userinfo and what looks like a token from a text, so that it can be logged and stored.
func Redact(s string) string {
	s = userinfo.ReplaceAllString(s, "${1}")
	return secrets.ReplaceAllString(s, "${1}REDACTED")
}

const (
	summaryLines  = 4
	summaryLength = 600
)

// summary makes one short line of what git printed last.
func summary(stderr []byte) string {
	var lines []string
	for line := range bytes.FieldsFuncSeq(stderr, func(r rune) bool { return r == '\n' || r == '\r' }) {
		s := strings.TrimSpace(strings.Map(func(r rune) rune {
			if unicode.IsControl(r) || r == unicode.ReplacementChar {
				return ' '
			}
			return r
		}, string(bytes.ToValidUTF8(line, []byte(" ")))))
		if s != "" && !strings.HasPrefix(s, "Cloning into") && !strings.HasPrefix(s, "hint:") {
			lines = append(lines, s)
		}
	}
	s := Redact(strings.Join(lines[max(0, len(lines)-summaryLines):], "; "))
	if r := []rune(s); len(r) > summaryLength {
		s = "... " + string(r[len(r)-summaryLength:])
	}
	return s
}
