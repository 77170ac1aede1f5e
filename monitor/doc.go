// Package monitor decides what is due and starts it. It reads collection_status, the settings and the catalog of tasks, and starts runs
// through package tasks; it also gives the jobs of dead workers to others. It never collects anything itself.
//
// Any number of monitors may run at once, on one machine or on several: a tick is one transaction, and only one at a time has the turn.
//
// A tick, for each phase that is switched on: what runs and what waits, by the indexes of collection_schedule, the choice among them ([choose], a pure
// function), and then runs, jobs and statuses in the same transaction. All times are the database's.
//
// A place is what a run of a phase takes; settings say how many there are. A share is a user group and a repository group in it: places go to the
// shares where least runs. A repository is new until a phase was collected, due when its interval is over, jitter considered; a failed one waits for its
// back-off. Large repositories have places of their own. [Simulate] lets the same decision work on made-up repositories.
package monitor
