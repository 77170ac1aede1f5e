package db_test

import (
	"fmt"
	"math"
	"math/rand/v2"
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
		{"01000000-0101-0000-0000-000000000000", db.GitHub, 1<<32 + 1},
		{"01000001-0000-0100-0000-000000000000", db.GitHub, 1<<40 | 1<<8},
		{"01040506-0703-0201-0000-000000000000", db.GitHub, 0x01020304050607},
		{"01ffffff-ffff-ffff-0000-000000000000", db.GitHub, 1<<56 - 1},
	} {
		id, err := db.ContributorID(c.platform, c.user)
		require.NoError(t, err)
		require.Equal(t, c.want, id.String())
	}
}

func TestContributorIDRefusesWhatItCannotHold(t *testing.T) {
	t.Parallel()
	for _, user := range []int64{0, -1, 1 << 56, math.MaxInt64, math.MinInt64} {
		_, err := db.ContributorID(db.GitHub, user)
		require.ErrorContains(t, err, "is not between 1 and 72057594037927935")
	}
}

// Every number has an id of its own, which tells the number; those of four bytes have Augur's.
func TestContributorIDsTellTheNumber(t *testing.T) {
	t.Parallel()
	random := rand.New(rand.NewPCG(1, 2))
	for range 10_000 {
		user := random.Int64N(1<<(1+random.IntN(56))-1) + 1
		id, err := db.ContributorID(db.GitHub, user)
		require.NoError(t, err)
		var back int64
		for _, place := range []int{7, 6, 5, 1, 2, 3, 4} {
			back = back<<8 | int64(id.Bytes[place])
		}
		require.Equal(t, user, back)
		require.Equal(t, byte(db.GitHub), id.Bytes[0])
		require.Equal(t, [8]byte{}, [8]byte(id.Bytes[8:]))
		if user <= math.MaxUint32 {
			require.Equal(t, fmt.Sprintf("01%06x-%02x00-0000-0000-000000000000", user>>8, user&0xff), id.String(), "Augur's rule")
		}
	}
}
