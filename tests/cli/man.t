#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages: one a program, no finding of mandoc, every option and command of --help.
. "$(dirname "$0")/../lib.sh"
need mandoc

cd "$TOP" || exit 1
for program in "$BIN"/*; do
	name=${program##*/}
	[ -x "$program" ] || continue
	holds "$name: page is made" ci/man "$program" "$T"
	page=$(echo "$T/$name".[0-9])
	is "$name: mandoc finds nothing" '' \
		"$(mandoc -T lint -W warning "$page" 2>&1)"
	text=$(mandoc -T ascii "$page" | col -b)
	missing=
	while read -r word; do
		[[ $text == *"$word"* ]] || missing+=" $word"
	done < <("$program" --help | grep -oE '^  (-., |    )--[a-z0-9-]+' | grep -oE -- '--.*')
	is "$name: page has all options of --help" '' "$missing"
done
[ "$test_count" -gt 0 ] || skip 'manual pages' 'no program is built'
done_testing
