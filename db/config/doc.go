// Package config holds the settings of the program: augur_operations.config, Augur's table of sections and keys, and the typed Go values
// that the rest of the program reads.
//
// The struct is the truth, the table is its rendering. Each section is a struct in the package that it configures, with a field per
// setting; comments and tags of the field say everything about it, and docs/configuration.md is made from them. This package reflects
// the structs ([NewSection], [Registry]), reads the table ([Read]), follows it ([Open]), hands out values ([Of]), and holds what the
// config command does ([Init], [Get], [Set], [Load], [AddSection], [AllJSON], [Clear], [Check]). It never decides what a setting does, it
// knows no section by name but those that nothing uses, and it never prints a secret.
//
// # Words
//
//   - A setting is one row: section_name, setting_name, value and type (str, int, float or bool; NULL counts as str). All values are text.
//   - A missing row, or one whose value is NULL, means the default.
//   - A value that makes no sense changes nothing: the value before it stays in effect, or the default when the program has just started. It
//     is a [Problem], logged once, until the row is put right.
//   - An unused setting is one that nothing reads: a key of Augur's whose task does not exist, or a row that no struct knows. Such rows are
//     kept and reported.
//   - A snapshot is the values of all sections at one time. It never changes; a new one replaces it.
//
// # Tags
//
//	setting   the key; a field without it is no setting
//	default   the default, as text of the table
//	type      the type in the table, where it is not the field's own: "int" makes a bool a switch of 0 and 1
//	unit      what one of the table's number means for a time.Duration ("1s", "24h"); without it the table has Go duration text
//	min, max  the range, as text of the table, both ends included
//	oneof     the words that are allowed, in any case; the struct has them as they are written here
//	effect    when a change takes effect: "at once", "next tick", "next task" or "restart"
//	restart   "true" is the same as effect:"restart"
//	unused    why nothing reads the setting yet
//
// A blank field carries the tags section (checked against [NewSection]), effect and unused for the whole struct.
package config

//go:generate go run ../../tools/configdoc -root ../.. -o ../../docs/configuration.md
