// Package schemadoc writes the reference page of the schema, docs/schema.md, from the catalog of a migrated database: tables and views
// with their columns, types, defaults, keys and comments.
//
// tools/schemadoc calls it. It reads the catalog only, and only what every PostgreSQL from 13 on prints alike, so that the page does
// not depend on the server it was made with: no definitions of views, no checks, nothing in the order of the server's locale.
package schemadoc

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"
)

// schemas are the parts of the page in their order, with what they are for.
var schemas = []struct{ name, about string }{
	{"augur_data", "What was collected. The tables and views are those of Augur, which dashboards and notebooks read."},
	{"augur_operations", "The work of collecting: settings, users, states. Tables of Augur, and our own beside them."},
	{"spdx", "Licences found in the source code, in the tables of Augur."},
}

type relation struct {
	Schema, Name, Kind, Comment string
}

type column struct {
	Schema, Table, Name, Type string
	Required                  bool
	Default, Comment          string
}

type key struct {
	Schema, Table, Text string
}

// Write reads the catalog in one transaction and writes the page.
func Write(ctx context.Context, pool *pgxpool.Pool, w io.Writer) error {
	var relations []relation
	var columns []column
	var keys []key
	err := pgx.BeginTxFunc(ctx, pool, pgx.TxOptions{IsoLevel: pgx.RepeatableRead, AccessMode: pgx.ReadOnly}, func(tx pgx.Tx) (err error) {
		// How expressions are printed depends on these. Without a path every name in them is printed in full.
		if _, err = tx.Exec(ctx, "SET LOCAL search_path = ''; SET LOCAL timezone = 'UTC'; SET LOCAL datestyle = 'ISO'"); err != nil {
			return fmt.Errorf("set up the session: %w", err)
		}
		if relations, err = read[relation](ctx, tx, relationsQuery); err != nil {
			return err
		}
		if columns, err = read[column](ctx, tx, columnsQuery); err != nil {
			return err
		}
		keys, err = read[key](ctx, tx, keysQuery)
		return err
	})
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, render(relations, columns, keys))
	return err
}

// goose_db_version is goose's, and described by it.
const relationsQuery = `
	SELECT n.nspname, c.relname,
		CASE c.relkind WHEN 'm' THEN 'materialized view' WHEN 'v' THEN 'view' ELSE 'table' END,
		coalesce(pg_catalog.obj_description(c.oid, 'pg_class'), '')
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx') AND c.relkind IN ('r', 'p', 'v', 'm')
		AND c.relname <> 'goose_db_version'
	ORDER BY n.nspname COLLATE "C", c.relkind = 'm', c.relkind = 'v', c.relname COLLATE "C"`

const columnsQuery = `
	SELECT n.nspname, c.relname, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
		CASE
			WHEN a.attidentity <> '' THEN 'identity'
			WHEN s.oid IS NOT NULL THEN 'next of ' || s.relname
			ELSE coalesce(pg_catalog.pg_get_expr(d.adbin, d.adrelid), '')
		END,
		coalesce(pg_catalog.col_description(c.oid, a.attnum), '')
	FROM pg_catalog.pg_class c
	JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
	JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
	LEFT JOIN pg_catalog.pg_attrdef d ON d.adrelid = c.oid AND d.adnum = a.attnum
	LEFT JOIN pg_catalog.pg_class s ON s.relkind = 'S'
		AND pg_catalog.pg_get_expr(d.adbin, d.adrelid) = 'nextval(''' || s.oid::regclass::text || '''::regclass)'
	WHERE n.nspname IN ('augur_data', 'augur_operations', 'spdx') AND c.relkind IN ('r', 'p', 'v', 'm')
	ORDER BY n.nspname COLLATE "C", c.relname COLLATE "C", a.attnum`

// Keys in the order primary, unique, foreign. Materialized views have no constraints: their unique indexes stand for them.
const keysQuery = `
	WITH keys AS (
		SELECT n.nspname, c.relname,
			CASE k.contype WHEN 'p' THEN 1 WHEN 'u' THEN 2 ELSE 3 END AS place,
			k.conname AS name,
			CASE k.contype WHEN 'p' THEN 'Primary key: ' WHEN 'u' THEN 'Unique: ' ELSE '' END || (
				SELECT string_agg(a.attname, ', ' ORDER BY o)
				FROM unnest(k.conkey) WITH ORDINALITY x (num, o)
				JOIN pg_catalog.pg_attribute a ON a.attrelid = k.conrelid AND a.attnum = x.num
			) || CASE WHEN k.contype = 'f' THEN ' refers to ' || f.nspname || '.' || t.relname ELSE '' END AS text
		FROM pg_catalog.pg_constraint k
		JOIN pg_catalog.pg_class c ON c.oid = k.conrelid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		LEFT JOIN pg_catalog.pg_class t ON t.oid = k.confrelid
		LEFT JOIN pg_catalog.pg_namespace f ON f.oid = t.relnamespace
		WHERE k.contype IN ('p', 'u', 'f')
		UNION ALL
		SELECT n.nspname, c.relname, 2, i.relname, 'Unique: ' || (
			SELECT string_agg(pg_catalog.pg_get_indexdef(x.indexrelid, o, true), ', ' ORDER BY o)
			FROM generate_series(1, x.indnkeyatts::int) o
		)
		FROM pg_catalog.pg_index x
		JOIN pg_catalog.pg_class c ON c.oid = x.indrelid
		JOIN pg_catalog.pg_class i ON i.oid = x.indexrelid
		JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace
		WHERE c.relkind = 'm' AND x.indisunique
	)
	SELECT nspname, relname, text
	FROM keys
	WHERE nspname IN ('augur_data', 'augur_operations', 'spdx')
	GROUP BY nspname, relname, place, text
	ORDER BY nspname COLLATE "C", relname COLLATE "C", place, text COLLATE "C"`

func read[T any](ctx context.Context, tx pgx.Tx, query string) ([]T, error) {
	rows, err := tx.Query(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	all, err := pgx.CollectRows(rows, pgx.RowToStructByPos[T])
	if err != nil {
		return nil, fmt.Errorf("read the catalog: %w", err)
	}
	return all, nil
}

const head = `<!-- Code generated by tools/schemadoc from the migrated database. DO NOT EDIT. -->

# Schema

What the migrations in db/migrate/sql make, as the catalog of the database says it. A name in these schemas that came from Augur is a
contract with programs that read it: by name, by position and by type. The queue lives in schema river and is described by River.

A relation without a description is there for those programs: nothing here writes it yet.
`

func render(relations []relation, columns []column, keys []key) string {
	columnsOf := map[string][]column{}
	for _, c := range columns {
		name := c.Schema + "." + c.Table
		columnsOf[name] = append(columnsOf[name], c)
	}
	keysOf := map[string][]string{}
	for _, k := range keys {
		name := k.Schema + "." + k.Table
		keysOf[name] = append(keysOf[name], k.Text)
	}
	var page strings.Builder
	page.WriteString(head)
	for _, schema := range schemas {
		fmt.Fprintf(&page, "\n## %s\n\n%s\n", schema.name, schema.about)
		for _, r := range relations {
			if r.Schema == schema.name {
				renderRelation(&page, r, columnsOf[r.Schema+"."+r.Name], keysOf[r.Schema+"."+r.Name])
			}
		}
	}
	return page.String()
}

func renderRelation(page *strings.Builder, r relation, columns []column, keys []string) {
	kind := ""
	if r.Kind != "table" {
		kind = " (" + r.Kind + ")"
	}
	fmt.Fprintf(page, "\n### %s.%s%s\n", r.Schema, r.Name, kind)
	if r.Comment != "" {
		fmt.Fprintf(page, "\n%s\n", text(r.Comment))
	}
	if len(keys) > 0 {
		page.WriteString("\n")
		for _, k := range keys {
			fmt.Fprintf(page, "- %s\n", text(k))
		}
	}
	page.WriteString("\n| column | type | null | default | meaning |\n|---|---|---|---|---|\n")
	for _, c := range columns {
		null := "yes"
		if c.Required {
			null = "no"
		}
		// A view has no constraints of its own, so the catalog cannot tell.
		if r.Kind != "table" {
			null = ""
		}
		fmt.Fprintf(page, "| %s | %s | %s | %s | %s |\n", text(c.Name), text(c.Type), null, text(c.Default), text(c.Comment))
	}
}

// text makes one cell of a table: what Markdown would take for markup is escaped.
func text(s string) string {
	s = strings.Join(strings.Fields(s), " ")
	return strings.NewReplacer(`\`, `\\`, "|", `\|`, "*", `\*`, "<", `\<`, "`", "\\`").Replace(s)
}
