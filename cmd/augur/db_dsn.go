package main

import (
	"errors"
	"net/url"
	"slices"
	"strings"
)

// dsn is a database URL or keyword string taken apart, as far as it takes to hand it to psql without its password. It is read as libpq reads
// it, which differs from package net/url: several hosts, and a plus sign that is a plus sign.
type dsn struct {
	head   string      // of a URL: up to and including "://"; empty for keywords
	body   string      // of a URL: from the user's name, which has no password any more, to the "?"
	params [][2]string // of a URL: the query, values as they are written; otherwise the keywords, values unquoted
	// Password is decoded. Those of the user's part, the query and the keywords count, the last one most, as in libpq.
	password string
}

// errDSN never quotes the text, because it may hold a password.
var errDSN = errors.New("AUGUR_DB: must be a URL such as postgresql://user:password@host:5432/database, or keywords such as host=localhost dbname=augur")

// aliases are the URLs of SQLAlchemy, which Augur's users have in AUGUR_DB.
var aliases = []string{"postgresql+psycopg2://", "postgresql+psycopg://", "postgresql+asyncpg://"}

func parseDSN(text string) (dsn, error) {
	text = strings.TrimSpace(text)
	for _, alias := range aliases {
		if rest, ok := strings.CutPrefix(text, alias); ok {
			text = "postgresql://" + rest
		}
	}
	for _, scheme := range []string{"postgresql://", "postgres://"} {
		if rest, ok := strings.CutPrefix(text, scheme); ok {
			return parseURL(scheme, rest)
		}
	}
	return parseKeywords(text)
}

func parseURL(scheme, rest string) (dsn, error) {
	d := dsn{head: scheme}
	body, query, _ := strings.Cut(rest, "?")
	end := strings.IndexByte(body, '/')
	if end < 0 {
		end = len(body)
	}
	var err error
	if at := strings.LastIndexByte(body[:end], '@'); at >= 0 {
		user, password, _ := strings.Cut(body[:at], ":")
		if d.password, err = url.PathUnescape(password); err != nil {
			return dsn{}, errDSN
		}
		body = user + body[at:]
	}
	d.body = body
	for pair := range strings.SplitSeq(query, "&") {
		name, value, ok := strings.Cut(pair, "=")
		if pair == "" {
			continue
		}
		if !ok {
			return dsn{}, errDSN
		}
		d.params = append(d.params, [2]string{name, value})
	}
	err = d.takePassword(url.PathUnescape)
	return d, err
}

// parseKeywords reads `name = value` pairs; values may stand in single quotes, and a backslash quotes the next byte.
func parseKeywords(text string) (dsn, error) {
	var d dsn
	const blanks = " \t\r\n\v\f"
	for text = strings.TrimLeft(text, blanks); text != ""; text = strings.TrimLeft(text, blanks) {
		name, rest, ok := strings.Cut(text, "=")
		if name = strings.TrimRight(name, blanks); !ok || name == "" || strings.ContainsAny(name, blanks) {
			return dsn{}, errDSN
		}
		value, rest, ok := keywordValue(strings.TrimLeft(rest, blanks))
		if !ok {
			return dsn{}, errDSN
		}
		d.params = append(d.params, [2]string{name, value})
		text = rest
	}
	if len(d.params) == 0 {
		return dsn{}, errDSN
	}
	err := d.takePassword(func(value string) (string, error) { return value, nil })
	return d, err
}

// keywordValue reads a value up to the closing quote or the first blank.
func keywordValue(text string) (value, rest string, ok bool) {
	text, quoted := strings.CutPrefix(text, "'")
	var b strings.Builder
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\' && i+1 < len(text):
			i++
			b.WriteByte(text[i])
		case quoted && c == '\'':
			return b.String(), text[i+1:], true
		case !quoted && strings.IndexByte(" \t\r\n\v\f", c) >= 0:
			return b.String(), text[i:], true
		default:
			b.WriteByte(c)
		}
	}
	return b.String(), "", !quoted
}

// takePassword moves the password out of the parameters. That of a client's key is dropped: libpq asks for it.
func (d *dsn) takePassword(decode func(string) (string, error)) error {
	var err error
	d.params = slices.DeleteFunc(d.params, func(param [2]string) bool {
		if param[0] == "password" {
			var decodeErr error
			if d.password, decodeErr = decode(param[1]); decodeErr != nil {
				err = errDSN
			}
		}
		return param[0] == "password" || param[0] == "sslpassword"
	})
	return err
}

// option is a parameter as it was written.
func (d *dsn) option(name string) string {
	value := ""
	for _, param := range d.params {
		if param[0] == name {
			value = param[1]
		}
	}
	return value
}

// withoutPassword is the URL or the keywords, as psql takes them.
func (d *dsn) withoutPassword() string {
	parts := make([]string, 0, len(d.params))
	if d.head == "" {
		quote := strings.NewReplacer(`\`, `\\`, `'`, `\'`)
		for _, param := range d.params {
			parts = append(parts, param[0]+"='"+quote.Replace(param[1])+"'")
		}
		return strings.Join(parts, " ")
	}
	for _, param := range d.params {
		parts = append(parts, param[0]+"="+param[1])
	}
	text := d.head + d.body
	if len(parts) > 0 {
		text += "?" + strings.Join(parts, "&")
	}
	return text
}
