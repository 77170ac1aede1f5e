package giturl

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
)

// forge is a server whose addresses are understood.
type forge struct {
	platform Platform
	host     string
	// sshPorts are accepted besides 22.
	sshPorts []string
	check    func(elements []string) string
}

var (
	github = &forge{platform: GitHub, host: "github.com", sshPorts: []string{"443"}, check: checkGitHub}
	gitlab = &forge{platform: GitLab, host: "gitlab.com", sshPorts: []string{"443"}, check: checkGitLab}
)

// forges are found by any of their host names; the ssh ones answer on port 443 for people behind firewalls.
var forges = map[string]*forge{
	"github.com": github, "www.github.com": github, "ssh.github.com": github,
	"gitlab.com": gitlab, "www.gitlab.com": gitlab, "altssh.gitlab.com": gitlab,
}

// notServers are hosts that people copy from a browser and that serve no repository.
var notServers = map[string]string{
	"api.github.com":            "is an address of GitHub's API: write it as https://github.com/owner/repository",
	"raw.githubusercontent.com": "is the address of a file: write it as https://github.com/owner/repository",
	"codeload.github.com":       "is the address of an archive: write it as https://github.com/owner/repository",
}

var (
	githubOwner = regexp.MustCompile(`^[a-z0-9_][a-z0-9_-]{0,38}$`)
	githubName  = regexp.MustCompile(`^[a-z0-9._-]{1,100}$`)
	gitlabPart  = regexp.MustCompile(`^[a-z0-9_.][a-z0-9_.-]{0,254}$`)
)

// First path parts that are pages of GitHub: no account can have these names.
var githubPages = []string{
	"about", "apps", "collections", "enterprise", "explore", "features", "issues", "login", "marketplace", "new", "notifications", "pulls",
	"search", "settings", "sponsors", "stars", "topics", "trending",
}

// Path parts that GitLab reserves, so that they can only be pages of a project.
// https://docs.gitlab.com/user/reserved_names/
var gitlabPages = []string{
	"badges", "blame", "blob", "builds", "commits", "create", "create_dir", "edit", "files", "find_file", "new", "preview", "raw", "refs", "tree",
	"update", "wikis",
}

// parse makes the one canonical form, whatever scheme was written.
func (f *forge) parse(scheme, port string, elements []string) (URL, string) {
	if port != "" && (scheme != "ssh" || !slices.Contains(f.sshPorts, port)) {
		return URL{}, fmt.Sprintf("has a port: %s is written without one", f.host)
	}
	elements = slices.Clone(elements)
	for i := range elements {
		elements[i] = strings.ToLower(elements[i])
	}
	last := len(elements) - 1
	elements[last] = strings.TrimSuffix(elements[last], ".git")
	if reason := f.check(elements); reason != "" {
		return URL{}, reason
	}
	u := newURL(HTTPS, f.host, elements)
	u.Platform = f.platform
	u.Canonical = "https://" + f.host + "/" + strings.Join(elements, "/")
	return u, checkLength(u)
}

func checkGitHub(elements []string) string {
	owner := elements[0]
	switch {
	case slices.Contains(githubPages, owner):
		return "is a page of GitHub, not a repository"
	case len(elements) == 1 || owner == "orgs" || owner == "users":
		return "is an organization or user: `augur db add-github-org` adds its repositories"
	case len(elements) > 2:
		return fmt.Sprintf("is a page about a repository: write it as https://github.com/%s/%s", owner, strings.TrimSuffix(elements[1], ".git"))
	case strings.HasSuffix(elements[1], ".wiki"):
		return "is a wiki: add the repository that it belongs to"
	}
	return checkNames(elements, githubOwner, githubName)
}

func checkGitLab(elements []string) string {
	if len(elements) == 1 || elements[0] == "groups" || elements[0] == "users" || elements[0] == "explore" {
		return "is a group or user: add its projects, each with its own URL"
	}
	for i, element := range elements {
		if i >= 2 && slices.Contains(gitlabPages, element) {
			return fmt.Sprintf("is a page about a repository: write it as https://gitlab.com/%s", strings.Join(elements[:i], "/"))
		}
	}
	return checkNames(elements, gitlabPart, gitlabPart)
}

// checkNames holds the last element against name and the others against owner.
func checkNames(elements []string, owner, name *regexp.Regexp) string {
	last := len(elements) - 1
	for _, element := range elements[:last] {
		if !owner.MatchString(element) {
			return fmt.Sprintf("has an owner %q, which cannot exist there", element)
		}
	}
	// A second ".git" would be taken off when the canonical form is read again; neither server allows such a name.
	if !name.MatchString(elements[last]) || elements[last] == "." || elements[last] == ".." || strings.HasSuffix(elements[last], ".git") {
		return fmt.Sprintf("has a name %q, which cannot exist there", elements[last])
	}
	return ""
}
