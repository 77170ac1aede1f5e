package rules_test

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// root is the directory of the module, seen from this package.
const root = "../.."

var (
	queryHead  = regexp.MustCompile(`^-- name: (\w+) :(\w+)$`)
	selectStar = regexp.MustCompile(`(?i)(\bselect|,|\breturning)\s+(\w+\.)*\*`)
)

func TestQueriesAreWrittenAsTheStyleGuideSays(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob(filepath.Join(root, "queries", "*.sql"))
	require.NoError(t, err)
	require.NotEmpty(t, files)
	for _, file := range files {
		text, err := os.ReadFile(file)
		require.NoError(t, err)
		for _, fault := range queryFaults(string(text)) {
			t.Errorf("%s: %s", filepath.Base(file), fault)
		}
	}
}

func TestQueryFaults(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ sql, want string }{
		"good":              {"-- name: DueRepos :many\n-- DueRepos lists.\nSELECT count(*), a * b\nFROM t\nORDER BY a\nLIMIT 1;\n", ""},
		"limit in subquery": {"-- name: A :many\n-- A lists.\nSELECT a FROM (SELECT a FROM t ORDER BY a LIMIT 1) AS s;\n", ""},
		"no comment":        {"-- name: DueRepos :many\nSELECT a FROM t;\n", "DueRepos: the comment under the name starts with `-- DueRepos `"},
		"another comment":   {"-- name: DueRepos :many\n-- Lists.\nSELECT a FROM t;\n", "DueRepos: the comment under the name starts with `-- DueRepos `"},
		"getter":            {"-- name: GetRepo :one\n-- GetRepo reads.\nSELECT a FROM t;\n", "GetRepo: a query is named without Get"},
		"star":              {"-- name: A :one\n-- A reads.\nSELECT b, t.*\nFROM t;\n", "A: list the columns, without *"},
		"star alone":        {"-- name: A :one\n-- A reads.\nSELECT *\nFROM t;\n", "A: list the columns, without *"},
		"star returned":     {"-- name: A :one\n-- A writes.\nDELETE FROM t RETURNING *;\n", "A: list the columns, without *"},
		"limit":             {"-- name: A :many\n-- A reads.\nSELECT a FROM t LIMIT 3;\n", "A: LIMIT needs a total ORDER BY"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			require.Equal(t, c.want, strings.Join(queryFaults(c.sql), "; "))
		})
	}
}

// queryFaults lists what a file of queries does against the style guide.
func queryFaults(text string) []string {
	var faults []string
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		head := queryHead.FindStringSubmatch(line)
		if head == nil {
			continue
		}
		name := head[1]
		if i+1 == len(lines) || !strings.HasPrefix(lines[i+1], "-- "+name+" ") {
			faults = append(faults, name+": the comment under the name starts with `-- "+name+" `")
		}
		if strings.HasPrefix(name, "Get") {
			faults = append(faults, name+": a query is named without Get")
		}
		statement := statementAt(lines[i+1:])
		if selectStar.MatchString(statement) {
			faults = append(faults, name+": list the columns, without *")
		}
		if strings.Contains(statement, "LIMIT ") && !strings.Contains(statement, "ORDER BY ") {
			faults = append(faults, name+": LIMIT needs a total ORDER BY")
		}
	}
	return faults
}

// statementAt returns the lines up to the next query, without comments.
func statementAt(lines []string) string {
	var statement strings.Builder
	for _, line := range lines {
		if queryHead.MatchString(line) {
			break
		}
		code, _, _ := strings.Cut(line, "--")
		statement.WriteString(code + "\n")
	}
	return statement.String()
}
