#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each fault of a real cluster is named by its cause, and all is green once it is healed.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube

kube_up
"$S" list --json >"$T/list.json"
R=$T/report.json
while read -r fault cause red; do
	"$S" run shoot --fault "$fault" --json >"$R" 2>"$T/err"
	is "$fault: exit status" 1 $?
	jq_is "$fault: the cause" "$cause" .diagnosis.primary "$R"
	jq_is "$fault: what fails" "$red" \
		'[.results[]|select(.verdict=="fail").id]|unique|join(",")' "$R"
	[ -s "$R" ] || diag "$(<"$T/err")"
	jq -e --arg red "$red" '[.results[]|select(.verdict=="fail").id]|unique|
		join(",") == $red' "$R" >"$T/same" ||
		diag "$(jq -c '.results[]|select(.verdict=="fail")' "$R")"
done < <(jq -r '.faults[]|select(.engine == "kubernetes")|[.name, .cause,
	(.red|sort|join(","))]|@tsv' "$T/list.json")
# Which names fail as well depends on where CoreDNS runs.
"$S" run shoot --fault pod-route-missing --json >"$R" 2>"$T/err"
is 'pod-route-missing: exit status' 1 $?
jq_is 'pod-route-missing: the cause' pod-route-missing .diagnosis.primary "$R"
run "$S" run shoot --fault vip-not-programmed
is 'a fault of the other engine is refused' 3 "$rc"
like 'with the reason' "'netns' alone" "$err"
run "$S" run shoot --json
is 'all is green after them' 0 "$rc"
jq_is 'nothing fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/.out"
done_testing
