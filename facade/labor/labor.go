// Package labor counts the lines of a source file: code, comment, blank, and how much branches. Augur's value_worker stores these numbers per file.
//
// The rules, and the names of languages, are those of scc, which Augur runs as a program over a checkout; here its library sees one content at a time. It never reads a file by itself.
package labor

import (
	"bytes"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"
	"sync"

	"github.com/boyter/scc/v3/processor"
)

// Rules names what counts, for knowing when everything has to be counted again.
const Rules = "scc 3.5.0"

// Lines are the numbers of one file. Total is Code + Comment + Blank.
type Lines struct {
	Language                    string
	Total, Code, Comment, Blank int64
	// Complexity is the number of branches and loops that the language's keywords tell of: comparable within a language, not between two.
	Complexity int64
}

// ErrBinary says that the content is no text.
var ErrBinary = errors.New("binary file")

// sniffed is how much of a file is looked at to tell text from binary.
const sniffed = 8000

var load = sync.OnceFunc(func() {
	processor.ConfigureLazy(true) // the tables of all 300 languages take 100 MB
	processor.ProcessConstants()
	for _, languages := range processor.ExtensionToLanguage {
		slices.Sort(languages) // they come out of a map
	}
})

// Language is what the name of a file, and where that is not enough its content, says about its language; empty when it is none that has lines to count.
func Language(name string, content []byte) string {
	load()
	possible := candidates(name)
	if len(possible) == 1 && possible[0] == processor.SheBang {
		return interpreter(content)
	}
	if len(possible) == 0 {
		return ""
	}
	for _, language := range possible {
		processor.LoadLanguageFeature(language)
	}
	return processor.DetermineLanguage(name, possible[0], slices.Clone(possible), content)
}

// Known tells whether a file with this name can have a language. If not, there is no need for its content.
func Known(name string) bool {
	load()
	return len(candidates(name)) > 0
}

// candidates looks a name up as scc does, without the cache of all names that its own function keeps for ever.
func candidates(name string) []string {
	name = strings.ToLower(path.Base(name))
	if dots := strings.Count(name, "."); dots == 0 || dots == 1 && name[0] == '.' {
		if language, ok := processor.FilenameToLanguage[name]; ok {
			return []string{language}
		}
		return []string{processor.SheBang}
	}
	if languages, ok := processor.ExtensionToLanguage[name]; ok {
		return languages
	}
	last := path.Ext(name)
	both := strings.TrimPrefix(path.Ext(strings.TrimSuffix(name, last))+last, ".")
	if languages, ok := processor.ExtensionToLanguage[both]; ok {
		return languages
	}
	return processor.ExtensionToLanguage[strings.TrimPrefix(last, ".")]
}

// interpreter is the language of a script that names its interpreter in the first line. Of several that share one, the first by name counts.
func interpreter(content []byte) string {
	line, _, _ := bytes.Cut(content[:min(len(content), 200)], []byte{'\n'})
	rest, ok := bytes.CutPrefix(line, []byte("#!"))
	if !ok {
		return ""
	}
	words := strings.Fields(string(rest))
	if len(words) == 0 {
		return ""
	}
	program := path.Base(words[0])
	if program == "env" && len(words) > 1 {
		program = words[1]
	}
	found := ""
	for language, programs := range processor.ShebangLookup {
		if slices.Contains(programs, program) && (found == "" || language < found) {
			found = language
		}
	}
	return found
}

// Count counts the lines of a file. The language is empty when the file has none: then nothing is counted. ErrBinary is a content with a language's name that is no text;
// another error is a content that the counter cannot get through.
func Count(name string, content []byte) (lines Lines, err error) {
	language := Language(name, content)
	if language == "" {
		return Lines{}, nil
	}
	if bytes.IndexByte(content[:min(len(content), sniffed)], 0) >= 0 {
		return Lines{}, ErrBinary
	}
	defer func() {
		// The counter walks bytes by hand, and files may hold any: one of them must not end the whole look.
		if cause := recover(); cause != nil {
			err = fmt.Errorf("count the lines: %v", cause)
		}
	}()
	processor.LoadLanguageFeature(language)
	job := &processor.FileJob{Language: language, Content: content, Bytes: int64(len(content))}
	processor.CountStats(job)
	return Lines{Language: language, Total: job.Lines, Code: job.Code, Comment: job.Comment, Blank: job.Blank, Complexity: job.Complexity}, nil
}
