// Package giturl reads the repository addresses that people write and turns each into one canonical form, so that a repository has
// one row however it was spelled, and so that nothing but a plain address ever reaches git.
//
// It is called when repositories are added (db/repos) and once more before git is started (facade). It is pure: it looks nothing up,
// neither in DNS nor on disk, so a name that resolves to a private address is the business of the one who connects.
//
// Words: a raw text is what somebody typed; a [URL] is what [Parse] made of it; its Canonical text is the identity of the repository,
// is what git is called with, and parses to itself. A [Policy] says what an operator allows beyond https and ssh.
//
// What is one repository:
//   - On github.com and gitlab.com the https form in lower case without ".git", whatever the scheme (https, http, git, ssh, git@host:path or
//     none at all): these servers ignore case and suffix. Access to private repositories is a matter of keys, not of the address.
//   - On any other host only what the URL standard calls equal: scheme and host in lower case, no default port, no trailing slash, escapes
//     of ordinary characters undone. Case and ".git" stay: a server that is not known may keep x and x.git apart, or know only one of them.
//     For the same reason git@host:path (relative to a home directory) and ssh://git@host/path (absolute) are two.
//   - A local repository is its absolute path; file:///path is the same.
package giturl

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// MaxLength is the longest text, in bytes, that [Parse] accepts.
const MaxLength = 2048

// Platform tells which collectors can say something about a repository.
type Platform string

// The platforms. Git stands for every server whose API is not known, and for local repositories.
const (
	Git    Platform = "git"
	GitHub Platform = "github"
	GitLab Platform = "gitlab"
)

// ID is the pltfrm_id of the platform in augur_data.platform.
func (p Platform) ID() int64 {
	switch p {
	case GitHub:
		return 1
	case GitLab:
		return 2
	default:
		return 0
	}
}

// Kind is the form of a canonical URL.
type Kind string

// The kinds.
const (
	HTTPS Kind = "https" // https://host/path
	HTTP  Kind = "http"  // http://host/path
	SSH   Kind = "ssh"   // ssh://[user@]host/path
	SCP   Kind = "scp"   // [user@]host:path
	Local Kind = "local" // /absolute/path
)

// Policy says what is accepted beyond https and ssh to public hosts. The zero value is the strictest.
type Policy struct {
	// AllowHTTP accepts http://, which is neither encrypted nor authenticated.
	AllowHTTP bool
	// AllowLocal accepts absolute paths and file:///path: whatever the program may read, it can be told to collect.
	AllowLocal bool
	// AllowPrivate accepts hosts written as loopback, private or link-local addresses, and localhost.
	AllowPrivate bool
}

// URL is an accepted address.
type URL struct {
	// Canonical is the identity of the repository and the address that git gets. It never starts with "-" and holds no secret.
	Canonical string
	Kind      Kind
	Platform  Platform
	// Host is in lower case, without port; empty for a local path.
	Host string
	// Port is empty when it is the scheme's own.
	Port string
	// Owner is everything between host and name: "chaoss", "group/subgroup", "pub/scm/git"; without slashes at its ends. It may be empty.
	Owner string
	// Name is the last part of the path without ".git".
	Name string
}

// Path is what Augur stores in repo.repo_path when a repository is added: host and owner, each followed by a slash, such as
// "github.com/chaoss/".
func (u URL) Path() string {
	path := u.Host + "/"
	if u.Owner != "" {
		path += u.Owner + "/"
	}
	return path
}

func (u URL) String() string { return u.Canonical }

// Error says why a text is not accepted.
type Error struct {
	// URL is the text after [Redact].
	URL string
	// Reason is a phrase for the person who wrote the URL, such as "has a password in it: remove it, ...".
	Reason string
}

func (e *Error) Error() string { return fmt.Sprintf("URL %q %s", e.URL, e.Reason) }

// Parse checks raw against the policy. Every error is an [*Error]. Surrounding blanks are not forgiven here: whoever reads people's input trims it.
func Parse(raw string, p Policy) (URL, error) {
	u, reason := parse(raw, p)
	if reason != "" {
		return URL{}, &Error{URL: Redact(raw), Reason: reason}
	}
	return u, nil
}

// hidden stands for what Redact takes out.
const hidden = "xxxxx"

// Redact makes raw fit for a log, a table or a screen: userinfo, query and fragment are hidden, control characters become "?", and a long text
// is cut. A text that is not an acceptable URL may lose more than its secrets, never less.
func Redact(raw string) string {
	if _, reason := parse(raw, Policy{AllowHTTP: true, AllowPrivate: true}); reason == "" {
		return raw // An accepted URL has no place for a secret. A local path has: //user:password@host is one.
	}
	scheme, rest := "", raw
	if i := strings.Index(raw, "://"); i >= 0 && schemeName.MatchString(raw[:i]) {
		scheme, rest = raw[:i+3], raw[i+3:]
	}
	query := strings.IndexAny(rest, "?#")
	at := strings.LastIndexByte(rest, '@')
	switch {
	case at >= 0 && query >= 0 && query < at:
		// A "?" in a password or an "@" in a token of the query: no part of it can be trusted.
		rest = hidden
	case at >= 0 && query >= 0:
		rest = hidden + rest[at:query] + "?" + hidden
	case at >= 0:
		rest = hidden + rest[at:]
	case query >= 0:
		rest = rest[:query] + "?" + hidden
	}
	return printable(scheme + rest)
}

// printable bounds a foreign text and takes the control of the terminal from it.
func printable(text string) string {
	const limit = 200
	cut := len(text) > limit
	if cut {
		text = text[:limit]
	}
	text = strings.Map(func(r rune) rune {
		if r == utf8.RuneError || hiddenRune(r) {
			return '?'
		}
		return r
	}, text)
	if cut {
		text += "..."
	}
	return text
}
