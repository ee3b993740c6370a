#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup watch in the provider form: metadata by long poll, NAT64 by router, all kept
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3

ns_new router node
veth router n1 node eth0
ns router ip link set n1 address 02:00:00:00:00:01
ns node ip link set eth0 address 02:00:00:00:01:01
ns router sysctl -qw net.ipv6.conf.all.forwarding=1
ns router ip -6 address add fd20:ce::254/128 dev lo
ns router ip -6 address add 2001:db8:53::53/128 dev lo
ns router ip -6 route add 2001:db8:10:0:1::1/128 dev n1
gw=$(ns router ip -6 -o address show dev n1 scope link |
	sed -n 's/.* \(fe80::[^ /]*\).*/\1/p')
# metadata MTU - what the service says, replaced at once
metadata() {
	cat >"$T/new" <<J
{"headers": [{"name": "Metadata-Flavor", "value": "Google"}], "keys": "kebab",
 "instances": [{"name": "node1", "interface": "n1", "addresses": ["2001:db8:10:0:1::1"],
  "tree": {"computeMetadata": {"v1": {"instance": {"name": "node1", "networkInterfaces": [
   {"mac": "02:00:00:00:01:01", "mtu": $1, "ipv6": ["2001:db8:10:0:1::1/96"],
    "gatewayIpv6": "$gw", "dnsServers": ["2001:db8:53::53"]}]}}}}}]}
J
	mv "$T/new" "$T/md.json"
}
metadata 1460
cat >"$T/shoot.yaml" <<Y
apiVersion: core.gardener.cloud/v1beta1
kind: Shoot
spec:
  networking: {ipFamilies: [IPv6], services: "2001:db8:96::/112"}
Y
service() {
	nsenter --net=/run/netns/router "$BIN/fabric-metadata" --listen fd20:ce::254 \
		"$T/md.json" >"$T/md.out" 2>&1 &
	service=$!
}
service
nsenter --net=/run/netns/router python3 "$(dirname "$0")/../fake_cloud.py" n1 \
	pref64=2001:db8:64::/96 >"$T/ready" &
wait_for grep -q ready "$T/ready"
ready() {
	ns node ip -6 route show default | grep -q . &&
		ns router ss -6ltn | grep -q 'fd20:ce::254.*:80'
}
wait_for ready
event() {
	jq -es "[.[] | select(.event == \"$1\" and ${2:-true})] | length | select(. > 0)" "$T/events"
}
nsenter --net=/run/netns/node "$BIN/netsetup" watch --json --provider gcp --shoot "$T/shoot.yaml" \
	--state "$T/state" --hints "$T/hints.json" >"$T/events" 2>"$T/err" &
watch=$!
holds 'the provider form is watched' wait_for event ready || diag "$(cat "$T/err" "$T/events")"
like 'the node has its address' 2001:db8:10:0:1::1/128 "$(ns node ip -6 addr show dev eth0)"
holds 'NAT64 is known' wait_for sh -c "[ \"\$(jq -r .nat64.prefix '$T/hints.json')\" = 2001:db8:64::/96 ]"
rss=$(awk '/VmRSS/ {print $2}' "/proc/$watch/status")
[ -n "${SANITIZE:-}" ] || holds "no more than 6 MB ($rss kB)" test "$rss" -le 6144
# Armed: the apply that follows it is there.
armed() {
	[ "$(jq -s '[.[]|select(.event=="applied")]|length' "$T/events")" -ge "$1" ]
}
holds 'it waits for changes' wait_for armed 2
ns node ip -6 addr del 2001:db8:10:0:1::1/128 dev eth0
holds 'the address is put back' wait_for sh -c \
	'nsenter --net=/run/netns/node ip -6 addr show dev eth0 | grep -q 2001:db8:10:0:1::1/128'
metadata 1400
holds 'changed metadata is an event' wait_for event metadata
holds 'and a new transaction' wait_for sh -c \
	'nsenter --net=/run/netns/node ip link show eth0 | grep -q "mtu 1400"'
holds 'hints, too' wait_for sh -c "[ \"\$(jq .mtu '$T/hints.json')\" = 1400 ]"
# At once again: nothing falls between two polls.
wait_for armed 3
metadata 1380
metadata 1340
holds 'two changes at once' wait_for sh -c \
	'nsenter --net=/run/netns/node ip link show eth0 | grep -q "mtu 1340"'

# The service goes away and comes back with another answer.
kill "$service"
wait "$service" 2>/dev/null
metadata 1360
service
holds 'after a pause of the service its answer counts' wait_for sh -c \
	'nsenter --net=/run/netns/node ip link show eth0 | grep -q "mtu 1360"'
holds 'nothing has ended it' kill -0 "$watch"
poll=$(pgrep -P "$watch" netsetup)
kill -9 "$watch"
wait "$watch" 2>/dev/null
gone() { ! kill -0 "$poll"; }
holds 'kill -9 ends its long poll, too' wait_for gone
run ns node "$BIN/netsetup" wait
is 'wait without a provider: 2' 2 "$rc"
run ns node "$BIN/netsetup" wait --provider vultr
is 'a provider that tells no changes: 77' 77 "$rc"
done_testing
