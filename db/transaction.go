package db

import "github.com/jackc/pgx/v5"

// ByIndex are the options of transactions whose statements look rows up by index, with plans that are made once and hold for a table of any size. The
// settings come with the BEGIN, in one round trip.
var ByIndex = pgx.TxOptions{
	BeginQuery: "BEGIN; SET LOCAL plan_cache_mode = force_generic_plan; SET LOCAL enable_seqscan = off; SET LOCAL enable_bitmapscan = off",
}
