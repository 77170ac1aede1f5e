package schemadoc_test

import (
	"strings"
	"testing"

	"github.com/jackc/pgx/v5/pgxpool"
	"github.com/stretchr/testify/require"

	"augur/db/dbtest"
	"augur/db/migrate/schemadoc"
)

func TestPageShowsWhatTheCatalogSays(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	for _, statement := range []string{
		"CREATE TABLE augur_operations.zoo (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, repo_id bigint NOT NULL UNIQUE " +
			"REFERENCES augur_data.repo, \"Odd|name\" text DEFAULT 'a|b')",
		"COMMENT ON TABLE augur_operations.zoo IS 'Animals,\none a row.'",
		"COMMENT ON COLUMN augur_operations.zoo.repo_id IS 'Where it *lives* | sleeps.'",
		"CREATE MATERIALIZED VIEW augur_operations.zoo_view AS SELECT repo_id FROM augur_operations.zoo",
		"CREATE UNIQUE INDEX ON augur_operations.zoo_view (repo_id)",
	} {
		_, err := pool.Exec(t.Context(), statement)
		require.NoError(t, err)
	}
	page := write(t, pool)
	require.Contains(t, page, `
### augur_operations.zoo

Animals, one a row.

- Primary key: id
- Unique: repo_id
- repo_id refers to augur_data.repo

| column | type | null | default | meaning |
|---|---|---|---|---|
| id | bigint | no | identity |  |
| repo_id | bigint | no |  | Where it \*lives\* \| sleeps. |
| Odd\|name | text | yes | 'a\|b'::text |  |
`)
	require.Contains(t, page, `
### augur_operations.zoo_view (materialized view)

- Unique: repo_id

| column | type | null | default | meaning |
|---|---|---|---|---|
| repo_id | bigint |  |  |  |
`)
	require.Contains(t, page, "| cmt_id | bigint | no | next of commits_cmt_id_seq | Row id. |")
	require.NotContains(t, page, "goose_db_version")
	require.True(t, strings.HasPrefix(page, "<!-- Code generated "))
}

// TestPageDoesNotDependOnTheSession: the page must be the same wherever it is made.
func TestPageDoesNotDependOnTheSession(t *testing.T) {
	t.Parallel()
	pool := dbtest.New(t)
	config := pool.Config()
	config.ConnConfig.RuntimeParams["search_path"] = "augur_operations,spdx,augur_data"
	config.ConnConfig.RuntimeParams["timezone"] = "Asia/Tokyo"
	config.ConnConfig.RuntimeParams["datestyle"] = "German"
	other, err := pgxpool.NewWithConfig(t.Context(), config)
	require.NoError(t, err)
	t.Cleanup(other.Close)
	require.Equal(t, write(t, pool), write(t, other))
}

func write(t *testing.T, pool *pgxpool.Pool) string {
	t.Helper()
	var page strings.Builder
	require.NoError(t, schemadoc.Write(t.Context(), pool, &page))
	return page.String()
}
