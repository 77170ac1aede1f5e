// Package manifest reads what projects declare to depend on: the manifests of Python, npm, Go, Cargo, Maven, RubyGems, Composer and NuGet.
//
// It reads one content at a time and never looks elsewhere: a version that a parent or a lock file decides stays unspecified. Contents are hostile: whatever cannot be read gives
// an error or less than there is, never a panic, and work is in proportion to the size.
package manifest

import (
	"path"
	"slices"
	"strings"
)

// Rules names what is found, for knowing when everything has to be looked at again.
const Rules = "manifests 1"

// Package managers, as repo_deps_libyear.package_manager names them. The first two are Augur's.
const (
	PyPI     = "PYPI"
	NPM      = "NPM"
	Go       = "GO"
	Cargo    = "CARGO"
	Maven    = "MAVEN"
	RubyGems = "RUBYGEMS"
	Composer = "COMPOSER"
	NuGet    = "NUGET"
)

// Types of dependencies. The first two are Augur's.
const (
	Runtime  = "runtime"
	Develop  = "develop"
	Build    = "build"
	Optional = "optional"
	Indirect = "indirect"
)

// Dependency is one line of a manifest.
type Dependency struct {
	Manager string
	// Name as the registry knows it; of Maven group:artifact.
	Name string
	// Requirement as it is written, empty when there is none.
	Requirement string
	Type        string
}

// limit is how many dependencies of one manifest are read: no one who is honest has more.
const limit = 20_000

type reader func(name string, content []byte) ([]Dependency, error)

// vendored are directories that hold other projects.
var vendored = []string{"node_modules", "vendor", "bower_components", "site-packages", "Pods"}

// Known tells whether the name of a file is that of a manifest, outside of directories that hold other projects.
func Known(name string) bool {
	for segment := range strings.SplitSeq(path.Dir(name), "/") {
		if slices.Contains(vendored, segment) {
			return false
		}
	}
	return readerOf(name) != nil
}

func readerOf(name string) reader {
	base := path.Base(name)
	switch base {
	case "package.json":
		return npm
	case "composer.json":
		return composer
	case "go.mod":
		return gomod
	case "Cargo.toml":
		return cargo
	case "pyproject.toml":
		return pyproject
	case "Pipfile":
		return pipfile
	case "setup.py":
		return setupPy
	case "pom.xml":
		return pom
	case "Gemfile":
		return gemfile
	case "packages.config", "Directory.Packages.props":
		return nuget
	}
	lower := strings.ToLower(base)
	switch ext := path.Ext(lower); {
	case ext == ".csproj" || ext == ".fsproj" || ext == ".vbproj":
		return nuget
	case ext == ".txt" && (strings.HasPrefix(lower, "requirement") || strings.Contains(lower, "-requirements") || strings.Contains(lower, "_requirements")),
		ext == ".txt" && strings.EqualFold(path.Base(path.Dir(name)), "requirements"):
		return requirements
	}
	return nil
}

// Parse reads a manifest that Known knows. An error may come with what was read before.
func Parse(name string, content []byte) ([]Dependency, error) {
	read := readerOf(name)
	if read == nil {
		return nil, nil
	}
	found, err := read(name, content)
	var kept []Dependency
	for _, d := range found {
		d.Name, d.Requirement = text(d.Name), text(d.Requirement)
		if d.Name != "" && len(d.Name) <= 500 && len(kept) < limit {
			kept = append(kept, d)
		}
	}
	return kept, err
}

// text makes valid UTF-8 without control characters.
func text(s string) string {
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD")))
}

// development tells of a word in the name of a file or group that it is not needed to run.
func development(name string) bool {
	name = strings.ToLower(name)
	for _, word := range []string{"dev", "test", "doc", "lint", "build"} {
		if strings.Contains(name, word) {
			return true
		}
	}
	return false
}
