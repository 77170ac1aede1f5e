// Package api talks to the API of GitHub, REST and GraphQL. The tasks of tasks/github and the commands about GitHub call it; it is the only package that
// imports go-github, whose version 60 needs a number of work-arounds that all live here.
//
// It never stores what it reads, never decides what to read, and never waits for a limit: a request for which no key has budget is a
// [tasks.RateLimitError], with which the job gives its place back.
//
// # Words
//
//   - The [Service] of a process makes a [Client] for each job. A client's requests are counted to the job, its repository and its kind.
//   - A key is what GitHub counts requests by: a token, or an installation of a GitHub App. package apikey hands them out, with budget.
//   - An exchange is one request and its answer. A request that failed in a way that may pass is made again, as a new exchange.
//   - A page is one answer of a list. Its next is an address that GitHub chose; it is followed as it is, because from the 10,000th issue on
//     nothing else leads further.
package api
