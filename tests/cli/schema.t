#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup schema: a JSON Schema that refuses what netsetup refuses, by a real validator
. "$(dirname "$0")/../lib.sh"

# Another python3 than the distribution's may lie before it and have less.
for python in python3 /usr/bin/python3 ''; do
	[ -n "$python" ] || skip_all "no python3-jsonschema and python3-yaml on this machine"
	"$python" -c 'import jsonschema, yaml; jsonschema.Draft202012Validator' 2>/dev/null && break
done
said=$("$python" "$TOP/tests/cli/schema.py" "$BIN/netsetup" "$DATA"/document/*)
while IFS= read -r line; do
	case $line in
	ok\ *) ok "${line#ok * - }" ;;
	not\ ok\ *) not_ok "${line#not ok * - }" ;;
	'#'*) echo "$line" ;;
	1..*) whole=1 ;;
	esac
done <<<"$said"
is 'the validator came to its end' 1 "${whole:-0}"
done_testing
