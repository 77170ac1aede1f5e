package main

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/vektah/gqlparser/v2"
	"github.com/vektah/gqlparser/v2/ast"
	"github.com/vektah/gqlparser/v2/formatter"
	"github.com/vektah/gqlparser/v2/parser"
)

// cutter keeps of a schema what a list names, and what that needs.
type cutter struct {
	types  map[string]*ast.Definition
	fields map[string][]string // by type
	args   map[string][]string // by type and field, beside those that come by themselves
	kept   map[string]*ast.Definition
}

// cutGraphQL writes the types and fields named in graphql.keep, without descriptions.
func cutGraphQL(modules, dir string) error {
	lines, err := keepList(filepath.Join(dir, "graphql.keep"))
	if err != nil {
		return err
	}
	version, err := versionOf(modules, "@octokit/graphql-schema")
	if err != nil {
		return err
	}
	path := filepath.Join(modules, "@octokit", "graphql-schema", "schema.graphql")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	whole, err := parser.ParseSchema(&ast.Source{Name: path, Input: string(text)})
	if err != nil {
		return err
	}
	c := &cutter{types: map[string]*ast.Definition{}, fields: map[string][]string{}, args: map[string][]string{}, kept: map[string]*ast.Definition{}}
	for _, definition := range whole.Definitions {
		c.types[definition.Name] = definition
	}
	for _, line := range lines {
		name, fields, _ := strings.Cut(line, ":")
		for field := range strings.FieldsSeq(fields) {
			field, args, _ := strings.Cut(strings.TrimSuffix(field, ")"), "(")
			c.fields[name] = append(c.fields[name], field)
			c.args[name+"."+field] = strings.Split(args, ",")
		}
	}
	if err := c.keepAll(); err != nil {
		return fmt.Errorf("graphql.keep, with @octokit/graphql-schema %s: %w", version, err)
	}
	document := &ast.SchemaDocument{}
	for _, definition := range c.kept {
		document.Definitions = append(document.Definitions, definition)
	}
	slices.SortFunc(document.Definitions, func(a, b *ast.Definition) int { return strings.Compare(a.Name, b.Name) })
	var out bytes.Buffer
	fmt.Fprintf(&out, "# GitHub's GraphQL schema, cut by tools/githubschema from the npm package @octokit/graphql-schema %s. Licence: MIT, see README.md.\n\n", version)
	formatter.NewFormatter(&out, formatter.WithIndent(" ")).FormatSchemaDocument(document)
	if _, err := gqlparser.LoadSchema(&ast.Source{Name: "the schema cut", Input: out.String()}); err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "schema.graphql"), out.Bytes(), 0o644)
}

// keepAll begins with what is listed and follows it.
func (c *cutter) keepAll() error {
	for name := range c.fields {
		definition := c.types[name]
		if definition == nil {
			return fmt.Errorf("there is no type %s", name)
		}
		for _, field := range c.fields[name] {
			if definition.Fields.ForName(field) == nil {
				return fmt.Errorf("%s has no field %s", name, field)
			}
		}
	}
	for name := range c.fields {
		if err := c.keep(name, name); err != nil {
			return err
		}
	}
	return nil
}

// keep cuts a type and keeps what its fields need. why is the field that needs it.
func (c *cutter) keep(name, why string) error {
	if c.kept[name] != nil || isBuiltIn(name) {
		return nil
	}
	definition := *c.types[name]
	definition.Description = ""
	definition.Directives = nil
	definition.AfterDescriptionComment, definition.BeforeDescriptionComment, definition.EndOfDefinitionComment = nil, nil, nil
	c.kept[name] = &definition
	switch definition.Kind {
	case ast.Object, ast.Interface:
		return c.keepFields(&definition, why)
	case ast.Union:
		definition.Types = slices.DeleteFunc(slices.Clone(definition.Types), func(member string) bool { return c.fields[member] == nil })
		if len(definition.Types) == 0 {
			return fmt.Errorf("%s needs a type of the union %s", why, name)
		}
	case ast.InputObject:
		return c.keepInput(&definition)
	case ast.Scalar:
	case ast.Enum:
		values := make(ast.EnumValueList, 0, len(definition.EnumValues))
		for _, value := range definition.EnumValues {
			values = append(values, &ast.EnumValueDefinition{Name: value.Name})
		}
		definition.EnumValues = values
	}
	return nil
}

func (c *cutter) keepFields(definition *ast.Definition, why string) error {
	wanted, listed := c.fields[definition.Name]
	connection := strings.HasSuffix(definition.Name, "Connection") || strings.HasSuffix(definition.Name, "Edge")
	if !listed && !connection {
		return fmt.Errorf("%s needs the type %s", why, definition.Name)
	}
	if connection {
		for _, name := range []string{"cursor", "edges", "node", "nodes", "pageInfo", "totalCount"} {
			if definition.Fields.ForName(name) != nil {
				wanted = append(wanted, name)
			}
		}
	}
	// An interface of which a field is not kept here is none of this type any more.
	definition.Interfaces = slices.DeleteFunc(slices.Clone(definition.Interfaces), func(name string) bool {
		return c.fields[name] == nil || slices.ContainsFunc(c.fields[name], func(field string) bool { return !slices.Contains(wanted, field) })
	})
	var fields ast.FieldList
	for _, field := range definition.Fields {
		if !slices.Contains(wanted, field.Name) {
			continue
		}
		cut := &ast.FieldDefinition{Name: field.Name, Type: field.Type}
		where := definition.Name + "." + field.Name
		if err := c.keep(field.Type.Name(), where); err != nil {
			return err
		}
		for _, argument := range field.Arguments {
			if !c.keepsArgument(where, argument) {
				continue
			}
			cut.Arguments = append(cut.Arguments, &ast.ArgumentDefinition{Name: argument.Name, Type: argument.Type, DefaultValue: argument.DefaultValue})
			if err := c.keep(argument.Type.Name(), where); err != nil {
				return err
			}
		}
		fields = append(fields, cut)
	}
	definition.Fields = fields
	return nil
}

// keepsArgument is whether an argument of a field is listed, or comes by itself.
func (c *cutter) keepsArgument(where string, argument *ast.ArgumentDefinition) bool {
	return argument.Type.NonNull && argument.DefaultValue == nil || slices.Contains([]string{"first", "after", "last", "before"}, argument.Name) ||
		slices.Contains(c.args[where], argument.Name)
}

func (c *cutter) keepInput(definition *ast.Definition) error {
	var fields ast.FieldList
	wanted, listed := c.fields[definition.Name]
	for _, field := range definition.Fields {
		if listed && !slices.Contains(wanted, field.Name) {
			continue
		}
		fields = append(fields, &ast.FieldDefinition{Name: field.Name, Type: field.Type, DefaultValue: field.DefaultValue})
		if err := c.keep(field.Type.Name(), definition.Name); err != nil {
			return err
		}
	}
	definition.Fields = fields
	return nil
}

func isBuiltIn(name string) bool {
	return slices.Contains([]string{"Int", "Float", "String", "Boolean", "ID"}, name)
}
