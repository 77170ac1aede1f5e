// Package apikey hands out the keys of foreign APIs, with budget. Packages that call an API ([augur/tasks/github/api]) take a [Grant] from the [Pool] for
// each request and say afterwards what came of it; commands ask it who used what.
//
// It never prints or stores a key, and it knows no API: what a key is told about itself comes from a function of the platform's package. It never waits
// for budget: [Spender.Take] returns a [tasks.RateLimitError] with the time at which it is worth coming again.
//
// # Words
//
//   - A key is what a platform counts requests by: a token, or an installation of an App. Its fingerprint stands for it wherever it is named.
//   - A budget is what a key may spend on one resource (core, graphql, search) until its window ends, in points; the reserve is never touched.
//   - The ledger is the tables api_key, api_budget, api_lease, api_pin and api_spending, which all processes share. It changes only in the turn of its
//     platform, a lock.
//   - A process takes points from the ledger in blocks (a lease), so that a request costs no statement. What it has not used it gives back within
//     seconds; what a dead process held counts as used.
//   - A repository is pinned to a key, because ETags hold only for the key that got them. The pin moves when the key is out for more than a minute.
//   - A key that was used too fast rests (a secondary limit). When two rest at the same time it is the address that is limited, and all wait.
//   - Keys of one account share its limits: the oldest is used, the others are duplicates.
//   - A key that the platform refuses (401) is disabled, with the reason.
//
// Time is the database's, in the ledger; within a process it is the monotonic clock.
package apikey
