#!/bin/sh
# Runs every fuzz test of the module for FUZZTIME each and stops at the first
# failure, whose input Go keeps under testdata. The first time, Go builds all that
# a package depends on for fuzzing, which takes minutes and prints nothing; and
# without -run it would run all tests of the package before it fuzzes.
set -eu
for package in $(go list ./...); do
	for test in $(go test -list '^Fuzz' "$package" | grep '^Fuzz' || true); do
		echo "== $package $test"
		go test -run '^$' -fuzz "^$test\$" -fuzztime "${FUZZTIME:-10s}" "$package"
	done
done
