package tasks

import (
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxStored is the longest text that we let River or a status store, in bytes.
const maxStored = 16 << 10

var (
	userinfo = regexp.MustCompile(`://[^/@\s'"]+@`)
	token    = regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|v1\.)[A-Za-z0-9_\-]{8,}`)
	header   = regexp.MustCompile(`(?i)(authorization:\s*)(\w+\s+)?\S+`)
)

// Scrub makes text fit to be stored and shown: no NUL and no invalid UTF-8, which PostgreSQL refuses in jsonb (one such text wedges a River
// client for good), no credentials, and not longer than 16 KiB.
func Scrub(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	text = userinfo.ReplaceAllString(text, "://xxxxx@")
	text = token.ReplaceAllString(text, "${1}xxxxx")
	text = header.ReplaceAllString(text, "${1}xxxxx")
	if len(text) <= maxStored {
		return text
	}
	cut := maxStored
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " ... (cut)"
}

// storedError is an error whose text is fit to be stored.
type storedError struct{ err error }

func (e *storedError) Error() string { return Scrub(e.err.Error()) }
func (e *storedError) Unwrap() error { return e.err }
