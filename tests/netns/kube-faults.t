#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Each fault of a real cluster is named by its cause, and all is green once it is healed.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
. "$TOP/tests/kube.sh"
need_kube

# One cluster for all of them: what fails is told exactly, so that a fault that was not
# healed would show in the next one's run, and the last run is without any.
kube_up
"$S" list --json >"$T/list.json"
R=$T/report.json
failed='[.results[]|select(.verdict=="fail")]'
# fault CAUSE EVIDENCE - the cause is named; of what failed, something says EVIDENCE
while read -r fault cause told; do
	red=$(jq -r --arg n "$fault" \
		'.faults[]|select(.name == $n).red|sort|join(",")' "$T/list.json")
	jq_is "$fault: is listed with its cause" "$cause" \
		".faults[]|select(.name == \"$fault\").cause" "$T/list.json"
	"$S" run shoot --fault "$fault" --json >"$R" 2>"$T/err"
	is "$fault: exit status" 1 $?
	jq_is "$fault: the cause" "$cause" .diagnosis.primary "$R"
	matches "$fault: the evidence" "$told" "$(jq -c "$failed|.[]|[.detail, .via]" "$R")"
	# Which names fail as well depends on where CoreDNS runs.
	[ "$fault" = pod-route-missing ] && continue
	jq_is "$fault: what fails" "$red" "$failed|[.[].id]|unique|join(\",\")" "$R"
	[ -s "$R" ] || diag "$(<"$T/err")"
	jq -e --arg red "$red" "$failed|[.[].id]|unique|join(\",\") == \$red" "$R" \
		>"$T/same" || diag "$(jq -c "$failed|.[]" "$R")"
done <<'F'
kubelet-node-ip-family node-ip-family got 192.0.2.12
kube-proxy-stopped vip-not-programmed (connect within|EPERM)
endpoint-stale stale-endpoint ENETUNREACH, ICMPv6 1/0 from .*"icmp_type":1,"icmp_code":0
coredns-no-dns64 dns64-absent rcode 0, the name exists and has no AAAA
coredns-v4-upstream dns-upstream-v4 rcode 2
coredns-no-reverse dns-reverse-absent PTR '[0-9a-f.]*ip6.arpa': rcode 3
coredns-no-endpoints dns-records AAAA 'pods.shoot6-.*': wanted 3 addresses
apiserver-cert-without-vip api-cert-san certificate subject name matches target host name '2001:db8:96::1'
pod-route-missing pod-route-missing ICMPv6 1/0 .* from 2001:db8:5::1.*"errno":"ENETUNREACH"
kubelet-port-filtered kubelet-unreachable timed out
kubelet-foreign-ca kubelet-refuses Unauthorized
cni-conf-missing cni-missing cni plugin not initialized
image-not-pullable image-pull ErrImagePull: .*ghcr.io/shoot6/shoot6
nat64-down nat64-down http within .* no ICMPv6 error seen
accept-ra-lost ra-ignored-forwarding accept_ra=1, wanted 2
F
run "$S" run shoot --fault vip-not-programmed
is 'a fault of the other engine is refused' 2 "$rc"
like 'with the reason' "made on engine 'netns', not on 'kubernetes'" "$err"
# What the machine tries outside is not for a lab: other names would fail here.
machine_targets '{"egress": {"v6": [{"name": "nowhere.invalid", "http": 80}]}}'
run "$S" run shoot --json
is 'all is green after them' 0 "$rc"
jq_is 'nothing fails' 0 '.summary.fail + .summary.blocked + .summary.unknown' "$T/.out" ||
	diag "$(jq -c '.results[]|select(.verdict|IN("fail", "blocked", "unknown"))' "$T/.out")"
done_testing
