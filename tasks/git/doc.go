// Package git is the source behind the facade phase: it keeps a bare clone of each repository and stores its history as rows of commits,
// commit_messages and commit_parents.
//
// Its tasks are git_fetch (clone, or fetch what is new) and, after it, git_commits (store the commits that are not stored yet). Beside that one,
// git_labor, git_dependencies and git_libyear look at the files of the newest commit: see docs/tree.md. It drives package facade, which knows git and
// no database. It never asks a platform's API.
//
// The cursor is augur_operations.git_history: fetched is the commit that the remote's default branch points to, head the commit whose history
// is stored whole, target the one that is being stored. Commits are stored in windows, parents before children; the rows of a window and the
// cursor commit together, so a crash loses at most one window. Clones are a cache of one machine: a task that finds none makes one,
// and the one that was not used for longest makes room.
package git
