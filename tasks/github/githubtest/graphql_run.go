package githubtest

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"time"

	"github.com/vektah/gqlparser/v2/ast"
)

// execution is one query being answered. It writes the answer as it goes, and takes back what a null above it swallows.
type execution struct {
	c         *call
	variables map[string]any
	price     *price
	dryRun    bool
	w         writer
	path      []any
	errs      []queryError
	found     int // nodes so far
}

// problem is a value that could not be made: null, and an error with its path.
type problem struct{ kind, message string }

func (x *execution) run(operation *ast.OperationDefinition) *Response {
	x.w = writer{b: make([]byte, 0, 16<<10)}
	x.w.open()
	x.w.key("data")
	start := len(x.w.b)
	if !x.object(operation.SelectionSet, "Query", x.c.s) {
		x.w.b = append(x.w.b[:start], "null"...)
	}
	if len(x.errs) > 0 {
		body, err := json.Marshal(x.errs)
		if err != nil {
			panic(err) // plain data
		}
		x.w.raw("errors", body)
	}
	x.w.close()
	resp := answer(http.StatusOK, x.w.b)
	resp.points = x.price.points()
	if x.dryRun {
		resp.points = 0
	}
	return resp
}

// collected is a field of an answer with all places in the query that ask for it.
type collected struct {
	field     *ast.Field
	selection ast.SelectionSet
}

// collect finds the fields that are asked for of a type, through fragments and without what is skipped.
func (x *execution) collect(into []collected, selection ast.SelectionSet, typeName string) []collected {
	for _, s := range selection {
		switch s := s.(type) {
		case *ast.InlineFragment:
			if x.included(s.Directives) && x.applies(s.TypeCondition, typeName) {
				into = x.collect(into, s.SelectionSet, typeName)
			}
		case *ast.FragmentSpread:
			if x.included(s.Directives) && x.applies(s.Definition.TypeCondition, typeName) {
				into = x.collect(into, s.Definition.SelectionSet, typeName)
			}
		case *ast.Field:
			if !x.included(s.Directives) {
				continue
			}
			n := slices.IndexFunc(into, func(c collected) bool { return c.field.Alias == s.Alias })
			if n < 0 {
				into = append(into, collected{s, s.SelectionSet})
				continue
			}
			into[n].selection = append(slices.Clip(into[n].selection), s.SelectionSet...)
		}
	}
	return into
}

func (x *execution) included(directives ast.DirectiveList) bool {
	if d := directives.ForName("skip"); d != nil && d.ArgumentMap(x.variables)["if"] == true {
		return false
	}
	d := directives.ForName("include")
	return d == nil || d.ArgumentMap(x.variables)["if"] == true
}

// applies is whether a fragment on a type is meant for an object of another.
func (x *execution) applies(condition, typeName string) bool {
	if condition == "" || condition == typeName {
		return true
	}
	return slices.ContainsFunc(x.c.s.schema.PossibleTypes[condition], func(d *ast.Definition) bool { return d.Name == typeName })
}

// object writes an object; false says that a part that may not be null is, and so the object itself.
func (x *execution) object(selection ast.SelectionSet, typeName string, value any) bool {
	x.w.b = append(x.w.b, '{')
	for _, c := range x.collect(nil, selection, typeName) {
		x.w.key(c.field.Alias)
		if c.field.Name == "__typename" {
			x.w.b = appendString(x.w.b, typeName)
			continue
		}
		x.path = append(x.path, c.field.Alias)
		ok := x.value(c, c.field.Definition.Type, x.resolve(typeName, c.field, value))
		x.path = x.path[:len(x.path)-1]
		if !ok {
			return false
		}
	}
	x.w.b = append(x.w.b, '}')
	return true
}

func (x *execution) resolve(typeName string, f *ast.Field, value any) any {
	if typeName == "Query" && x.dryRun && f.Name != "rateLimit" {
		return nil
	}
	var args map[string]any
	if len(f.Arguments) > 0 || len(f.Definition.Arguments) > 0 {
		args = f.ArgumentMap(x.variables)
	}
	return resolverOf(typeName, f.Name)(x, value, args)
}

// value writes a value of a type.
func (x *execution) value(c collected, t *ast.Type, value any) bool {
	switch v := value.(type) {
	case problem:
		x.errs = append(x.errs, queryError{Type: v.kind, Path: slices.Clone(x.path), Locations: locate(c.field.Position), Message: v.message})
		value = nil
	case listing:
		if x.spend(len(v.nodes)) {
			value = nil
			x.errs = append(x.errs, queryError{
				Type: "RESOURCE_LIMITS_EXCEEDED", Path: slices.Clone(x.path), Locations: locate(c.field.Position),
				Message: "Resource limits for this query exceeded.",
			})
		}
	}
	if isNil(value) {
		if t.NonNull && (!x.dryRun || len(x.path) > 1) {
			return false
		}
		x.w.b = append(x.w.b, "null"...)
		return true
	}
	if t.Elem != nil {
		return x.list(c, t, value)
	}
	if len(c.selection) == 0 {
		x.scalar(value)
		return true
	}
	start := len(x.w.b)
	if !x.object(c.selection, typeOf(t.Name(), value), value) {
		x.w.b = x.w.b[:start]
		if t.NonNull {
			return false
		}
		x.w.b = append(x.w.b, "null"...)
	}
	return true
}

// spend counts nodes, and says whether the query has used up what it may.
func (x *execution) spend(nodes int) bool {
	limit := x.c.s.keys.limits.Resources
	x.found += nodes
	return limit > 0 && x.found > limit
}

func (x *execution) list(c collected, t *ast.Type, value any) bool {
	start := len(x.w.b)
	x.w.b = append(x.w.b, '[')
	for n, element := range must[[]any](value) {
		x.w.comma()
		x.path = append(x.path, n)
		ok := x.value(c, t.Elem, element)
		x.path = x.path[:len(x.path)-1]
		if !ok {
			x.w.b = x.w.b[:start]
			if t.NonNull {
				return false
			}
			x.w.b = append(x.w.b, "null"...)
			return true
		}
	}
	x.w.b = append(x.w.b, ']')
	return true
}

func (x *execution) scalar(value any) {
	switch v := value.(type) {
	case string:
		x.w.b = appendString(x.w.b, v)
	case bool:
		x.w.b = strconv.AppendBool(x.w.b, v)
	case int:
		x.w.b = strconv.AppendInt(x.w.b, int64(v), 10)
	case time.Time:
		x.w.b = append(v.UTC().AppendFormat(append(x.w.b, '"'), time.RFC3339), '"')
	default:
		panic(fmt.Sprintf("a value of type %T", value))
	}
}
