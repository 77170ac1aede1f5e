package giturl

import (
	"fmt"
	"path"
	"regexp"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

var (
	schemeName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9+.-]*$`)
	// git hands everything before "::" to a program git-remote-<helper>; ext:: runs any command.
	helperPrefix = regexp.MustCompile(`^[A-Za-z0-9+._-]*::`)
	userName     = regexp.MustCompile(`^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$`)
)

const (
	reasonNotURL   = "is not a git URL: write it as https://host/path"
	reasonPassword = "has a password or token in it: remove it, keys belong in the settings and never in a URL"
	reasonLocal    = "is a local path, and local paths are not allowed here (setting Facade.allow_local)"
)

// parse is Parse with a plain reason; an empty reason means that the URL is accepted.
func parse(raw string, p Policy) (URL, string) {
	if reason := checkText(raw); reason != "" {
		return URL{}, reason
	}
	if scheme, rest, ok := strings.Cut(raw, "://"); ok && schemeName.MatchString(scheme) {
		return parseScheme(strings.ToLower(scheme), rest, p)
	}
	if strings.HasPrefix(raw, "/") {
		return parseLocal(raw, p)
	}
	if strings.HasPrefix(raw, ".") || strings.HasPrefix(raw, "~") {
		return URL{}, "is a relative path: write the whole path, or a URL"
	}
	colon, slash := strings.IndexByte(raw, ':'), strings.IndexByte(raw, '/')
	if colon >= 0 && (slash < 0 || colon < slash) {
		return parseSCP(raw[:colon], raw[colon+1:], p)
	}
	if slash > 0 {
		host := strings.ToLower(raw[:slash])
		if _, known := forges[host]; known {
			return parseScheme("https", raw, p)
		}
		if checkHostName(host) == "" {
			return URL{}, "has no scheme: write it as https://host/path"
		}
	}
	return URL{}, reasonNotURL
}

// checkText refuses what no address needs, whatever its form.
func checkText(raw string) string {
	switch {
	case raw == "":
		return "is empty"
	case len(raw) > MaxLength:
		return fmt.Sprintf("is %d bytes long: %d are allowed", len(raw), MaxLength)
	case !utf8.ValidString(raw):
		return "has bytes that are not UTF-8"
	case strings.HasPrefix(raw, "-"):
		return "starts with a dash: git would take it for an option"
	case helperPrefix.MatchString(raw):
		return "names a git remote helper (such as ext::), which can run any command: write it as https://host/path"
	}
	for _, r := range raw {
		if hiddenRune(r) {
			return fmt.Sprintf("has a control or invisible character in it (U+%04X)", r)
		}
		if r == '\\' {
			return "has a backslash in it: write it with forward slashes"
		}
	}
	return ""
}

// hiddenRune tells whether a character moves the cursor, changes the direction of writing or cannot be seen.
func hiddenRune(r rune) bool {
	return unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp)
}

func parseScheme(scheme, rest string, p Policy) (URL, string) {
	switch scheme {
	case "file":
		return parseFile(rest, p)
	case "https", "http", "git", "ssh":
	case "git+ssh", "ssh+git":
		scheme = "ssh"
	case "ftp", "ftps":
		return URL{}, "uses " + scheme + ", which git no longer supports: use https"
	default:
		return URL{}, "has a scheme that is not allowed: use https or ssh"
	}

	authority, tail := rest, ""
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		authority, tail = rest[:i], rest[i:]
	}
	user, hostport, reason := splitUser(authority, scheme)
	if reason != "" {
		return URL{}, reason
	}
	if strings.Contains(tail, "@") {
		return URL{}, "has an @ after the host: write it as %40 when it belongs to the path, and remove it when it ends a password"
	}
	if strings.ContainsAny(tail, "?#") {
		return URL{}, "has a query or fragment (what follows ? or #): remove it"
	}
	host, port, reason := parseHost(hostport, scheme)
	if reason != "" {
		return URL{}, reason
	}
	elements, reason := parsePath(strings.TrimPrefix(tail, "/"))
	if reason != "" {
		return URL{}, reason
	}
	if forge, ok := forges[host]; ok {
		return forge.parse(scheme, port, elements)
	}
	if reason := checkServer(scheme, host, p); reason != "" {
		return URL{}, reason
	}
	if scheme == "git" {
		return URL{}, "uses git://, which is neither encrypted nor authenticated: use https"
	}
	u := newURL(Kind(scheme), host, elements)
	u.Port = port
	u.Canonical = scheme + "://" + withUser(user, withPort(host, port)) + "/" + strings.Join(elements, "/")
	return u, checkLength(u)
}

// parseSCP reads the short form of ssh, [user@]host:path. The path is relative to the user's home, unless it starts with a slash: then the
// address says the same as an ssh:// URL and becomes one.
func parseSCP(authority, tail string, p Policy) (URL, string) {
	if strings.HasPrefix(authority, "[") || strings.Contains(authority, "@[") {
		return URL{}, "has brackets around its host: write it as ssh://user@host:port/path"
	}
	user, host, reason := splitUser(authority, "ssh")
	if reason != "" {
		return URL{}, reason
	}
	if user == "" && !strings.Contains(strings.TrimSuffix(host, "."), ".") {
		return URL{}, reasonNotURL // "word:word" is rather a mistake than a server
	}
	if strings.Contains(tail, "@") {
		return URL{}, reasonPassword
	}
	if strings.ContainsAny(tail, "?#") {
		return URL{}, "has a query or fragment (what follows ? or #): remove it"
	}
	host, _, reason = parseHost(host, "ssh")
	if reason != "" {
		return URL{}, reason
	}
	if strings.HasPrefix(tail, "/") {
		return parseScheme("ssh", authority+tail, p)
	}
	elements, reason := parsePath(tail)
	if reason != "" {
		return URL{}, reason
	}
	if forge, ok := forges[host]; ok {
		return forge.parse("ssh", "", elements)
	}
	if strings.Contains(tail, "%") {
		return URL{}, "has a % in it, which git does not decode in this form: write it as ssh://user@host/path"
	}
	if reason := checkServer("ssh", host, p); reason != "" {
		return URL{}, reason
	}
	u := newURL(SCP, host, elements)
	u.Canonical = withUser(user, host) + ":" + strings.Join(elements, "/")
	return u, checkLength(u)
}

func parseFile(rest string, p Policy) (URL, string) {
	rest = strings.TrimPrefix(rest, "localhost")
	switch {
	case !p.AllowLocal:
		return URL{}, reasonLocal
	case !strings.HasPrefix(rest, "/"):
		return URL{}, "is a file URL with a host: write it as file:///path"
	case strings.ContainsAny(rest, "%?#"):
		return URL{}, "is a file URL with one of %, ? and # in it: write the path itself, without file://"
	}
	return parseLocal(rest, p)
}

func parseLocal(raw string, p Policy) (URL, string) {
	if !p.AllowLocal {
		return URL{}, reasonLocal
	}
	for element := range strings.SplitSeq(raw, "/") {
		if element == ".." {
			return URL{}, `has a ".." in its path: write the path without it`
		}
	}
	clean := path.Clean(raw)
	// path.Clean keeps no double slash, so the text cannot be taken for anything but a path.
	elements := strings.Split(strings.TrimPrefix(clean, "/"), "/")
	u := newURL(Local, "", elements)
	if u.Name == "" && len(elements) > 1 { // the .git directory of a checkout
		u.Name, u.Owner = elements[len(elements)-2], strings.Join(elements[:len(elements)-2], "/")
	}
	if u.Name == "" {
		return URL{}, "names no repository"
	}
	u.Canonical = clean
	return u, ""
}

// splitUser takes the userinfo off an authority. Only ssh may have one, and only a name.
func splitUser(authority, scheme string) (user, hostport, reason string) {
	at := strings.LastIndexByte(authority, '@')
	if at < 0 {
		return "", authority, ""
	}
	user, hostport = authority[:at], authority[at+1:]
	if strings.ContainsAny(user, ":@") {
		return "", "", reasonPassword
	}
	if _, known := forges[strings.ToLower(user)]; known {
		return "", "", fmt.Sprintf("does not point to %s, which stands before an @, but to another host", strings.ToLower(user))
	}
	if scheme != "ssh" {
		return "", "", "has a user name or token before the @: remove it, keys belong in the settings and never in a URL"
	}
	if !userName.MatchString(user) {
		return "", "", "has a user name that is not allowed: letters, digits and . _ - only, and no dash at its start"
	}
	return user, hostport, ""
}

// parsePath checks the path without its leading slash, takes trailing slashes off, and brings escapes into one form.
func parsePath(text string) ([]string, string) {
	text = strings.TrimRight(text, "/")
	if text == "" {
		return nil, "has no path to a repository"
	}
	text, reason := normalEscapes(text)
	if reason != "" {
		return nil, reason
	}
	if strings.HasPrefix(text, "-") {
		return nil, "has a path that starts with a dash"
	}
	elements := strings.Split(text, "/")
	for _, element := range elements {
		switch element {
		case "":
			return nil, "has an empty part in its path (two slashes in a row)"
		case ".", "..":
			return nil, fmt.Sprintf("has a %q in its path: write the path without it", element)
		case "-":
			return nil, `is a page about a repository: remove "/-/" and what follows`
		}
	}
	if elements[len(elements)-1] == ".git" && len(elements) == 1 {
		return nil, "names no repository"
	}
	return elements, ""
}

// normalEscapes checks each character of a path. Escapes of ordinary characters are undone, so that %2e%2e is seen for what it is; the others
// are written in upper case.
func normalEscapes(text string) (string, string) {
	var out strings.Builder
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case c == '/' || ordinary(c) || strings.IndexByte("+:=,", c) >= 0:
			out.WriteByte(c)
		case c == '%':
			if i+2 >= len(text) {
				return "", "has a % that starts no escape such as %20"
			}
			value, err := strconv.ParseUint(text[i+1:i+3], 16, 8)
			if err != nil {
				return "", "has a % that starts no escape such as %20"
			}
			decoded := byte(value)
			switch {
			case decoded < 0x20 || decoded == 0x7f:
				return "", "has an escaped control character in it"
			case decoded == '/' || decoded == '\\':
				return "", "has an escaped slash in it"
			case ordinary(decoded):
				out.WriteByte(decoded)
			default:
				fmt.Fprintf(&out, "%%%02X", decoded)
			}
			i += 2
		case c == ' ':
			return "", "has a space in it: write it as %20 when it belongs to the path"
		case c >= utf8.RuneSelf:
			r, _ := utf8.DecodeRuneInString(text[i:])
			return "", fmt.Sprintf("has the character %q in its path: write it percent-encoded", r)
		default:
			return "", fmt.Sprintf("has the character %q in its path, which no repository needs", rune(c))
		}
	}
	return out.String(), ""
}

// ordinary characters mean themselves everywhere (RFC 3986 calls them unreserved).
func ordinary(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || strings.IndexByte("-._~", c) >= 0
}

// newURL fills what every kind has; the caller sets Canonical.
func newURL(kind Kind, host string, elements []string) URL {
	last := len(elements) - 1
	owner, name := elements[:last], strings.TrimSuffix(elements[last], ".git")
	if name == "" && kind != Local && last > 0 { // .../x/.git is the inside of a checkout, named x
		owner, name = elements[:last-1], elements[last-1]
	}
	return URL{Kind: kind, Platform: Git, Host: strings.Trim(host, "[]"), Owner: strings.Join(owner, "/"), Name: name}
}

func checkLength(u URL) string {
	if len(u.Canonical) > MaxLength {
		return fmt.Sprintf("is longer than %d bytes", MaxLength)
	}
	return ""
}

func withUser(user, host string) string {
	if user == "" {
		return host
	}
	return user + "@" + host
}

func withPort(host, port string) string {
	if port == "" {
		return host
	}
	return host + ":" + port
}
