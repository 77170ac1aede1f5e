package githubtest

import (
	_ "embed"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
)

//go:embed schema/rest.json
var restSchema []byte

// description is GitHub's description of the operations that the server knows.
type description struct{ doc *openapi3.T }

func readDescription() *description {
	doc, err := openapi3.NewLoader().LoadFromData(restSchema)
	if err != nil {
		panic(fmt.Sprintf("schema/rest.json: %v", err)) // it is part of the program
	}
	return &description{doc}
}

// operation is what GitHub's description says about a method of a path.
func (d *description) operation(method, path string) *openapi3.Operation {
	item := d.doc.Paths.Value(path)
	if item == nil || item.GetOperation(method) == nil {
		panic(fmt.Sprintf("%s %s is not in schema/rest.json: add it to rest.keep", method, path))
	}
	return item.GetOperation(method)
}

// undocumented are parameters that GitHub takes although its description does not have them: cursors in its own Link headers.
var undocumented = map[string][]string{
	"issues/list-for-repo": {"after", "before"},
}

// check says what is wrong with a request, by GitHub's description.
func (d *description) check(r *http.Request, route *route, params map[string]string) error {
	operation := route.operation
	known := func(name string) bool {
		return operation.Parameters.GetByInAndName(openapi3.ParameterInQuery, name) != nil ||
			slices.Contains(undocumented[operation.OperationID], name)
	}
	for name, values := range r.URL.Query() {
		if !known(name) {
			return fmt.Errorf("%s has no parameter %q", operation.OperationID, name)
		}
		if len(values) > 1 {
			return fmt.Errorf("%s: parameter %q is given %d times", operation.OperationID, name, len(values))
		}
	}
	for _, p := range operation.Parameters {
		if p.Value.In == openapi3.ParameterInQuery && p.Value.Schema != nil {
			if err := openapi3filter.ValidateParameter(r.Context(), d.input(r, route, params), p.Value); err != nil {
				return fmt.Errorf("%s: %s", operation.OperationID, firstLine(err))
			}
		}
	}
	return nil
}

func (d *description) input(r *http.Request, route *route, params map[string]string) *openapi3filter.RequestValidationInput {
	return &openapi3filter.RequestValidationInput{
		Request: r, PathParams: params, Options: &openapi3filter.Options{SkipSettingDefaults: true},
		Route: &routers.Route{Spec: d.doc, Path: route.path, Method: r.Method, Operation: route.operation},
	}
}

func firstLine(err error) string {
	line, _, _ := strings.Cut(err.Error(), "\n")
	return line
}
