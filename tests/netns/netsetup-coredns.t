#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# the snippet that watch writes for CoreDNS, by the real CoreDNS: DNS64 by the prefix in use
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need nsd dig openssl xz

# CoreDNS as the kubernetes engine finds it, see tests/kube.sh.
find_coredns() {
	local packed

	coredns=${KUBE_BIN:-$TOP/build/kube/bin}/coredns
	[ ! -x "$coredns" ] || return 0
	coredns=$(command -v coredns) && return 0
	for packed in "$TOP"/../shared/kube/coredns.xz "$TOP"/../../shared/kube/coredns.xz; do
		[ -e "$packed" ] || continue
		coredns=$T/coredns
		xz -dc "$packed" >"$coredns" && chmod +x "$coredns" && return 0
	done
	return 1
}
find_coredns || skip_all "no CoreDNS: set KUBE_BIN, or make kube-bin"

# far: an upstream that knows no DNS64, only a zone
ns_new far node
veth far f0 node eth0
ns far ip -6 address add 2001:db8:a::53/64 dev f0 nodad
ns node ip -6 address add 2001:db8:a::1/64 dev eth0 nodad
cat >"$T/root.zone" <<'Z'
. 3600 IN SOA a. b. 1 3600 3600 3600 3
. 3600 IN NS ns.
ns. 3600 IN AAAA 2001:db8:a::53
v4.example. 1 IN A 203.0.113.5
v6.example. 1 IN AAAA 2001:db8:1::6
both.example. 1 IN A 203.0.113.7
both.example. 1 IN AAAA 2001:db8:1::7
Z
serve_zone far
ask() { ns node dig +short +time=2 +tries=1 "@$1" "$2" AAAA; }
answers() { [ "$(ask "$1" "$2")" = "$3" ]; }
wait_for answers 2001:db8:a::53 v6.example 2001:db8:1::6 || diag "$(cat "$T/nsd.out")"
is 'the upstream makes no AAAA of A' '' "$(ask 2001:db8:a::53 v4.example)"

# CoreDNS finds its upstream, a service account, and an API server that is not there:
# it serves what is not of the cluster all the same.
echo 'nameserver 2001:db8:a::53' >"$T/resolv.conf"
real=$(realpath -m /etc/resolv.conf) # it may lead to /run, which is empty here
mkdir -p "${real%/*}"
[ -e "$real" ] || : >"$real"
mount --bind "$T/resolv.conf" "$real"
mkdir -p /run/secrets/kubernetes.io/serviceaccount
echo token >/run/secrets/kubernetes.io/serviceaccount/token
openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN=ca \
	-keyout "$T/ca.key" -out /run/secrets/kubernetes.io/serviceaccount/ca.crt 2>"$T/openssl"

# The unit has CoreDNS read its file again, once it runs.
cat >"$T/again" <<S
#!/bin/sh
[ ! -s "$T/coredns.pid" ] || kill -USR1 "\$(cat "$T/coredns.pid")"
S
chmod +x "$T/again"
document() { # PREFIX
	cat >"$T/new" <<Y
version: 1
uplinks: [eth0]
nat64: {prefix: "$1"}
units: [{name: coredns, restart: ["$T/again"], inputs: [/etc/Corefile]}]
Y
	mv "$T/new" "$T/doc.yaml"
}
document 2001:db8:64::/96
nsenter --net=/run/netns/node "$BIN/netsetup" watch --json --state "$T/state" --root "$T/root" \
	--snippet corefile=/etc/Corefile "$T/doc.yaml" >"$T/events" 2>"$T/err" &
watch=$!
holds 'the snippet is there' wait_for test -s "$T/root/etc/Corefile" || diag "$(cat "$T/err")"
KUBERNETES_SERVICE_HOST=2001:db8:a::99 KUBERNETES_SERVICE_PORT=6443 \
	nsenter --net=/run/netns/node "$coredns" -conf "$T/root/etc/Corefile" \
	-pidfile "$T/coredns.pid" >"$T/coredns.log" 2>&1 &
coredns_pid=$!
holds 'CoreDNS takes it, and makes an AAAA of A by the prefix' \
	wait_for answers ::1 v4.example 2001:db8:64::cb00:7105 || diag "$(tail "$T/coredns.log")"
is 'what has an AAAA keeps it' 2001:db8:1::6 "$(ask ::1 v6.example)"
is 'what has both, too' 2001:db8:1::7 "$(ask ::1 both.example)"
is 'what is not there is not made' '' "$(ask ::1 none.example)"

# Another prefix length puts the IPv4 address elsewhere (RFC 6052 section 2.2).
document 2001:db8:65::/64
holds 'another prefix: the snippet changes' wait_for grep -q 'dns64 2001:db8:65::/64' "$T/root/etc/Corefile"
holds 'and so do the answers' wait_for answers ::1 v4.example 2001:db8:65:0:cb:71:500:0 ||
	diag "$(tail "$T/coredns.log")"
holds 'it is still the same CoreDNS' kill -0 "$coredns_pid"
kill "$coredns_pid" "$watch" "$(cat "$T/nsd.pid")"
wait
done_testing
