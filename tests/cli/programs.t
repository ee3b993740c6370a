#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What every program answers alike: --help, --version, a wrong option.
. "$(dirname "$0")/../lib.sh"

for program in "$BIN"/*; do
	name=${program##*/}
	[ -x "$program" ] || continue
	run "$program" --version
	is "$name --version succeeds" 0 "$rc"
	like "$name --version names it" "$name " "$out"
	run "$program" --help
	is "$name --help succeeds" 0 "$rc"
	like "$name --help shows how it is used" "Usage: $name" "$out"
	is "$name --help writes to stdout alone" '' "$err"
	run "$program" --no-such-option
	is "$name refuses an unknown option" 2 "$rc"
	like "$name says which" "'--no-such-option'" "$err"
	is "$name then writes nothing to stdout" '' "$out"
done
[ "$test_count" -gt 0 ] || skip 'programs' 'none is built'
done_testing
