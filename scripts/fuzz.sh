#!/bin/sh
# Runs every fuzz target for a while, one after the other. `make fuzz` calls it: scripts/fuzz.sh 10s
# What a target finds is written to the package's testdata/fuzz, where it becomes a test.
set -eu

fuzztime=${1:-10s}
go=${GO:-go}

# A target that ends in the instant of the deadline may be reported as failed: https://go.dev/issue/75804
fuzz() {
	out=$("$go" test -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" 2>&1) && status=0 || status=$?
	if [ "$status" != 0 ] && echo "$out" | grep -q 'context deadline exceeded' && ! echo "$out" | grep -q 'Failing input'; then
		out=$("$go" test -run '^$' -fuzz "^$2\$" -fuzztime "$fuzztime" "$1" 2>&1) && status=0 || status=$?
	fi
	if [ "$status" != 0 ]; then
		echo "$out"
		return "$status"
	fi
	echo "$2 $(echo "$out" | tail -n 1)"
}

failed=0
targets=$(mktemp)
trap 'rm -f "$targets"' EXIT
find . \( -name .git -o -name bin \) -prune -o -name '*_test.go' -type f -exec grep -HoE '^func Fuzz[A-Za-z0-9_]+' {} + | sort >"$targets"
while IFS=: read -r file target; do
	fuzz "$(dirname "$file")" "${target#func }" </dev/null || failed=1
done <"$targets"
exit "$failed"
