#!/bin/sh
# Runs every fuzz target for FUZZTIME, one after another. A find is kept by go
# in testdata/fuzz of its package and fails the run. Each package is built once;
# a find is minimised by 10 tries, not for a minute.
set -eu
cd "$(dirname "$0")/.."
time=${FUZZTIME:-10s}
cache=$(go env GOCACHE)/fuzz
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
grep -rl --include='*_test.go' '^func Fuzz' . | sed 's|/[^/]*$||' | sort -u >"$tmp/packages"
while read -r dir; do
	go test -c -fuzz=Fuzz -o "$tmp/fuzz.test" "$dir"
	sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$dir"/*_test.go | sort >"$tmp/targets"
	while read -r f; do
		echo "fuzz $dir $f"
		(cd "$dir" && "$tmp/fuzz.test" -test.run '^$' -test.fuzz "^$f\$" -test.fuzztime "$time" -test.fuzzminimizetime 10x \
			-test.fuzzcachedir "$cache/lostpost${dir#.}") >"$tmp/said" 2>&1 </dev/null && continue
		# On a busy machine the time may end within a try, which package testing
		# calls a failure. One that has found something names the input.
		if grep -q 'context deadline exceeded' "$tmp/said" && ! grep -q 'Failing input' "$tmp/said"; then
			continue
		fi
		cat "$tmp/said"
		exit 1
	done <"$tmp/targets"
done <"$tmp/packages"
