// Package scorecard stores the checks of OpenSSF Scorecard (repo_deps_scorecard), with their published names and scores.
//
// Its one task is part of the secondary phase of repositories on GitHub. Either the program `scorecard` makes the scores, when the settings name one; or they are computed from what is
// stored about the repository already, as far as that decides a check by its published definition: the others have -1, which is how Scorecard says that something cannot be known.
// A snapshot has one timestamp, and is written only when it differs from the last. A tool that fails costs a note in tree_snapshot, never the phase.
package scorecard
