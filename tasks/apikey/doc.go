// Package apikey is about the tokens with which tasks ask GitHub and GitLab.
//
// Tasks that call an API take their tokens from it; today it has the settings of the operator ([Keys]). It never prints a token, and it never
// calls an API for its own sake.
package apikey
