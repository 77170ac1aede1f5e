// Package care looks after the database while others collect: it refreshes the materialized views, removes what nobody asks for any more from
// the tables of the program's own work, and watches clocks and connections.
//
// The backend runs it beside the monitor ([Care.Run]); `augur db refresh-views` refreshes by hand ([Care.Refresh]). It never takes a slot of
// collection, never touches what was collected, and decides by the database's clock alone. Any number may run at once, on one machine or on
// several: each piece of work is one transaction that first takes the turn, an advisory lock that ends with it, so it works through a connection
// pooler too.
//
// # Words
//
//   - A look at a view finds out whether it has to be refreshed, and does so. Its row in augur_operations.view_refresh is the last look.
//   - The evidence is a digest of the counters of the tables below a view (pg_stat), and of their files. A view whose evidence is that
//     of its last refresh is unchanged, and left alone. The evidence is read before the refresh begins, so that what is written meanwhile counts as
//     a change. Counters reach the statistics up to ten seconds after a commit; a change that the look missed so is found by the next one.
//   - Removing looks at rows in the order of their ids, a page at a time, each page one short transaction.
package care
