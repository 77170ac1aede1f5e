package registry

import (
	"regexp"
	"strings"

	"deps.dev/util/semver"

	"augur/facade/manifest"
)

var systems = map[string]semver.System{
	manifest.PyPI: semver.PyPI, manifest.NPM: semver.NPM, manifest.Go: semver.Go, manifest.Cargo: semver.Cargo, manifest.Maven: semver.Maven,
	manifest.RubyGems: semver.RubyGems, manifest.Composer: semver.NPM, manifest.NuGet: semver.NuGet,
}

// poetry is a version with a caret or a bare number, as Poetry and Pipfile allow for packages of Python: the operators of npm.
var poetry = regexp.MustCompile(`^[\^~]?\d`)

// Composer writes as npm does but for these: one bar for or, commas for and, and a tilde that lets the last number but one grow.
var (
	bars      = regexp.MustCompile(`\s*\|{1,2}\s*`)
	stability = regexp.MustCompile(`@(?:stable|RC|beta|alpha|dev)\b`)
	tilde     = regexp.MustCompile(`~\s*v?(\d+\.\d+)(\s|$)`)
)

// maxRequirement is how long a requirement may be that is taken for one.
const maxRequirement = 300

// highest finds the newest version that a requirement allows. Requirements hold anything, and what the library cannot get through is none.
func highest(manager, requirement string, p *Package) (version string) {
	defer func() {
		if recover() != nil {
			version = ""
		}
	}()
	system := systems[manager]
	if len(requirement) > maxRequirement {
		return ""
	}
	if manager == manifest.PyPI && poetry.MatchString(requirement) && !strings.HasPrefix(requirement, "~=") {
		if requirement[0] != '^' && requirement[0] != '~' {
			requirement = "==" + requirement
		} else {
			system = semver.NPM
		}
	}
	switch {
	case manager == manifest.Composer:
		requirement = stability.ReplaceAllString(strings.ReplaceAll(requirement, ",", " "), "")
		requirement = bars.ReplaceAllString(tilde.ReplaceAllString(requirement, "^$1$2"), " || ")
	case manager == manifest.Maven && !strings.ContainsAny(requirement, "[]()"):
		requirement = "[" + requirement + "]" // a wish for this very version
	case manager == manifest.NuGet && !strings.ContainsAny(requirement, "[]()*,"):
		requirement = "[" + requirement + "]" // NuGet takes the lowest that will do
	}
	constraint, err := system.ParseConstraint(requirement)
	if err != nil {
		return ""
	}
	set := constraint.Set()
	return newest(manager, p, func(version string) bool {
		ok, err := set.Match(version)
		return err == nil && ok || constraint.Match(version)
	})
}

// newest is the highest version for which allowed says yes; one that is no pre-release, if there is any.
func newest(manager string, p *Package, allowed func(string) bool) string {
	system := systems[manager]
	var best, early *semver.Version
	bestText, earlyText := "", ""
	for _, r := range p.Releases {
		v := parse(system, r.Version)
		if v == nil || !allowed(r.Version) {
			continue
		}
		if v.IsPrerelease() {
			if early == nil || v.Compare(early) > 0 {
				early, earlyText = v, r.Version
			}
			continue
		}
		if best == nil || v.Compare(best) > 0 {
			best, bestText = v, r.Version
		}
	}
	if best == nil {
		return earlyText
	}
	return bestText
}

// parse reads a version; nil is none that can be understood.
func parse(system semver.System, text string) (v *semver.Version) {
	defer func() {
		if recover() != nil {
			v = nil
		}
	}()
	v, err := system.Parse(text)
	if err != nil {
		return nil
	}
	return v
}
