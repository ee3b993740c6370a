#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# One demo, every fault after the other: each is named, nothing contradicts, and once it
# is healed all is well again.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

export XDG_STATE_HOME=$T/state
S=$BIN/scenario
R=$T/report.json

run "$S" up demo --patience 3
[ "$rc" != 77 ] || skip_all "$err"
is 'the demo comes up' 0 "$rc"
[ "$rc" = 0 ] || { diag "$err"; done_testing; }
at_exit "$S" down demo

# ids VERDICT - identifiers of the checks that ended so, each once
ids() { jq -r --arg v "$1" '[.results[]|select(.verdict==$v).id]|unique|join(" ")' "$R"; }

# checked [ARG]... - run the checks; the report is in $R
checked() {
	run "$S" run demo --json "$@"
	cp "$T/.out" "$R"
}

# clean WHEN - all is well
clean() {
	checked
	is "$1: exit status" 0 "$rc"
	is "$1: what fails" '' "$(ids fail)"
	jq_is "$1: no cause is named" 'null []' \
		'.diagnosis|"\(.primary) \(.evidence)"' "$R"
	holds "$1: 25 results and more" \
		jq -e '.summary.pass >= 25 and (.results|length) >= 25' "$R"
}

# What waits in the lab has it from the lab.
is 'the lab is as patient as was asked for' SHOOT6_PATIENCE=3 \
	"$(tr '\0' '\n' <"/proc/$(pgrep -o unbound)/environ" | grep PATIENCE)"

clean 'before any fault'
holds 'each result has its members' jq -e '[.results[]|
	has("id") and has("verdict") and has("vantage") and has("src") and
	has("dst") and has("reason") and
	(.vantage|test("^(pod:[^/]+/[^/]+|host:[^/]+)$"))]|all' "$R"
for what in 'POD-1 tcp' 'POD-2 tcp' 'POD-3 tcp' 'SVC-1 tcp' 'SVC-1 udp' 'SVC-3 tcp' \
	'SVC-4 other' 'DNS-2 aaaa' 'EGR-1 literal' 'EGR-1 http' 'EGR-1 https' \
	'N64-1' 'N64-3 http' 'N64-3 https' 'MTU-1' 'MTU-3' 'EGR-5' 'CFG-1'; do
	holds "it is proved: $what" jq -e --arg what "$what" '[.results[]|
		select((.id + " " + (.variant // ""))|startswith($what)).verdict]|
		length > 0 and all(. == "pass")' "$R"
done
undocumented=
for key in $(jq -r 'del(.results[].facts)|[paths|map(strings)|last|strings]|
	unique|.[]' "$R"); do
	grep -qw -- "$key" "$TOP"/docs/man/shoot6-*.5 || undocumented+=" $key"
done
is 'shoot6-report(5) and shoot6-results(5) have each member' '' "$undocumented"
"$S" list --json >"$T/list.json"

while read -r fault cause red blocked; do
	checked --fault "$fault"
	is "$fault: exit status" 1 "$rc"
	[ "$rc" = 1 ] || diag "$err"
	jq_is "$fault: the cause" "$cause" .diagnosis.primary "$R"
	jq_is "$fault: no second cause" '[]' '.diagnosis.secondary|tostring' "$R"
	is "$fault: what fails" "${red//,/ }" "$(ids fail)"
	holds "$fault: a sentence, evidence and a remedy" jq -e '.diagnosis|
		(.sentence|length > 0) and (.remedy|length > 0) and
		(.evidence|length > 0) and (.evidence|all(length > 0))' "$R"
	got=$(ids blocked)
	[ "$got" ] || got=-
	for id in ${blocked//,/ }; do
		[[ " $got " == *" $id "* ]] || break
		id=
	done
	is "$fault: blocked are ${blocked//,/ }" '' "${id:-}"
	# At once: what is healed is whole, also for the next fault's checks.
	clean "healed of $fault"
done < <(jq -r '.faults[]|select(.engine != "kubernetes")|[.name, .cause, (.red|sort|join(",")),
	(.blocked|join(",")|if . == "" then "-" else . end)]|@tsv' "$T/list.json")

for fault in ra-lifetime-zero ra-ignored-forwarding nat64-no-route dns64-absent \
	pod-route-missing pmtu-blackhole v4-leak vip-not-programmed; do
	holds "there is a fault $fault" jq -e --arg f "$fault" \
		'.faults|map(.name)|index($f) != null' "$T/list.json"
done
clean 'after all faults'

# Two runs that break one lab would each report the other's fault.
"$S" run demo --fault pmtu-blackhole --json >"$T/first" 2>"$T/first.err" &
first=$!
wait_for grep -q 'checking from' "$T/first.err"
kill -STOP "$first"
run "$S" run demo --fault dns64-absent
kill -CONT "$first"
wait "$first"
is 'a second fault at a time is refused' \
	"2 scenario: fault 'dns64-absent': another run has made 'pmtu-blackhole'" "$rc $err"
jq_is 'the first is diagnosed' pmtu-blackhole .diagnosis.primary "$T/first"

# What people read first.
run "$S" run demo --fault nat64-no-route
is 'as a table: exit status' 1 "$rc"
matches 'the first line names the cause' \
	'^FAIL nat64-no-route  router [0-9a-f:]+ has no route to the NAT64 prefix 2001:db8:64::/96' \
	"${out%%$'\n'*}"
like 'what was seen: errno' ENETUNREACH "$out"
like 'what was seen: ICMPv6 type and code' 'ICMPv6 1/0' "$out"
matches 'what was seen: who sent it' ' from 2001:db8:[0-9a-f:]+' "$out"
matches 'what it means' $'\n +means +[a-zA-Z]' "$out"
matches 'what to do' $'\n +do +add a route' "$out"
matches 'what is blocked' $'\n +blocked +([A-Z0-9]+-[0-9] )*N64-3' "$out"
done_testing
