package facade

import (
	"bytes"
	"errors"
	"strconv"
	"strings"
	"time"

	"golang.org/x/text/encoding"
)

// Commit is one commit with what it did to files.
type Commit struct {
	// Hash has 40 hexadecimal digits, or 64 in a SHA-256 repository.
	Hash string
	// Parents in their order; none for a root.
	Parents []string
	// Author and Committer are as Augur stores them: name and e-mail swapped when only the name has an "@", the e-mail cut before a second "@".
	Author, Committer Person
	// Message is the whole message, without the white space around it.
	Message string
	// Files has at least one entry: "" stands for a commit that changes nothing, "(Merge commit)" for one with several parents.
	Files []FileChange
	// Repairs counts what was replaced in all of this.
	Repairs Repairs
}

// Person is who did something, and when.
type Person struct {
	Name, Email string
	// When is the exact moment, in UTC, within the years 1 to 9999.
	When time.Time
	// Date is the day of the person's own calendar, YYYY-MM-DD.
	Date string
}

// FileChange is what a commit did to one file.
type FileChange struct {
	// Path after the change, or "(Deleted) " and the path before it.
	Path string
	// Added lines are new, neither blank nor re-indented. Removed lines were not re-indented. Whitespace lines are blank new lines and re-indented ones.
	Added, Removed, Whitespace int
	// Reindented is the part of Whitespace that is an old line with other white space around it. No column holds it: Added + Whitespace are the insertions of
	// git log --numstat -M, Removed + Reindented its deletions.
	Reindented int
}

// MergeCommit is the path of the one row of a commit with several parents; DeletedPrefix precedes the path of a deleted file.
const (
	MergeCommit   = "(Merge commit)"
	DeletedPrefix = "(Deleted) "
)

// Bounds of what is stored: the date columns hold ten characters, and every consumer reads a year of four digits. A day is left on both sides for the zones.
var (
	earliest = time.Date(1, 1, 2, 0, 0, 0, 0, time.UTC)
	latest   = time.Date(9999, 12, 30, 23, 59, 59, 0, time.UTC)
)

const zoneLimit = 14 * 60

// parseCommit reads a commit object. It takes whatever bytes it gets: a header that is missing leaves its field empty.
func parseCommit(hash string, raw []byte) *Commit {
	c := &Commit{Hash: hash}
	head, message, _ := bytes.Cut(raw, []byte("\n\n"))
	if bytes.HasPrefix(raw, []byte("\n")) {
		head, message = nil, raw[1:]
	}
	var author, committer, charset []byte
	for line := range bytes.SplitSeq(head, []byte("\n")) {
		key, value, _ := bytes.Cut(line, []byte(" "))
		switch string(key) {
		case "parent":
			c.Parents = append(c.Parents, string(value))
		case "author":
			author = first(author, value)
		case "committer":
			committer = first(committer, value)
		case "encoding":
			charset = first(charset, value)
		}
	}
	d := decoder(string(charset))
	c.Author = c.Repairs.person(author, d)
	c.Committer = c.Repairs.person(committer, d)
	c.Message = strings.TrimFunc(c.Repairs.text(message, d), isSpace)
	return c
}

func first(have, value []byte) []byte {
	if have != nil {
		return have
	}
	return value
}

// person reads "Name <e-mail> seconds zone" as git does: the name ends at the first "<", the e-mail at the next ">", and the date follows the last ">".
func (r *Repairs) person(line []byte, d *encoding.Decoder) Person {
	name, rest, _ := bytes.Cut(line, []byte("<"))
	email, _, _ := bytes.Cut(rest, []byte(">"))
	date := line[bytes.LastIndexByte(line, '>')+1:]
	p := Person{
		Name:  strings.TrimFunc(r.text(name, d), isSpace),
		Email: strings.TrimFunc(r.text(email, d), isSpace),
	}
	if strings.Contains(p.Name, "@") && !strings.Contains(p.Email, "@") {
		p.Name, p.Email = p.Email, p.Name
	}
	if i := strings.IndexByte(p.Email, '@'); i >= 0 {
		if j := strings.IndexByte(p.Email[i+1:], '@'); j >= 0 {
			p.Email = p.Email[:i+1+j]
		}
	}
	p.When, p.Date = r.moment(date)
	return p
}

// moment reads "seconds zone", and returns the instant in UTC and the day in the zone. Seconds before 1970 are read, although git does not: other tools write them.
func (r *Repairs) moment(b []byte) (time.Time, string) {
	b = bytes.TrimLeft(b, " \t\v\f\r")
	seconds, rest, ok := leading(b)
	offset := 0
	if ok {
		offset = r.zone(bytes.TrimLeft(rest, " \t\v\f\r"))
	} else {
		r.Dates++
	}
	when := time.Unix(seconds, 0).UTC()
	switch {
	case seconds < earliest.Unix():
		when = earliest
		r.Dates++
	case seconds > latest.Unix():
		when = latest
		r.Dates++
	}
	return when, when.In(time.FixedZone("", offset*60)).Format(time.DateOnly)
}

// leading reads the number at the start of b, with its sign. One that has too many digits is the largest or smallest there is.
func leading(b []byte) (n int64, rest []byte, ok bool) {
	i := 0
	if i < len(b) && (b[i] == '-' || b[i] == '+') {
		i++
	}
	start := i
	for i < len(b) && b[i] >= '0' && b[i] <= '9' {
		i++
	}
	n, err := strconv.ParseInt(string(b[:i]), 10, 64)
	if start == i || err != nil && !errors.Is(err, strconv.ErrRange) {
		return 0, b, false
	}
	return n, b[i:], true
}

// zone reads +hhmm, and returns minutes east of Greenwich.
func (r *Repairs) zone(b []byte) int {
	n, _, ok := leading(b)
	if !ok || b[0] != '+' && b[0] != '-' {
		r.Zones++
		return 0
	}
	minutes := n/100*60 + n%100
	if minutes < -zoneLimit || minutes > zoneLimit {
		r.Zones++
		minutes = max(-zoneLimit, min(minutes, zoneLimit))
	}
	return int(minutes)
}
