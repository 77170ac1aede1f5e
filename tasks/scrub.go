package tasks

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxStored is the longest text that we let River or a status store, in bytes; maxDocument the longest JSON document, and maxNumber the longest
// number in it.
const (
	maxStored   = 16 << 10
	maxDocument = 64 << 10
	maxNumber   = 300
)

var (
	userinfo = regexp.MustCompile(`://[^/@\s'"]+@`)
	token    = regexp.MustCompile(`\b(gh[pousr]_|github_pat_|glpat-|glrt-|v1\.)[A-Za-z0-9_\-]{8,}`)
	header   = regexp.MustCompile(`(?i)(authorization:\s*)(\w+\s+)?\S+`)
	query    = regexp.MustCompile(`(?i)([?&](?:access_|private_|refresh_)?(?:token|key|password|secret)=)[^&\s'"]+`)
)

// Scrub makes text fit to be stored and shown: no NUL and no invalid UTF-8, which PostgreSQL refuses in jsonb (one such text wedges a River
// client for good), no credentials, and not longer than 16 KiB.
func Scrub(text string) string {
	length := len(text)
	// What is far behind the end of what is kept need not be looked at. A secret that is cut here is far behind it, too.
	text = text[:min(length, 4*maxStored)]
	text = strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
	text = userinfo.ReplaceAllString(text, "://xxxxx@")
	text = token.ReplaceAllString(text, "${1}xxxxx")
	text = header.ReplaceAllString(text, "${1}xxxxx")
	text = query.ReplaceAllString(text, "${1}xxxxx")
	if len(text) <= maxStored && length <= 4*maxStored {
		return text
	}
	cut := min(maxStored, len(text)*3/4)
	for cut > 0 && !utf8.RuneStart(text[cut]) {
		cut--
	}
	return text[:cut] + " ... (cut)"
}

// storedError is an error whose text is fit to be stored. The text is made at once, because River asks for it where a panic ends the program.
type storedError struct {
	err  error
	text string
}

func stored(err error) *storedError {
	if fit, ok := err.(*storedError); ok { //nolint:errorlint // one further in has only a part of the text
		return fit
	}
	return &storedError{err: err, text: Scrub(textOf(err))}
}

// textOf is the text of an error, or of the panic that it is answered with.
func textOf(err error) (text string) {
	defer func() {
		if cause := recover(); cause != nil {
			text = fmt.Sprintf("%T, whose text cannot be told: %v", err, cause)
		}
	}()
	return err.Error()
}

func (e *storedError) Error() string { return e.text }
func (e *storedError) Unwrap() error { return e.err }

// ScrubJSON makes a JSON document fit to be stored in jsonb: every string and every key in it is treated as [Scrub] does, and a document of more than
// 64 KiB becomes a text that says so. What is not JSON becomes a text, too.
func ScrubJSON(document []byte) []byte {
	decoder := json.NewDecoder(bytes.NewReader(bytes.ToValidUTF8(document, []byte("\uFFFD"))))
	decoder.UseNumber()
	var value any
	if err := decoder.Decode(&value); err != nil {
		return text("not JSON: " + string(document))
	}
	if err := decoder.Decode(new(any)); !errors.Is(err, io.EOF) {
		return text("not one JSON value: " + string(document))
	}
	clean, err := json.Marshal(scrubValue(value))
	if err != nil {
		return text("not JSON: " + err.Error())
	}
	if len(clean) > maxDocument {
		return text(fmt.Sprintf("%d bytes, too many to be stored: %s", len(document), clean))
	}
	return clean
}

func text(of string) []byte {
	document, err := json.Marshal(Scrub(of))
	if err != nil {
		return []byte("null")
	}
	return document
}

func scrubValue(value any) any {
	switch v := value.(type) {
	case string:
		return Scrub(v)
	case []any:
		for i := range v {
			v[i] = scrubValue(v[i])
		}
	case map[string]any:
		clean := make(map[string]any, len(v))
		for key, inner := range v {
			clean[Scrub(key)] = scrubValue(inner)
		}
		return clean
	case json.Number:
		// numeric has a limit, too, and no document of ours comes near it.
		if len(v) > maxNumber {
			return Scrub(v.String())
		}
		if _, err := v.Float64(); err != nil {
			return v.String()
		}
	}
	return value
}
