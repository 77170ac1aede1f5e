// Package rules has the house rules that no linter knows, as tests: which package may import which, how the files of queries are written,
// that the copy of River's tables which sqlc reads is River's, and that the installation of PostgreSQL looks where the program looks.
// Nothing calls it; `go test` does.
//
// A layer is a row of DESIGN's drawing; a room is one of the packages side by side in a layer.
package rules
