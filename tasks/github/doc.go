// Package github collects what GitHub knows about repositories: issues, pull requests, comments, events, people, releases. Its tasks make the core
// and the secondary phase of repositories on github.com; package api makes the requests.
//
// It never asks for a list that cannot have changed, never one item at a time where a page can be had, and never stores a half of an answer: a page's rows
// and its cursor commit together. It knows no other source.
//
// # Words
//
//   - A list is a resource that is read page by page: the issues of a repository, its comments. Each has a task of its own, and a cursor.
//   - A pass reads a list from its watermark to its end. Only a pass that came to the end moves the watermark. A whole pass reads everything again, to find
//     what has vanished; it is rare.
//   - The watermark is a time by GitHub's clock: everything that changed before is stored.
//   - The mark is what the repository looked like (how many issues, when one last changed). While it is the same, its lists are not read.
//   - A tombstone says that GitHub does not list a row any more. What happened (an issue, a comment) keeps its row; what is only true for a time (a label,
//     an assignee) leaves its table, and is kept in the tombstone.
//   - A row is unplaced when what it belongs to is not stored. Comments and events wait in a table of their own until it is; what is inside of a pull request
//     comes again, since no watermark passes those of the lists that its rows belong to.
package github
