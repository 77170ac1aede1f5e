package labor_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/facade/labor"
)

func TestCountsLines(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		file, content string
		want          labor.Lines
	}{
		"go":            {"a/main.go", "package main\n\n// nothing\nfunc main() {\n\tif true {\n\t}\n}\n", labor.Lines{Language: "Go", Total: 7, Code: 5, Comment: 1, Blank: 1, Complexity: 1}},
		"python":        {"x.py", "# c\nimport os\n", labor.Lines{Language: "Python", Total: 2, Code: 1, Comment: 1}},
		"no newline":    {"x.py", "import os", labor.Lines{Language: "Python", Total: 1, Code: 1}},
		"empty":         {"x.py", "", labor.Lines{Language: "Python"}},
		"two endings":   {"x.d.ts", "let a;\n", labor.Lines{Language: "TypeScript Typings", Total: 1, Code: 1}},
		"whole name":    {"Makefile", "all:\n", labor.Lines{Language: "Makefile", Total: 1, Code: 1}},
		"interpreter":   {"bin/tool", "#!/usr/bin/env python3\nx = 1\n", labor.Lines{Language: "Python", Total: 2, Code: 1, Comment: 1}},
		"no language":   {"x.unknown", "text\n", labor.Lines{}},
		"no script":     {"LICENSE-", "text\n", labor.Lines{}},
		"byte order":    {"x.go", "\ufeffpackage x\n", labor.Lines{Language: "Go", Total: 1, Code: 1}},
		"not utf-8":     {"x.c", "int a; /* \xff\xfe */\n", labor.Lines{Language: "C", Total: 1, Code: 1}},
		"open comment":  {"x.c", "/* a\nb\n", labor.Lines{Language: "C", Total: 2, Comment: 2}},
		"carriage":      {"x.c", "int a;\r\n\r\n", labor.Lines{Language: "C", Total: 2, Code: 1, Blank: 1}},
		"odd extension": {"x.", "a\n", labor.Lines{}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := labor.Count(test.file, []byte(test.content))
			require.NoError(t, err)
			require.Equal(t, test.want, got)
		})
	}
	_, err := labor.Count("x.py", []byte("a\x00b"))
	require.ErrorIs(t, err, labor.ErrBinary)
}

// What one name says must not depend on the order of a map, or on what was counted before or at the same time.
func TestCountsTheSameEveryTime(t *testing.T) {
	t.Parallel()
	var group sync.WaitGroup
	for _, name := range []string{"x.h", "x.m", "x.v", "x.fs", "x.pl", "x.ts", "x.cls", "x.inc", "x.yml", "run"} {
		content := []byte("#!/usr/bin/perl\n" + strings.Repeat("class a { }\n", 3))
		want, err := labor.Count(name, content)
		require.NoError(t, err)
		for range 4 {
			group.Go(func() {
				for range 25 {
					if got, err := labor.Count(name, content); err != nil || got != want {
						t.Errorf("Count(%s) = %v %v, want %v", name, got, err, want)
					}
				}
			})
		}
	}
	group.Wait()
}

func FuzzCount(f *testing.F) {
	f.Add("x.py", []byte("'''\n"))
	f.Add("x.cs", []byte("@\"\"\"\n/*"))
	f.Add("run", []byte("#!"))
	f.Fuzz(func(t *testing.T, name string, content []byte) {
		lines, err := labor.Count(name, content)
		if err == nil && lines.Total != lines.Code+lines.Comment+lines.Blank {
			t.Errorf("%d lines are %d + %d + %d", lines.Total, lines.Code, lines.Comment, lines.Blank)
		}
	})
}
