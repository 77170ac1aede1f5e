// Package badges asks the OpenSSF Best Practices service whether a repository belongs to a project with a badge, and stores what it says (repo_badging).
//
// Its one task is part of the core phase of whatever has one. It keeps no cursor: tree_snapshot says when the service was asked, and what is missing. A service that does not
// answer costs a note, never the phase.
package badges
