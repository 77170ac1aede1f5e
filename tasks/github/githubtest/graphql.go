package githubtest

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/gqlerror"
	"github.com/vektah/gqlparser/v2/validator"
	"github.com/vektah/gqlparser/v2/validator/rules"
)

//go:embed schema/schema.graphql
var graphqlSchema string

// queryError is an error in an answer of GraphQL. Path names the part of the data that it is about; a query without data has none.
type queryError struct {
	Type       string         `json:"type,omitempty"`
	Path       []any          `json:"path,omitempty"`
	Extensions map[string]any `json:"extensions,omitempty"`
	Locations  []location     `json:"locations,omitempty"`
	Message    string         `json:"message"`
}

type location struct {
	Line   int `json:"line"`
	Column int `json:"column"`
}

func locate(p *ast.Position) []location {
	if p == nil {
		return nil
	}
	return []location{{p.Line, p.Column}}
}

// graphqlRefusal is an answer of 200 whose errors say why there is no data.
func graphqlRefusal(kind, message string) *Response {
	return refuseQuery(queryError{Type: kind, Message: message})
}

func refuseQuery(errs ...queryError) *Response {
	body, err := json.Marshal(map[string]any{"errors": errs})
	if err != nil {
		panic(err) // plain data
	}
	resp := answer(http.StatusOK, body)
	resp.points = 0
	return resp
}

// readSchema is GitHub's schema, cut.
func readSchema() *ast.Schema {
	schema := gqlparser.MustLoadSchema(&ast.Source{Name: "schema/schema.graphql", Input: graphqlSchema})
	for _, definition := range schema.Types {
		if definition.Kind != ast.Object || strings.HasPrefix(definition.Name, "__") {
			continue
		}
		for _, field := range definition.Fields {
			if !strings.HasPrefix(field.Name, "__") && resolverOf(definition.Name, field.Name) == nil {
				panic(fmt.Sprintf("schema/graphql.keep has %s.%s, which nothing resolves", definition.Name, field.Name))
			}
		}
	}
	return schema
}

// query is what is posted.
type query struct {
	Query         string         `json:"query"`
	OperationName string         `json:"operationName"`
	Variables     map[string]any `json:"variables"`

	parsed *ast.QueryDocument
	errs   gqlerror.List
	bad    *Response
}

// readQuery reads what is posted, and names the call after the operation.
func (c *call) readQuery() {
	c.query = &query{}
	body, err := io.ReadAll(io.LimitReader(c.r.Body, 1<<20))
	if err != nil {
		c.query.bad = refusal(http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	decoder := json.NewDecoder(strings.NewReader(string(body)))
	decoder.UseNumber()
	if err := decoder.Decode(c.query); err != nil {
		c.query.bad = refusal(http.StatusBadRequest, "Problems parsing JSON")
		return
	}
	if c.query.Query == "" {
		c.query.bad = graphqlRefusal("", "A query attribute must be specified and must be a string.")
		return
	}
	c.query.parsed, c.query.errs = gqlparser.LoadQueryWithRules(c.s.schema, c.query.Query, rules.NewDefaultRules())
	if len(c.query.errs) == 0 {
		if operation := c.query.parsed.Operations.ForName(c.query.OperationName); operation != nil && operation.Name != "" {
			c.name = "graphql " + operation.Name
		}
	}
}

func serveGraphQL(c *call) *Response {
	q := c.query
	if q.bad != nil {
		return q.bad
	}
	if len(q.errs) > 0 {
		c.s.problem("POST /graphql: %v: GitHub knows no such query, or the fake does not: schema/graphql.keep has what it knows\n%s", q.errs, q.Query)
		var errs []queryError
		for _, err := range q.errs {
			errs = append(errs, asGitHubSays(err))
		}
		return refuseQuery(errs...)
	}
	operation := q.parsed.Operations.ForName(q.OperationName)
	if operation == nil || operation.Operation != ast.Query {
		return graphqlRefusal("", "No such operation")
	}
	variables, err := validator.VariableValues(c.s.schema, operation, q.Variables)
	if err != nil {
		c.s.problem("POST /graphql: %v\n%s", err, q.Query)
		return graphqlRefusal("", err.Error())
	}
	p := priceOf(operation, variables)
	if refused := p.refusal(c); refused != nil {
		return refused
	}
	x := &execution{c: c, variables: variables, price: p, dryRun: p.dryRun}
	return x.run(operation)
}

var unknownField = regexp.MustCompile(`^Cannot query field "([^"]*)" on type "([^"]*)"`)

// asGitHubSays puts the error of a field that does not exist into GitHub's words.
func asGitHubSays(err *gqlerror.Error) queryError {
	said := queryError{Message: err.Message}
	for _, l := range err.Locations {
		said.Locations = append(said.Locations, location{l.Line, l.Column})
	}
	if m := unknownField.FindStringSubmatch(err.Message); m != nil {
		said.Message = fmt.Sprintf("Field '%s' doesn't exist on type '%s'", m[1], m[2])
		said.Extensions = map[string]any{"code": "undefinedField", "typeName": m[2], "fieldName": m[1]}
	}
	return said
}
