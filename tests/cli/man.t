#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The manual pages: one a program, no finding of mandoc, every option of --help; and
# the pages of formats.
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
missing=
for variable in SHOOT6_PATIENCE NO_COLOR \
	$(grep -rhoE 'getenv\("[A-Z0-9_]+"' scenarios --include=*.c | cut -d '"' -f 2); do
	grep -qE "^(\.It|\.Pq)? ?Ev (.* )?$variable( |\$)|^\.Ev $variable( |\$)" "$T"/scenario.[0-9] ||
		missing+=" $variable"
done
is 'scenario: page has all variables that are read' '' "$missing"
for source in docs/man/*.5; do
	name=${source##*/}
	holds "$name: page is made" ci/man "$source" "$T"
	is "$name: mandoc finds nothing" '' \
		"$(mandoc -T lint -W warning "$T/$name" 2>&1)"
	unlike "$name: nothing is left to put in" '@REASONS@' "$(<"$T/$name")"
done
holds 'reasons are in shoot6-results(5)' \
	grep -qx '.It Cm net-unreachable' "$T/shoot6-results.5"
is 'shoot6-targets(5) has all members that are read' '' "$(
	grep -vE 'wrong\(|[ (]h, ' probes/targets.c | # errors; members of hints
		grep -oE '\((&in|in|j|external|t->json|json)[^"]*, "[a-z][a-z0-9_]*"' |
		grep -oE '"[^"]*"' | tr -d '"' | sort -u | while read -r member; do
		grep -qE "^\.(It )?Cm ([a-z0-9_]+ , )*$member( |\$)" "$T/shoot6-targets.5" || echo "$member"
	done
)"
[ "$test_count" -gt 0 ] || skip 'manual pages' 'no program is built'
done_testing
