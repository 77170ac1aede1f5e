package db

import (
	"encoding/binary"
	"fmt"
	"math"

	"github.com/jackc/pgx/v5/pgtype"
)

// Platform is a platform as contributor ids and augur_data.platform number it.
type Platform byte

// The platforms with accounts.
const (
	Unresolved Platform = 0
	GitHub     Platform = 1
	GitLab     Platform = 2
)

// maxUserBits is how many bits of a user's number a contributor id holds.
const maxUserBits = 56

// ContributorID is the key of an account in contributors, by Augur's rule: the platform is the first byte, the platform's id of the user the next
// four, big-endian; the others are zero. Ids beyond 32 bits, for which Augur has no rule, go on in the next three bytes, the lowest first: so no id that Augur
// makes is another one here. Ids that need more than 56 bits, and those that are no ids, are an error.
func ContributorID(platform Platform, userID int64) (pgtype.UUID, error) {
	if userID < 1 || userID >= 1<<maxUserBits {
		return pgtype.UUID{}, fmt.Errorf("make a contributor id: user id %d of platform %d is not between 1 and %d", userID, platform, int64(1)<<maxUserBits-1)
	}
	id := pgtype.UUID{Valid: true}
	id.Bytes[0] = byte(platform)
	binary.BigEndian.PutUint32(id.Bytes[1:5], uint32(userID&math.MaxUint32))
	for i := range 3 {
		id.Bytes[5+i] = byte(userID >> (32 + 8*i)) //nolint:gosec // the bytes of the upper part, one by one
	}
	return id, nil
}
