package main

import (
	"cmp"
	"errors"
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path/filepath"
	"reflect"
	"slices"
	"strconv"
	"strings"
)

// section is what one struct says about a section of the table.
type section struct {
	name     string
	doc      string // without its first words, "X is section Y of the settings table:"
	settings []setting
}

// setting is one row of the page.
type setting struct {
	name, typ, values, def, meaning, effect, unused string
}

// extract finds the structs in all source files of the module, by section and place in the file.
func extract(root string) ([]section, error) {
	var sections []section
	err := filepath.WalkDir(root, func(path string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		name := entry.Name()
		if entry.IsDir() && path != root && (strings.HasPrefix(name, ".") || name == "testdata" || name == "bin") {
			return filepath.SkipDir
		}
		if entry.IsDir() || !strings.HasSuffix(name, ".go") || strings.HasSuffix(name, "_test.go") {
			return nil
		}
		found, err := extractFile(path)
		sections = append(sections, found...)
		return err
	})
	if err != nil {
		return nil, err
	}
	slices.SortStableFunc(sections, func(a, b section) int { return cmp.Compare(a.name, b.name) })
	return sections, nil
}

func extractFile(path string) ([]section, error) {
	file, err := parser.ParseFile(token.NewFileSet(), path, nil, parser.ParseComments|parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	var sections []section
	var faults []error
	for _, decl := range file.Decls {
		gen, ok := decl.(*ast.GenDecl)
		if !ok || gen.Tok != token.TYPE {
			continue
		}
		for _, spec := range gen.Specs {
			typ, ok := spec.(*ast.TypeSpec)
			if !ok {
				continue
			}
			fields, ok := typ.Type.(*ast.StructType)
			if !ok || marker(fields).Get("section") == "" {
				continue
			}
			found, err := extractStruct(typ.Name.Name, cmp.Or(typ.Doc, gen.Doc), fields)
			sections = append(sections, found)
			if err != nil {
				faults = append(faults, fmt.Errorf("%s: %w", path, err))
			}
		}
	}
	return sections, errors.Join(faults...)
}

// marker is the tag of the blank field that makes a struct a section.
func marker(fields *ast.StructType) reflect.StructTag {
	for _, field := range fields.Fields.List {
		if len(field.Names) == 1 && field.Names[0].Name == "_" {
			return tagOf(field)
		}
	}
	return ""
}

func tagOf(field *ast.Field) reflect.StructTag {
	if field.Tag == nil {
		return ""
	}
	text, _ := strconv.Unquote(field.Tag.Value)
	return reflect.StructTag(text)
}

func extractStruct(name string, doc *ast.CommentGroup, fields *ast.StructType) (section, error) {
	common := marker(fields)
	s := section{name: common.Get("section"), doc: sentence(doc, name)}
	var faults []error
	if s.doc == "" {
		faults = append(faults, fmt.Errorf("struct %s has no comment", name))
	}
	for _, field := range fields.Fields.List {
		tag := tagOf(field)
		key, ok := tag.Lookup("setting")
		if !ok {
			continue
		}
		row := setting{
			name: key, def: tag.Get("default"), meaning: strings.Join(strings.Fields(field.Doc.Text()), " "),
			effect: cmp.Or(tag.Get("effect"), common.Get("effect")), unused: cmp.Or(tag.Get("unused"), common.Get("unused")),
		}
		row.typ, row.values = describe(field.Type, tag)
		if tag.Get("restart") == "true" {
			row.effect = "restart"
		}
		if row.meaning == "" {
			faults = append(faults, fmt.Errorf("setting %s.%s has no comment", s.name, key))
		}
		s.settings = append(s.settings, row)
	}
	return s, errors.Join(faults...)
}

// sentence is the comment of a struct as text of the page: what follows "X is ...:".
func sentence(doc *ast.CommentGroup, name string) string {
	paragraphs := strings.Split(strings.TrimSpace(doc.Text()), "\n\n")
	for i, p := range paragraphs {
		paragraphs[i] = strings.Join(strings.Fields(p), " ")
	}
	if rest, ok := strings.CutPrefix(paragraphs[0], name+" is "); ok {
		if _, after, found := strings.Cut(rest, ": "); found {
			rest = after
		}
		paragraphs[0] = strings.ToUpper(rest[:1]) + rest[1:]
	}
	return strings.Join(paragraphs, "\n\n")
}

// describe is the type in the table, and which values it may have.
func describe(expr ast.Expr, tag reflect.StructTag) (typ, values string) {
	goes := typeName(expr)
	low, high := tag.Get("min"), tag.Get("max")
	switch {
	case low != "" && high != "":
		values = low + " to " + high
	case low != "":
		values = "at least " + low
	case high != "":
		values = "at most " + high
	case tag.Get("oneof") != "":
		values = strings.Join(strings.Fields(tag.Get("oneof")), ", ")
	}
	switch goes {
	case "int", "int64":
		typ = "int"
	case "float64":
		typ = "float"
	case "bool":
		typ, values = "bool", "True, False"
		if tag.Get("type") == "int" {
			values = "0, 1"
		}
	case "time.Duration":
		typ = "str"
		if tag.Get("unit") != "" {
			typ = "int"
		}
	case "config.Secret":
		typ, values = "str", "secret"
	default:
		typ = "str"
	}
	return cmp.Or(tag.Get("type"), typ), values
}

func typeName(expr ast.Expr) string {
	switch t := expr.(type) {
	case *ast.Ident:
		return t.Name
	case *ast.SelectorExpr:
		if pkg, ok := t.X.(*ast.Ident); ok {
			return pkg.Name + "." + t.Sel.Name
		}
	}
	return ""
}
