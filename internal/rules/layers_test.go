package rules_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"
)

const module = "augur/"

// pkg is what `go list -json` says about a package.
type pkg struct {
	ImportPath                         string
	Imports, TestImports, XTestImports []string
	Deps                               []string
}

// place is where a package stands. Imports go from a higher layer to a lower one, or stay in the room.
type place struct {
	layer int
	room  string
}

const (
	layerBase = iota // facade/giturl: words that all others share
	layerPure
	layerDB
	layerBelowDB
	layerTasks
	layerWork // monitor and the sources: side by side, so neither imports the other
	layerWeb
	layerShared // tools/scratch: what the benchmarks have in common
	layerCmd
)

// placeOf says where a package stands, and false for one that has no place yet.
func placeOf(path string) (place, bool) {
	top, rest, _ := strings.Cut(strings.TrimPrefix(path, module), "/")
	next, _, _ := strings.Cut(rest, "/")
	switch top {
	case "tools":
		if next == "scratch" {
			return place{layerShared, path}, true
		}
		return place{layerCmd, top + "/" + next}, true
	case "cmd", "internal":
		return place{layerCmd, top + "/" + next}, true
	case "web":
		return place{layerWeb, top}, true
	case "monitor":
		return place{layerWork, top}, true
	case "tasks":
		// The vocabulary, the key pool and the test helpers are not sources.
		if next == "" || next == "apikey" || strings.HasSuffix(next, "test") {
			return place{layerTasks, top}, true
		}
		return place{layerWork, top + "/" + next}, true
	case "db":
		if next == "" {
			return place{layerDB, top}, true
		}
		return place{layerBelowDB, top}, true
	case "facade":
		if next == "giturl" {
			return place{layerBase, next}, true
		}
		return place{layerPure, top}, true
	case "insight":
		return place{layerPure, top}, true
	}
	return place{}, false
}

// mayImport tells whether DESIGN's drawing has a line down from one package to the other.
func mayImport(from, to string) bool {
	f, ok := placeOf(from)
	if !ok {
		return false
	}
	t, ok := placeOf(to)
	if !ok {
		return false
	}
	switch {
	case f == t:
		return true
	case f.layer == layerCmd && t.layer == layerCmd:
		return false
	case t.layer == layerShared:
		return strings.HasPrefix(f.room, "tools/")
	case t.layer == layerPure: // facade and insight are for those who do the work, and for the tools that measure them
		return f.layer == layerWork && f.room != "monitor" || f.layer == layerCmd
	case f.layer == layerPure:
		return t.layer == layerBase && f.room == "facade"
	case f.layer == layerDB:
		return false
	}
	return f.layer > t.layer
}

func TestImportsPointDown(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		_, ok := placeOf(p.ImportPath)
		require.Truef(t, ok, "%s stands in no layer: give it a place in DESIGN, in .golangci.yml and here", p.ImportPath)
		for _, imported := range ours(p.Imports) {
			require.Truef(t, mayImport(p.ImportPath, imported), "%s imports %s: imports point down only", p.ImportPath, imported)
		}
		for _, imported := range ours(slices.Concat(p.TestImports, p.XTestImports)) {
			if imported == p.ImportPath || strings.HasSuffix(imported, "test") || strings.HasPrefix(imported, "augur/db/") {
				continue // tests of any layer may use the test database and the fakes
			}
			require.Truef(t, mayImport(p.ImportPath, imported), "tests of %s import %s: imports point down only", p.ImportPath, imported)
		}
	}
}

func TestPurePackagesKnowNoDatabaseAndNoQueue(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		at, _ := placeOf(p.ImportPath)
		if at.layer > layerPure {
			continue
		}
		for _, dep := range p.Deps {
			for _, banned := range []string{"database/sql", "github.com/jackc/", "github.com/riverqueue/", "github.com/pressly/", "github.com/urfave/"} {
				require.Falsef(t, strings.HasPrefix(dep, banned), "%s is pure and depends on %s", p.ImportPath, dep)
			}
		}
	}
}

func TestNoSourceDependsOnAnother(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		at, _ := placeOf(p.ImportPath)
		source, ok := strings.CutPrefix(at.room, "tasks/")
		if !ok {
			continue
		}
		for _, dep := range ours(p.Deps) {
			to, _ := placeOf(dep)
			if strings.HasPrefix(to.room, "tasks/") {
				require.Equalf(t, at, to, "source %s depends on %s", source, dep)
			}
		}
	}
}

func TestFlagsStayInCmd(t *testing.T) {
	t.Parallel()
	for _, p := range list(t) {
		if at, _ := placeOf(p.ImportPath); at.layer == layerCmd {
			continue
		}
		for _, dep := range p.Deps {
			require.Falsef(t, strings.HasPrefix(dep, "github.com/urfave/cli"), "%s depends on %s, which belongs to cmd", p.ImportPath, dep)
		}
	}
}

func TestLayersAreTheOnesOfTheDesign(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		from, to string
		want     bool
	}{
		{"augur/cmd/augur", "augur/web", true},
		{"augur/cmd/augur", "augur/tasks/git", true},
		{"augur/web", "augur/monitor", true},
		{"augur/web", "augur/tasks/git", true},
		{"augur/web", "augur/facade", false},
		{"augur/monitor", "augur/web", false},
		{"augur/monitor", "augur/monitor/supervisor", true},
		{"augur/monitor", "augur/tasks", true},
		{"augur/monitor", "augur/tasks/git", false},
		{"augur/monitor", "augur/facade", false},
		{"augur/tasks/git", "augur/facade", true},
		{"augur/tasks/git", "augur/tasks/apikey", true},
		{"augur/tasks/git", "augur/tasks/github", false},
		{"augur/tasks/git", "augur/monitor", false},
		{"augur/tasks", "augur/db/config", true},
		{"augur/tasks", "augur/tasks/git", false},
		{"augur/tasks", "augur/facade/giturl", true},
		{"augur/tasks", "augur/facade", false},
		{"augur/db/config", "augur/db", true},
		{"augur/db/repos", "augur/facade/giturl", true},
		{"augur/db/repos", "augur/facade", false},
		{"augur/db/migrate", "augur/tasks", false},
		{"augur/db", "augur/db/migrate", false},
		{"augur/facade", "augur/facade/giturl", true},
		{"augur/facade", "augur/db", false},
		{"augur/facade/giturl", "augur/facade", false},
		{"augur/insight", "augur/facade/giturl", false},
		{"augur/tools/vetsql", "augur/db/migrate", true},
		{"augur/cmd/augur", "augur/tools/vetsql", false},
		{"augur/web", "augur/cmd/augur", false},
		{"augur/web", "augur/elsewhere", false},
	} {
		require.Equalf(t, c.want, mayImport(c.from, c.to), "%s -> %s", c.from, c.to)
	}
}

// list asks the go command, once, about every package of the module.
func list(t *testing.T) []pkg {
	t.Helper()
	pkgs, err := listOnce()
	require.NoError(t, err)
	require.NotEmpty(t, pkgs)
	return pkgs
}

var listOnce = sync.OnceValues(func() ([]pkg, error) {
	cmd := exec.CommandContext(context.Background(), "go", "list", "-e", "-json=ImportPath,Imports,TestImports,XTestImports,Deps", module+"...")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return nil, fmt.Errorf("go list: %w: %s", err, stderr.String())
	}
	var pkgs []pkg
	for decoder := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := decoder.Decode(&p); errors.Is(err, io.EOF) {
			return pkgs, nil
		} else if err != nil {
			return nil, fmt.Errorf("go list: %w", err)
		}
		pkgs = append(pkgs, p)
	}
})

// ours keeps the packages of this module.
func ours(paths []string) []string {
	return slices.DeleteFunc(slices.Clone(paths), func(p string) bool { return !strings.HasPrefix(p, module) })
}
