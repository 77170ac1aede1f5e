package manifest

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"golang.org/x/mod/modfile"
	"golang.org/x/text/encoding/htmlindex"
)

// decodeJSON reads an object whose fields are looked at one by one.
func decodeJSON(content []byte) (map[string]json.RawMessage, error) {
	var root map[string]json.RawMessage
	if err := json.Unmarshal(bytes.TrimPrefix(content, []byte("\ufeff")), &root); err != nil {
		return nil, fmt.Errorf("read JSON: %w", err)
	}
	return root, nil
}

// strings of an object; values of another type are left out.
func pairs(raw json.RawMessage) map[string]string {
	var values map[string]any
	if json.Unmarshal(raw, &values) != nil {
		return nil // no object
	}
	found := make(map[string]string, len(values))
	for name, value := range values {
		if s, ok := value.(string); ok {
			found[name] = s
		}
	}
	return found
}

func npm(_ string, content []byte) ([]Dependency, error) {
	root, err := decodeJSON(content)
	if err != nil {
		return nil, err
	}
	var found []Dependency
	for _, part := range []struct{ field, kind string }{{"dependencies", Runtime}, {"devDependencies", Develop}, {"optionalDependencies", Optional}} {
		versions := pairs(root[part.field])
		for _, name := range sorted(versions) {
			d := Dependency{Manager: NPM, Name: name, Requirement: versions[name], Type: part.kind}
			if alias, ok := strings.CutPrefix(d.Requirement, "npm:"); ok {
				if i := strings.LastIndexByte(alias, '@'); i > 0 {
					d.Name, d.Requirement = alias[:i], alias[i+1:]
				} else {
					d.Name, d.Requirement = alias, ""
				}
			}
			if !strings.Contains(d.Requirement, ":") { // file:, workspace:, git+https:, link:
				found = append(found, d)
			}
		}
	}
	return found, nil
}

func composer(_ string, content []byte) ([]Dependency, error) {
	root, err := decodeJSON(content)
	if err != nil {
		return nil, err
	}
	var found []Dependency
	for _, part := range []struct{ field, kind string }{{"require", Runtime}, {"require-dev", Develop}} {
		versions := pairs(root[part.field])
		for _, name := range sorted(versions) {
			if strings.Count(name, "/") == 1 { // php, ext-json and the like are not packages
				found = append(found, Dependency{Manager: Composer, Name: strings.ToLower(name), Requirement: versions[name], Type: part.kind})
			}
		}
	}
	return found, nil
}

// gomod reads go.mod, with what it replaces.
func gomod(name string, content []byte) ([]Dependency, error) {
	file, err := modfile.Parse(name, content, nil)
	if err != nil {
		if file, err = modfile.ParseLax(name, content, nil); err != nil {
			return nil, fmt.Errorf("read go.mod: %w", err)
		}
	}
	var found []Dependency
	for _, r := range file.Require {
		d := Dependency{Manager: Go, Name: r.Mod.Path, Requirement: r.Mod.Version, Type: Runtime}
		if r.Indirect {
			d.Type = Indirect
		}
		local := false
		for _, other := range file.Replace {
			if other.Old.Path == r.Mod.Path && (other.Old.Version == "" || other.Old.Version == r.Mod.Version) {
				d.Name, d.Requirement, local = other.New.Path, other.New.Version, other.New.Version == ""
			}
		}
		if !local {
			found = append(found, d)
		}
	}
	return found, nil
}

// decodeXML reads XML in any encoding that is known. Go's decoder expands no entities of the document's own.
func decodeXML(content []byte, into any) error {
	d := xml.NewDecoder(bytes.NewReader(content))
	d.Strict = false
	d.CharsetReader = func(label string, input io.Reader) (io.Reader, error) {
		encoding, err := htmlindex.Get(label)
		if err != nil {
			return nil, fmt.Errorf("encoding %.40q: %w", label, err)
		}
		return encoding.NewDecoder().Reader(input), nil
	}
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read XML: %w", err)
	}
	return nil
}

type artifact struct {
	Group    string `xml:"groupId"`
	Artifact string `xml:"artifactId"`
	Version  string `xml:"version"`
	Scope    string `xml:"scope"`
}

type property struct {
	XMLName xml.Name
	Value   string `xml:",chardata"`
}

type project struct {
	artifact
	Parent     artifact `xml:"parent"`
	Properties struct {
		All []property `xml:",any"`
	} `xml:"properties"`
	Managed []artifact `xml:"dependencyManagement>dependencies>dependency"`
	Direct  []artifact `xml:"dependencies>dependency"`
}

// pom reads pom.xml. Properties and managed versions are those of this file; what a parent says is not known.
func pom(_ string, content []byte) ([]Dependency, error) {
	var p project
	if err := decodeXML(content, &p); err != nil {
		return nil, err
	}
	values := map[string]string{
		"project.version": first(p.Version, p.Parent.Version), "project.groupId": first(p.Group, p.Parent.Group), "project.parent.version": p.Parent.Version,
	}
	for _, v := range p.Properties.All {
		values[v.XMLName.Local] = strings.TrimSpace(v.Value)
	}
	managed := map[string]string{}
	for _, m := range p.Managed {
		managed[fill(m.Group, values)+":"+fill(m.Artifact, values)] = fill(m.Version, values)
	}
	kinds := map[string]string{"test": Develop, "provided": Build}
	var found []Dependency
	for _, a := range p.Direct {
		d := Dependency{Manager: Maven, Name: fill(a.Group, values) + ":" + fill(a.Artifact, values), Requirement: fill(a.Version, values), Type: first(kinds[strings.TrimSpace(a.Scope)], Runtime)}
		d.Requirement = first(d.Requirement, managed[d.Name])
		if strings.Contains(d.Requirement, "${") {
			d.Requirement = ""
		}
		found = append(found, d)
	}
	return found, nil
}

func first(values ...string) string {
	for _, v := range values {
		if v = strings.TrimSpace(v); v != "" {
			return v
		}
	}
	return ""
}

var placeholder = regexp.MustCompile(`\$\{[^{}]*\}`)

// fill puts values into ${names}. A value may name others, a few deep; one that names itself stays as it is.
func fill(s string, values map[string]string) string {
	s = strings.TrimSpace(s)
	for range 5 {
		if !strings.Contains(s, "${") || len(s) > 1000 {
			break
		}
		s = placeholder.ReplaceAllStringFunc(s, func(name string) string { return first(values[name[2:len(name)-1]], name) })
	}
	return s
}

var (
	gem   = regexp.MustCompile(`^gem[\s(]+['"]([^'"]+)['"](.*)$`)
	group = regexp.MustCompile(`^group[\s(]+(.*?)\)?\s+do\b`)
	quote = regexp.MustCompile(`^\s*,\s*['"]([^'"]*)['"]`)
	opens = regexp.MustCompile(`\bdo\b(\s*\|[^|]*\|)?$|^(if|unless|case|begin|def)\b`)
)

// gemfile reads the lines of a Gemfile that declare gems; the program around them is not run.
func gemfile(_ string, content []byte) ([]Dependency, error) {
	var found []Dependency
	var blocks []string // kinds of the blocks that are open
	kind := func() string {
		for _, kind := range slices.Backward(blocks) {
			if kind != "" {
				return kind
			}
		}
		return Runtime
	}
	for raw := range bytes.Lines(content) {
		line := strings.TrimSpace(string(raw))
		if line == "" || line[0] == '#' {
			continue
		}
		if i := strings.Index(line, " #"); i >= 0 {
			line = strings.TrimSpace(line[:i])
		}
		if m := gem.FindStringSubmatch(line); m != nil {
			if d, ok := gemOf(m[1], m[2], kind()); ok {
				found = append(found, d)
			}
			continue
		}
		switch m := group.FindStringSubmatch(line); {
		case len(m) > 1 && development(m[1]):
			blocks = append(blocks, Develop)
		case len(m) > 1 || opens.MatchString(line):
			blocks = append(blocks, "")
		case (line == "end" || strings.HasPrefix(line, "end ")) && len(blocks) > 0:
			blocks = blocks[:len(blocks)-1]
		}
	}
	return found, nil
}

// gemOf reads what follows the name: versions, then options.
func gemOf(name, rest, kind string) (Dependency, bool) {
	var versions []string
	for m := quote.FindStringSubmatchIndex(rest); m != nil; m = quote.FindStringSubmatchIndex(rest) {
		versions = append(versions, rest[m[2]:m[3]])
		rest = rest[m[1]:]
	}
	for _, option := range []string{"path:", ":path", "git:", ":git", "github:", ":github"} {
		if strings.Contains(rest, option) {
			return Dependency{}, false
		}
	}
	if (strings.Contains(rest, "group:") || strings.Contains(rest, ":group")) && development(rest) {
		kind = Develop
	}
	return Dependency{Manager: RubyGems, Name: name, Requirement: strings.Join(versions, ", "), Type: kind}, true
}

type reference struct {
	Include string `xml:"Include,attr"`
	Update  string `xml:"Update,attr"`
	Attr    string `xml:"Version,attr"`
	Version string `xml:"Version"`
}

// nuget reads project files, packages.config and central package versions.
func nuget(_ string, content []byte) ([]Dependency, error) {
	var p struct {
		References []reference `xml:"ItemGroup>PackageReference"`
		Versions   []reference `xml:"ItemGroup>PackageVersion"`
		Packages   []struct {
			ID          string `xml:"id,attr"`
			Version     string `xml:"version,attr"`
			Development string `xml:"developmentDependency,attr"`
		} `xml:"package"`
	}
	if err := decodeXML(bytes.TrimPrefix(content, []byte("\ufeff")), &p); err != nil {
		return nil, err
	}
	var found []Dependency
	for _, r := range append(p.References, p.Versions...) {
		d := Dependency{Manager: NuGet, Name: first(r.Include, r.Update), Requirement: first(r.Attr, r.Version), Type: Runtime}
		if strings.Contains(d.Requirement, "$(") {
			d.Requirement = ""
		}
		found = append(found, d)
	}
	for _, r := range p.Packages {
		d := Dependency{Manager: NuGet, Name: r.ID, Requirement: r.Version, Type: Runtime}
		if d.Requirement != "" {
			d.Requirement = "[" + d.Requirement + "]" // packages.config names the version itself, not the lowest
		}
		if r.Development == "true" {
			d.Type = Develop
		}
		found = append(found, d)
	}
	return found, nil
}
