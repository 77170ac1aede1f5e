// Command githubschema cuts GitHub's published descriptions of its REST and GraphQL APIs to what the fake GitHub of the tests knows.
// It is called by hand when the fake learns more; tasks/github/githubtest/schema/README.md says how.
//
// It reads the npm packages @octokit/openapi and @octokit/graphql-schema, both under the MIT licence, from a directory where
// `npm install @octokit/openapi @octokit/graphql-schema` was run, and the lists rest.keep and graphql.keep, and writes rest.json and schema.graphql
// beside them.
//
// Exit status: 0 written, 1 failed, 2 usage.
package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stderr)) }

func run(args []string, stderr io.Writer) int {
	if len(args) != 2 {
		fmt.Fprintln(stderr, "usage: githubschema NODE_MODULES SCHEMA_DIRECTORY")
		return 2
	}
	if err := errors.Join(cutREST(args[0], args[1]), cutGraphQL(args[0], args[1])); err != nil {
		fmt.Fprintln(stderr, "githubschema:", err)
		return 1
	}
	return 0
}

// keepList is the lines of a list that are neither empty nor a comment.
func keepList(path string) ([]string, error) {
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var lines []string
	for line := range strings.Lines(string(data)) {
		line, _, _ = strings.Cut(line, "#")
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	return lines, nil
}

// versionOf is the version of an npm package.
func versionOf(modules, name string) (string, error) {
	var about struct{ Version string }
	if err := readJSON(filepath.Join(modules, name, "package.json"), &about); err != nil {
		return "", err
	}
	return about.Version, nil
}
