package githubtest

import (
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/vektah/gqlparser/v2/ast"
)

// price is what a query costs before it runs: the requests that it stands for, and the nodes that it may find.
type price struct {
	requests, nodes int
	emails          bool // it asks for a user's e-mail
	dryRun          bool // it only asks for the price
	faults          []queryError
	variables       map[string]any
	path            []any
}

// points are the requests by the hundred, rounded, and at least one.
func (p *price) points() int { return max(1, (p.requests+50)/100) }

func priceOf(operation *ast.OperationDefinition, variables map[string]any) *price {
	p := &price{variables: variables, path: []any{"query"}}
	if operation.Name != "" {
		p.path = []any{"query " + operation.Name}
	}
	p.walk(operation.SelectionSet, 1)
	return p
}

// walk adds up a selection that is made for so many parents. A connection is one request for each of them, and multiplies what is below it.
func (p *price) walk(selection ast.SelectionSet, parents int) {
	for _, s := range selection {
		switch s := s.(type) {
		case *ast.InlineFragment:
			p.walk(s.SelectionSet, parents)
		case *ast.FragmentSpread:
			p.walk(s.Definition.SelectionSet, parents)
		case *ast.Field:
			p.path = append(p.path, s.Alias)
			p.field(s, parents)
			p.path = p.path[:len(p.path)-1]
		}
	}
}

func (p *price) field(f *ast.Field, parents int) {
	args := f.ArgumentMap(p.variables)
	switch {
	case f.ObjectDefinition.Name == "User" && f.Name == "email":
		p.emails = true
	case f.Name == "rateLimit":
		p.dryRun = p.dryRun || args["dryRun"] == true
	case f.ObjectDefinition.Name == "Query" && f.Name == "nodes":
		ids := listArg(args, "ids")
		if len(ids) > 100 {
			p.fault("ARGUMENT_LIMIT", fmt.Sprintf("You may not provide more than 100 node ids; you provided %d.", len(ids)), f)
		}
		p.requests += parents
		p.nodes += parents * len(ids)
		p.walk(f.SelectionSet, parents*max(len(ids), 1))
		return
	case strings.HasSuffix(f.Definition.Type.Name(), "Connection"):
		p.connection(f, args, parents)
		return
	}
	p.walk(f.SelectionSet, parents)
}

func (p *price) connection(f *ast.Field, args map[string]any, parents int) {
	size := 0
	for _, bound := range []string{"first", "last"} {
		n, given := intArg(args, bound)
		if !given {
			continue
		}
		size = n
		if n > 100 {
			p.fault("EXCESSIVE_PAGINATION", fmt.Sprintf("Requesting %d records on the %#q connection exceeds the %#q limit of 100 records.", n, f.Name, bound), f)
		}
		if n < 1 {
			p.fault("INVALID_PAGINATION", fmt.Sprintf("%#q on the %#q connection cannot be less than 1.", bound, f.Name), f)
		}
	}
	if size == 0 && asksForNodes(f.SelectionSet) {
		p.fault("MISSING_PAGINATION_BOUNDARIES", fmt.Sprintf("You must provide a `first` or `last` value to properly paginate the %#q connection.", f.Name), f)
	}
	p.requests += parents
	p.nodes += parents * size
	p.walk(f.SelectionSet, parents*max(size, 1))
}

func asksForNodes(selection ast.SelectionSet) bool {
	for _, s := range selection {
		switch s := s.(type) {
		case *ast.InlineFragment:
			if asksForNodes(s.SelectionSet) {
				return true
			}
		case *ast.FragmentSpread:
			if asksForNodes(s.Definition.SelectionSet) {
				return true
			}
		case *ast.Field:
			if s.Name == "nodes" || s.Name == "edges" {
				return true
			}
		}
	}
	return false
}

func (p *price) fault(kind, message string, f *ast.Field) {
	p.faults = append(p.faults, queryError{Type: kind, Message: message, Path: append([]any(nil), p.path...), Locations: locate(f.Position)})
}

// refusal is why the query is not run, nil when it is.
func (p *price) refusal(c *call) *Response {
	if len(p.faults) > 0 {
		c.s.problem("POST /graphql: %s\n%s", p.faults[0].Message, c.query.Query)
		return refuseQuery(p.faults...)
	}
	if limit := c.s.keys.limits.Nodes; p.nodes > limit {
		return refuseQuery(queryError{Type: "MAX_NODE_LIMIT_EXCEEDED", Message: fmt.Sprintf(
			"This query requests up to %s possible nodes which exceeds the maximum limit of %s.", thousands(p.nodes), thousands(limit))})
	}
	if p.emails && c.key.noEmails {
		return refuseQuery(queryError{Type: "INSUFFICIENT_SCOPES", Message: "Your token has not been granted the required scopes to execute this query. The 'email' field requires one of the following scopes: ['user:email', 'read:user'], but your token has only been granted the: [''] scopes. Please modify your token's scopes at: https://github.com/settings/tokens."})
	}
	return nil
}

func thousands(n int) string {
	text := strconv.Itoa(n)
	for i := len(text) - 3; i > 0; i -= 3 {
		text = text[:i] + "," + text[i:]
	}
	return text
}

// listArg is an argument that is a list. One value stands for a list of it.
func listArg(args map[string]any, name string) []any {
	switch value := args[name].(type) {
	case nil:
		return nil
	case []any:
		return value
	default:
		return []any{value}
	}
}

func intArg(args map[string]any, name string) (int, bool) {
	switch n := args[name].(type) {
	case int64:
		return int(n), true
	case int:
		return n, true
	case float64:
		return int(n), true
	case json.Number:
		i, err := n.Int64()
		return int(i), err == nil
	}
	return 0, false
}
