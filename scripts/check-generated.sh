#!/bin/sh
# Makes the generated files again and compares them with what was there. `make check-generated` calls it.
# Exit status: 0 they were current; 1 they were not: the difference is printed, and the new files are left in place to be committed.
set -eu

before=$(mktemp -d)
trap 'rm -rf "$before"' EXIT

# generated lists every file that says so itself: Go files as the convention has it, and the reference pages.
generated() {
	find . \( -name .git -o -name bin -o -name testdata \) -prune -o \
		\( -name '*.go' -o -path './docs/*.md' \) -type f -exec grep -liE '^(//|<!--) .*do not edit' {} + | sort
}

snapshot() {
	generated | while read -r file; do
		mkdir -p "$1/$(dirname "$file")"
		cp "$file" "$1/$file"
	done
}

snapshot "$before/have"

# What sqlc made from a file that is gone would stay for ever.
for file in db/*.sql.go; do
	[ -e "$file" ] || continue
	source=queries/$(basename "$file" .go)
	[ -e "$source" ] || rm "$file"
done
${MAKE:-make} --no-print-directory generate >"$before/log" 2>&1 || {
	cat "$before/log" >&2
	exit 1
}

snapshot "$before/want"
mkdir -p "$before/have" "$before/want"
if ! (cd "$before" && diff -ruN have want); then
	echo "generated files were not current: they are now, commit them" >&2
	exit 1
fi
echo "generated files are current"
