// Package imports tells which modules a source file imports: what Augur's repo_dependencies counts per language.
//
// It reads one content at a time and never looks elsewhere, so it knows names as they are written, not what they resolve to. A file that it cannot make sense of gives what was
// found in it; no content is an error. Names that point into the same repository by their form (relative imports, crate::, require_relative) are left out.
package imports

import (
	"bytes"
	"path"
	"slices"
	"strings"
	"unicode/utf16"
)

// Rules names what is found, for knowing when everything has to be looked at again.
const Rules = "imports 1"

// languages are those of Augur with its names, in the order in which Augur goes through them, and typescript.
var languages = []struct {
	name       string
	extensions []string
	scan       func([]byte) []string
}{
	{"python", []string{".py", ".pyi"}, python},
	{"ruby", []string{".rb"}, ruby},
	{"php", []string{".php"}, php},
	{"javascript", []string{".js", ".jsx", ".mjs", ".cjs"}, javascript},
	{"visual basic", []string{".vb"}, visualBasic},
	{"C#", []string{".cs"}, csharp},
	{"java", []string{".java"}, java},
	{"C++", []string{".cpp", ".cc", ".cxx", ".hpp", ".hh", ".hxx"}, includes},
	{"C", []string{".c", ".h"}, includes},
	{"go", []string{".go"}, golang},
	{"kotlin", []string{".kt", ".kts"}, kotlin},
	{"rust", []string{".rs"}, rust},
	{"typescript", []string{".ts", ".tsx", ".mts", ".cts"}, javascript},
}

// Languages are the languages whose imports are found, in a fixed order.
func Languages() []string {
	names := make([]string, len(languages))
	for i, l := range languages {
		names[i] = l.name
	}
	return names
}

// Language is the language that the name of a file tells, or empty.
func Language(name string) string {
	extension := strings.ToLower(path.Ext(name))
	for _, l := range languages {
		if slices.Contains(l.extensions, extension) {
			return l.name
		}
	}
	return ""
}

// Scan returns what a file of the language imports: each name once, sorted.
func Scan(language string, content []byte) []string {
	for _, l := range languages {
		if l.name == language {
			return tidy(l.scan(decode(content)))
		}
	}
	return nil
}

// decode makes UTF-8 of UTF-16 with a byte order mark, which some editors write, and drops the mark.
func decode(content []byte) []byte {
	little := bytes.HasPrefix(content, []byte{0xff, 0xfe})
	if !little && !bytes.HasPrefix(content, []byte{0xfe, 0xff}) {
		return bytes.TrimPrefix(content, []byte("\ufeff"))
	}
	units := make([]uint16, 0, len(content)/2)
	for pair := range slices.Chunk(content[2:], 2) {
		if len(pair) < 2 {
			break
		}
		if little {
			units = append(units, uint16(pair[1])<<8|uint16(pair[0]))
		} else {
			units = append(units, uint16(pair[0])<<8|uint16(pair[1]))
		}
	}
	return []byte(string(utf16.Decode(units)))
}

func tidy(names []string) []string {
	var kept []string
	for _, n := range names {
		n = strings.ReplaceAll(strings.ToValidUTF8(strings.TrimSpace(n), "\uFFFD"), "\x00", "\uFFFD")
		if n != "" {
			kept = append(kept, n)
		}
	}
	slices.Sort(kept)
	return slices.Compact(kept)
}
