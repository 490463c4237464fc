#!/bin/sh
# Runs every fuzz target for FUZZTIME, one after another. A find is kept by go
# in testdata/fuzz of its package and fails the run.
set -eu
time=${FUZZTIME:-10s}
go list ./... | while read -r pkg; do
	for f in $(go test -list '^Fuzz' "$pkg" | grep '^Fuzz' || true); do
		echo "fuzz $pkg $f"
		go test -run '^$' -fuzz "^$f\$" -fuzztime "$time" "$pkg" >/tmp/lostpost-fuzz.$$ 2>&1 || { cat /tmp/lostpost-fuzz.$$; rm -f /tmp/lostpost-fuzz.$$; exit 1; }
		rm -f /tmp/lostpost-fuzz.$$
	done
done
