package main

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// source has a setting of every sort, and structs that are no sections.
const source = `package sample

import "time"

// Settings is section Sample of the settings table: things to try.
//
// A second paragraph,
// of two lines.
type Settings struct {
	_ struct{} ` + "`section:\"Sample\" effect:\"next task\"`" + `

	// A text. With | in it.
	Text string ` + "`setting:\"text\" default:\"a|b\"`" + `
	// A word.
	Word string ` + "`setting:\"word\" default:\"A\" oneof:\"A B\"`" + `
	// A number over
	// two lines.
	Count int ` + "`setting:\"count\" default:\"5\" min:\"0\" max:\"9\" restart:\"true\"`" + `
	// A share.
	Share float64 ` + "`setting:\"share\" default:\"0.5\" max:\"1\"`" + `
	// A flag.
	Flag bool ` + "`setting:\"flag\" default:\"False\"`" + `
	// A switch.
	Switch bool ` + "`setting:\"switch\" default:\"1\" type:\"int\"`" + `
	// Seconds.
	Every time.Duration ` + "`setting:\"every\" default:\"30\" unit:\"1s\" min:\"1\" effect:\"at once\"`" + `
	// A time.
	Limit time.Duration ` + "`setting:\"limit\" default:\"2h\"`" + `
	// A key.
	Key config.Secret ` + "`setting:\"key\" default:\"\"`" + `
	// Old.
	Dead int ` + "`setting:\"dead\" default:\"1\" unused:\"nobody reads it\"`" + `

	other int
}

type plain struct{ A int }

// Another speaks of something else.
type (
	// Another is section Another of the settings table: a second one.
	Another struct {
		_ struct{} ` + "`section:\"Another\" effect:\"at once\" unused:\"not yet\"`" + `
		// A.
		A int ` + "`setting:\"a\" default:\"1\"`" + `
	}
)
`

func write(t *testing.T, text string) string {
	t.Helper()
	dir := t.TempDir()
	require.NoError(t, os.WriteFile(filepath.Join(dir, "settings.go"), []byte(text), 0o600))
	return dir
}

func TestPage(t *testing.T) {
	t.Parallel()
	dir := write(t, source)
	for _, name := range []string{"x_test.go", "testdata/x.go", ".hidden/x.go"} {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o700))
		require.NoError(t, os.WriteFile(path, []byte("no Go"), 0o600))
	}
	out := filepath.Join(dir, "page.md")
	require.NoError(t, run([]string{"-root", dir, "-o", out}))
	got, err := os.ReadFile(out)
	require.NoError(t, err)
	golden := filepath.Join("testdata", "page.md")
	if *update {
		require.NoError(t, os.WriteFile(golden, got, 0o600))
	}
	want, err := os.ReadFile(golden)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got))
}

func TestWhatHasNoCommentIsReported(t *testing.T) {
	t.Parallel()
	_, err := extract(write(t, "package sample\n\ntype Settings struct {\n\t_ struct{} `section:\"Sample\" effect:\"at once\"`\n\tA, B int `setting:\"a\" default:\"1\"`\n}\n"))
	require.ErrorContains(t, err, "struct Settings has no comment")
	require.ErrorContains(t, err, "setting Sample.a has no comment")
	_, err = extract(write(t, "package"))
	require.Error(t, err)
	require.Error(t, run([]string{"-root", "/does/not/exist"}))
	require.Error(t, run([]string{"-nothing"}))
}

func TestPageOfTheProgramIsCurrent(t *testing.T) {
	t.Parallel()
	sections, err := extract(filepath.Join("..", ".."))
	require.NoError(t, err)
	var page bytes.Buffer
	render(&page, sections)
	current, err := os.ReadFile(filepath.Join("..", "..", "docs", "configuration.md"))
	require.NoError(t, err)
	require.Equal(t, page.String(), string(current), "run make generate")
}
