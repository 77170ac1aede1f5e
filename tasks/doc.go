// Package tasks is the vocabulary of collection. A source of data (tasks/git, tasks/github, ...) describes its work with it, the monitor
// starts it, and worker processes run it. It never decides when something is due, and it knows no source.
//
// The words:
//
//   - A phase (core, secondary, facade, ml) is what collection_status has a status for. It is a small graph of tasks.
//   - A task is one River job kind for one repository. It may come after other tasks of its phase.
//   - A run is one collection of one phase of one repository, from its start to its outcome.
//   - A page is what a task commits at once: rows, cursor and the check of the fence.
//   - The fence is the job's row: only the attempt that River's row names as running may commit. A rescue gives a job a new id, so a stale
//     attempt finds its fence gone.
//   - A verdict is what an error means: tried again, given back, put off, or an outcome of the run.
//
// The rule that everything here keeps: at every commit, a phase is Collecting if and only if an unfinished job of that phase and repository
// exists. The view augur_operations.collection_violation lists exceptions, and is always empty.
//
//	waiting ──(what it comes after is done)──▶ queued ──▶ done
//	   │                                         └──────▶ failed
//	   └──(what it comes after failed)──▶ skipped
package tasks
