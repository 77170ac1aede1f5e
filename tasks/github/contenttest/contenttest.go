// Package contenttest tells what the GitHub source has stored, without what differs between two databases with the same content: row ids and dates of collection.
// Tests and benchmarks compare databases with it. It is never part of the program.
package contenttest

import (
	"context"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/jackc/pgx/v5/pgxpool"
)

//go:embed content.sql
var content string

// Each calls visit with a line for each stored row, in the same order in every database.
func Each(ctx context.Context, pool *pgxpool.Pool, visit func(line string)) error {
	rows, err := pool.Query(ctx, content)
	if err != nil {
		return fmt.Errorf("read what is stored: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return fmt.Errorf("read what is stored: %w", err)
		}
		visit(line)
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read what is stored: %w", err)
	}
	return nil
}

// Lines are all lines.
func Lines(ctx context.Context, pool *pgxpool.Pool) ([]string, error) {
	var lines []string
	err := Each(ctx, pool, func(line string) { lines = append(lines, line) })
	return lines, err
}

// Hash is a hash of all lines, and how many there are.
func Hash(ctx context.Context, pool *pgxpool.Pool) (hash string, rows int, err error) {
	sum := sha256.New()
	err = Each(ctx, pool, func(line string) {
		rows++
		_, _ = io.WriteString(sum, line+"\n") // a hash takes everything
	})
	return hex.EncodeToString(sum.Sum(nil)), rows, err
}
