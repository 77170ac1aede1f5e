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

// ContributorID is the key of an account in contributors, by Augur's rule: the platform is the first byte, the platform's id of the user the next
// four, big-endian; the others are zero. Ids that four bytes cannot hold, and those that are no ids, are an error.
func ContributorID(platform Platform, userID int64) (pgtype.UUID, error) {
	if userID < 1 || userID > math.MaxUint32 {
		return pgtype.UUID{}, fmt.Errorf("make a contributor id: user id %d of platform %d is not between 1 and %d", userID, platform, uint32(math.MaxUint32))
	}
	id := pgtype.UUID{Valid: true}
	id.Bytes[0] = byte(platform)
	binary.BigEndian.PutUint32(id.Bytes[1:5], uint32(userID))
	return id, nil
}
