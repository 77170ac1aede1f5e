package manifest

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/pelletier/go-toml/v2"
)

// pep508 is the form of one requirement: name [extras] and then versions, a URL, or nothing.
var pep508 = regexp.MustCompile(`^([A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?)\s*(?:\[[^\]]*\])?\s*(.*)$`)

// requirement reads `name[extra]>=1,<2; marker`.
func requirement(line, kind string) (Dependency, bool) {
	line, _, _ = strings.Cut(line, ";")
	m := pep508.FindStringSubmatch(strings.TrimSpace(line))
	if m == nil {
		return Dependency{}, false
	}
	versions := strings.TrimSpace(m[2])
	if strings.HasPrefix(versions, "(") {
		versions = strings.Trim(versions, "()")
	}
	if versions != "" && !strings.ContainsRune("<>=!~@", rune(versions[0])) {
		return Dependency{}, false
	}
	return Dependency{Manager: PyPI, Name: canonical(m[1]), Requirement: versions, Type: kind}, true
}

// canonical is the one spelling of a name that PyPI treats as the same: PEP 503.
func canonical(name string) string {
	return strings.ToLower(strings.Join(strings.FieldsFunc(name, func(r rune) bool { return r == '-' || r == '_' || r == '.' }), "-"))
}

// requirements reads requirements.txt: pip's options and URLs are no dependencies on PyPI.
func requirements(name string, content []byte) ([]Dependency, error) {
	kind := Runtime
	if development(path.Base(name)) {
		kind = Develop
	}
	content = bytes.ReplaceAll(bytes.ReplaceAll(content, []byte("\r\n"), []byte("\n")), []byte("\\\n"), []byte(" "))
	var found []Dependency
	for raw := range bytes.Lines(bytes.TrimPrefix(content, []byte("\ufeff"))) {
		line := strings.TrimSpace(string(raw))
		if i := strings.Index(line, " #"); i >= 0 {
			line = line[:i]
		}
		line, _, _ = strings.Cut(line, " --")
		if line == "" || line[0] == '#' || line[0] == '-' {
			continue
		}
		if d, ok := requirement(line, kind); ok {
			found = append(found, d)
		}
	}
	return found, nil
}

var requires = regexp.MustCompile(`\b(install_requires|setup_requires|tests_require)\s*=\s*\[`)

// setupPy finds lists of literals; a program that computes them is not run.
func setupPy(_ string, content []byte) ([]Dependency, error) {
	kinds := map[string]string{"install_requires": Runtime, "setup_requires": Build, "tests_require": Develop}
	var found []Dependency
	for _, m := range requires.FindAllSubmatchIndex(content, -1) {
		kind := kinds[string(content[m[2]:m[3]])]
		for _, line := range literals(content[m[1]:]) {
			if d, ok := requirement(line, kind); ok {
				found = append(found, d)
			}
		}
	}
	return found, nil
}

// literals are the strings of a Python list up to its end.
func literals(src []byte) []string {
	var found []string
	for i := 0; i < len(src) && src[i] != ']'; i++ {
		switch c := src[i]; c {
		case '#':
			for i < len(src) && src[i] != '\n' {
				i++
			}
		case '"', '\'':
			length := bytes.IndexAny(src[i+1:], string([]byte{c, '\n'}))
			if length < 0 {
				return found
			}
			found = append(found, string(src[i+1:i+1+length]))
			i += length + 1
		}
	}
	return found
}

// maxDepth is how many brackets may be open in TOML, those in texts counted.
const maxDepth = 1000

// decodeTOML reads TOML into loose maps: fields that are not what they should be must not cost the others.
func decodeTOML(content []byte) (map[string]any, error) {
	// The decoder calls itself for every level, and a stack that is full ends the program.
	depth := 0
	for _, c := range content {
		switch c {
		case '[', '{':
			depth++
		case ']', '}':
			depth = max(depth-1, 0)
		}
		if depth > maxDepth {
			return nil, errors.New("read TOML: too many levels")
		}
	}
	var root map[string]any
	if err := toml.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), &root); err != nil {
		return nil, fmt.Errorf("read TOML: %w", err)
	}
	return root, nil
}

// at follows keys down, and is nil where there is no such table.
func at(table map[string]any, keys ...string) map[string]any {
	for _, key := range keys {
		table, _ = table[key].(map[string]any)
	}
	return table
}

// sorted are the keys in order, so that the same content always reads the same.
func sorted[T any](m map[string]T) []string { return slices.Sorted(maps.Keys(m)) }

func pyproject(_ string, content []byte) ([]Dependency, error) {
	root, err := decodeTOML(content)
	if err != nil {
		return nil, err
	}
	var found []Dependency
	list := func(value any, kind string) {
		lines, _ := value.([]any)
		for _, line := range lines {
			text, _ := line.(string)
			if d, ok := requirement(text, kind); ok {
				found = append(found, d)
			}
		}
	}
	project := at(root, "project")
	list(project["dependencies"], Runtime)
	for _, group := range sorted(at(project, "optional-dependencies")) {
		kind := Optional
		if development(group) {
			kind = Develop
		}
		list(at(project, "optional-dependencies")[group], kind)
	}
	for _, group := range sorted(at(root, "dependency-groups")) {
		list(at(root, "dependency-groups")[group], Develop)
	}
	list(at(root, "build-system")["requires"], Build)
	poetry := at(root, "tool", "poetry")
	found = append(found, table(PyPI, at(poetry, "dependencies"), Runtime)...)
	found = append(found, table(PyPI, at(poetry, "dev-dependencies"), Develop)...)
	for _, group := range sorted(at(poetry, "group")) {
		found = append(found, table(PyPI, at(poetry, "group", group, "dependencies"), Develop)...)
	}
	return found, nil
}

func pipfile(_ string, content []byte) ([]Dependency, error) {
	root, err := decodeTOML(content)
	if err != nil {
		return nil, err
	}
	return append(table(PyPI, at(root, "packages"), Runtime), table(PyPI, at(root, "dev-packages"), Develop)...), nil
}

// table reads name = "version" and name = { version = "..." }. What comes from a path, a URL or a repository is not in the registry.
func table(manager string, packages map[string]any, kind string) []Dependency {
	var found []Dependency
	for _, name := range sorted(packages) {
		d := Dependency{Manager: manager, Name: name, Type: kind}
		switch value := packages[name].(type) {
		case string:
			d.Requirement = value
		case map[string]any:
			if value["path"] != nil || value["git"] != nil || value["url"] != nil || value["file"] != nil || value["workspace"] != nil {
				continue
			}
			d.Requirement, _ = value["version"].(string)
			if other, ok := value["package"].(string); ok {
				d.Name = other
			}
			if optional, _ := value["optional"].(bool); optional && kind == Runtime {
				d.Type = Optional
			}
		default:
			continue
		}
		if manager == PyPI {
			if d.Name = canonical(d.Name); d.Name == "python" {
				continue
			}
		}
		found = append(found, d)
	}
	return found
}

// cargo reads Cargo.toml, with the tables of targets and of the workspace.
func cargo(_ string, content []byte) ([]Dependency, error) {
	root, err := decodeTOML(content)
	if err != nil {
		return nil, err
	}
	var found []Dependency
	places := []map[string]any{root, at(root, "workspace")}
	for _, target := range sorted(at(root, "target")) {
		places = append(places, at(root, "target", target))
	}
	for _, place := range places {
		found = append(found, table(Cargo, at(place, "dependencies"), Runtime)...)
		found = append(found, table(Cargo, at(place, "dev-dependencies"), Develop)...)
		found = append(found, table(Cargo, at(place, "build-dependencies"), Build)...)
	}
	return found, nil
}
