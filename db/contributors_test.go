package db_test

import (
	"fmt"
	"math/rand/v2"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"augur/db"
	"augur/db/dbtest"
)

// mentions are accounts in the order of their numbers, all with the same node id.
func mentions(t testing.TB, node string, users ...int) db.UpsertContributorsParams {
	t.Helper()
	p := db.UpsertContributorsParams{ToolSource: "test", ToolVersion: "1", DataSource: "test"}
	for _, user := range users {
		id, err := db.ContributorID(db.GitHub, int64(user))
		require.NoError(t, err)
		p.CntrbIDs, p.UserIDs, p.Logins = append(p.CntrbIDs, id), append(p.UserIDs, int64(user)), append(p.Logins, fmt.Sprint("p", user))
		p.NodeIDs, p.Types, p.SiteAdmins = append(p.NodeIDs, node), append(p.Types, "User"), append(p.SiteAdmins, "false")
		p.URLs, p.HTMLURLs, p.AvatarURLs = append(p.URLs, ""), append(p.HTMLURLs, ""), append(p.AvatarURLs, "")
	}
	return p
}

func TestUpsertContributorsChangesOnlyWhatDiffers(t *testing.T) {
	t.Parallel()
	pool, q := dbtest.New(t), db.New()
	for _, step := range []struct {
		node string
		want int64
	}{{"a", 3}, {"a", 0}, {"b", 3}, {"", 3}, {"", 0}} {
		n, err := q.UpsertContributors(t.Context(), pool, mentions(t, step.node, 3, 1, 2, 3))
		require.NoError(t, err)
		require.Equal(t, step.want, n, "node id %q", step.node)
	}
	_, err := pool.Exec(t.Context(), "UPDATE augur_data.contributors SET cntrb_email = 'p1@example.org', cntrb_full_name = 'P One' WHERE gh_user_id = 1")
	require.NoError(t, err)
	_, err = q.UpsertContributors(t.Context(), pool, mentions(t, "c", 1))
	require.NoError(t, err)
	var profile string
	require.NoError(t, pool.QueryRow(t.Context(), "SELECT concat_ws(' ', cntrb_email, cntrb_full_name, gh_node_id, gh_type) FROM augur_data.contributors WHERE gh_user_id = 1").Scan(&profile))
	require.Equal(t, "p1@example.org P One c User", profile)
}

// How to see it fail: take ORDER BY out of the query. `make bench-contributors` measures both ways for longer.
func TestWritersOfTheSamePeopleDoNotDeadlock(t *testing.T) {
	t.Parallel()
	pool, err := db.Connect(t.Context(), dbtest.URL(t), db.Options{MaxConns: 16})
	require.NoError(t, err)
	t.Cleanup(pool.Close)
	var group errgroup.Group
	for writer := range 16 {
		batches := make([]db.UpsertContributorsParams, 8)
		random := rand.New(rand.NewPCG(uint64(writer), 0))
		for i := range batches {
			users := random.Perm(40)
			for j := range users {
				users[j]++
			}
			batches[i] = mentions(t, fmt.Sprint(writer, i), users...)
		}
		group.Go(func() error {
			for _, batch := range batches {
				if _, err := db.New().UpsertContributors(t.Context(), pool, batch); err != nil {
					return err
				}
			}
			return nil
		})
	}
	require.NoError(t, group.Wait())
}
