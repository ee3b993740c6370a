#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What every program answers alike: --help, --version, a wrong option; and that it says
# what cannot be printed.
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
	"$program" --help >/dev/full 2>"$T/err"
	is "$name --help on a full disk fails" 1 $?
	is "$name says why" "$name: standard output: No space left on device" "$(<"$T/err")"
	"$program" --help >&- 2>"$T/err"
	is "$name --help without standard output fails" 1 $?
	is "$name says so" "$name: standard output: Bad file descriptor" "$(<"$T/err")"
done
[ "$test_count" -gt 0 ] || skip 'programs' 'none is built'
done_testing
