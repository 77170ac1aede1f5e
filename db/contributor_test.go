package db_test

import (
	"math"
	"testing"

	"github.com/stretchr/testify/require"

	"augur/db"
)

func TestContributorIDFollowsTheRuleOfAugur(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		want     string
		platform db.Platform
		user     int64
	}{
		{"01000124-5000-0000-0000-000000000000", db.GitHub, 74832},
		{"01000000-0100-0000-0000-000000000000", db.GitHub, 1},
		{"01ffffff-ff00-0000-0000-000000000000", db.GitHub, math.MaxUint32},
		{"02000124-5000-0000-0000-000000000000", db.GitLab, 74832},
	} {
		id, err := db.ContributorID(c.platform, c.user)
		require.NoError(t, err)
		require.Equal(t, c.want, id.String())
	}
}

func TestContributorIDRefusesWhatFourBytesCannotHold(t *testing.T) {
	t.Parallel()
	for _, user := range []int64{0, -1, math.MaxUint32 + 1, math.MaxInt64, math.MinInt64} {
		_, err := db.ContributorID(db.GitHub, user)
		require.ErrorContains(t, err, "is not between 1 and 4294967295")
	}
}
