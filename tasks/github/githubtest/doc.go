// Package githubtest is a GitHub to test against: an HTTP server on a loopback port with repositories made from a seed, which says what GitHub
// says, refuses what GitHub refuses, and counts what GitHub counts.
//
// Tests call [New], trying the program by hand is `augur dev fake-github`. It knows no client: whatever speaks HTTP can be tested. It never
// leaves the machine and never sleeps; time is a [Clock] that tests move.
//
// Words: an operation is a name of GitHub's own description of its API, as "issues/list-for-repo", or "graphql NAME" for a query; requests are
// counted by it. A key is a token; keys of one user share the user's budget. A shape says how much of everything a repository has. A script is
// a list of answers for the next requests of one operation; faults are answers that a seeded die gives to any request.
//
// What it enforces is what GitHub documents or was seen doing: the length of pages, where lists end, cursors, ETags for a token, hourly and
// secondary limits, the price of a query. Requests are checked against GitHub's own descriptions of its REST and GraphQL APIs, cut to what is
// used here (see schema/README.md): one that GitHub does not know fails the test that made it.
package githubtest
