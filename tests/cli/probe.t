#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# the probe programs from outside: lists, words, bad input
. "$(dirname "$0")/../lib.sh"

for p in pod service egress; do
	run "$BIN/probe-$p" --list
	is "probe-$p --list" 0 "$rc"
	matches "probe-$p --list has checks" '[A-Z]+[0-9]*-[0-9]+ +must ' "$out"
	run "$BIN/probe-$p" --targets "$T/none.json"
	is "probe-$p without targets" 2 "$rc"
	like "probe-$p names the file" "none.json': No such file" "$err"
done

run "$BIN/probe-egress" --explain EGR-5
is '--explain' 0 "$rc"
like '--explain says how' 'must fail at once' "$out"
run "$BIN/probe-egress" --explain EGR-99
is '--explain of none' 2 "$rc"

echo '{"peers":[{"name":"a","kind":"pod","address":"10.0.0.1"}]}' >"$T/t.json"
run "$BIN/probe-pod" --targets "$T/t.json"
is 'IPv4 where IPv6 is wanted' 2 "$rc"
like 'and says so' "address '10.0.0.1': not an IPv6 address" "$err"

echo '{' >"$T/t.json"
run "$BIN/probe-pod" --targets "$T/t.json"
is 'no JSON' 2 "$rc"

echo '{}' >"$T/t.json"
run "$BIN/probe-pod" --targets "$T/t.json" --check NOPE-1
is 'unknown check' 2 "$rc"
run "$BIN/probe-pod" --targets "$T/t.json" --profile ipv7
is 'unknown profile' 2 "$rc"
run "$BIN/probe-pod" --targets "$T/t.json" --vantage moon:1
is 'unknown vantage' 2 "$rc"
run "$BIN/probe-pod" --targets "$T/t.json" --vantage host:n --check LNK-2 \
	--json
like 'JSON lines' '{"id":"LNK-2"' "$out"

run "$BIN/probe-responder"
is 'responder without a service' 2 "$rc"
done_testing
