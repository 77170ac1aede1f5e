package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// operation is what is kept of an operation: enough to tell a request that GitHub knows from one that it does not.
type operation struct {
	OperationID string                   `json:"operationId"`
	Parameters  []any                    `json:"parameters,omitempty"`
	Responses   map[string]emptyResponse `json:"responses"`
}

type emptyResponse struct {
	Description string `json:"description"`
}

// cutREST writes the operations named in rest.keep, a line "METHOD PATH" each, with their parameters and without what they answer.
func cutREST(modules, dir string) error {
	keep, err := keepList(filepath.Join(dir, "rest.keep"))
	if err != nil {
		return err
	}
	version, err := versionOf(modules, "@octokit/openapi")
	if err != nil {
		return err
	}
	var whole struct {
		Info  map[string]any
		Paths map[string]map[string]struct {
			OperationID string `json:"operationId"`
			Parameters  []any
		}
	}
	// In this file of the package every reference is resolved.
	if err := readJSON(filepath.Join(modules, "@octokit", "openapi", "generated", "api.github.com.deref.json"), &whole); err != nil {
		return err
	}
	paths := map[string]map[string]operation{}
	for _, line := range keep {
		method, path, _ := strings.Cut(line, " ")
		found, ok := whole.Paths[path][strings.ToLower(method)]
		if !ok {
			return fmt.Errorf("rest.keep: %s is not in @octokit/openapi %s", line, version)
		}
		for _, parameter := range found.Parameters {
			forget(parameter)
		}
		if paths[path] == nil {
			paths[path] = map[string]operation{}
		}
		paths[path][strings.ToLower(method)] = operation{
			OperationID: found.OperationID, Parameters: found.Parameters,
			Responses: map[string]emptyResponse{"200": {Description: "not kept"}},
		}
	}
	out, err := json.MarshalIndent(map[string]any{
		"openapi": "3.0.3",
		"info": map[string]any{
			"title": "GitHub REST API, cut by tools/githubschema from the npm package @octokit/openapi", "version": version,
			"license": whole.Info["license"],
		},
		"paths": paths,
	}, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "rest.json"), append(out, '\n'), 0o644)
}

// forget removes descriptions and examples.
func forget(value any) {
	switch value := value.(type) {
	case map[string]any:
		for _, name := range []string{"description", "example", "examples"} {
			if _, isText := value[name].(string); isText || name != "description" {
				delete(value, name)
			}
		}
		for _, inner := range value {
			forget(inner)
		}
	case []any:
		for _, inner := range value {
			forget(inner)
		}
	}
}

func readJSON(path string, into any) error {
	data, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(data, into); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}
