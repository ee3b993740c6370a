#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Two nodes of a GCP-shaped cloud, from nothing to verified, by netsetup and real RAs.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
export XDG_STATE_HOME=$T/state
lab=$BIN/scenario
apply=(netsetup apply --provider gcp --shoot /etc/shoot6/shoot.yaml)

# in_node ARG... - a command in node1
in_node() {
	"$lab" exec gcp node1 -- "$@"
}

run "$lab" up gcp
is 'the lab comes up' 0 "$rc"
[ "$rc" = 0 ] || { diag "$err"; done_testing; }
at_exit "$lab" down gcp

run in_node ip -6 -o address show dev eth0 scope global
like 'the address of the metadata, as a host' '2001:db8:10:0:1::1/128' "$out"
run in_node ip -4 -o address
is 'no IPv4 but the loopback' '' "$(grep -v 127.0.0.1 <<<"$out")"
run in_node ip -6 route show proto 166
like 'pods that do not exist do not loop' \
	'unreachable 2001:db8:10:0:1::/112' "$out"
like 'services are routed' '2001:db8:96::/112 via fe80::' "$out"

run in_node cat /proc/sys/net/ipv6/conf/all/forwarding \
	/proc/sys/net/ipv6/conf/eth0/accept_ra
is 'it forwards, and accepts advertisements all the same' $'1\n2' "$out"
run in_node ip -6 route show default proto ra
like 'the default route of the advertisement stays' 'default via fe80::' "$out"

holds 'radvd advertises' "$lab" exec gcp router -- pgrep -x radvd
run in_node cat /run/netsetup/hints.json
is 'the NAT64 prefix is found in an advertisement' \
	'2001:db8:64::/96 pref64' \
	"$(jq -r '.nat64.prefix + " " + .nat64.source' <<<"$out")"
is 'and the range of the pods in the metadata' 2001:db8:10:0:1::/112 \
	"$(jq -r .pod_cidr <<<"$out")"

run in_node ping -6 -c1 -W30 2001:db8:10:0:2::1
is 'the other node answers' 0 "$rc"

run in_node "${apply[@]}"
is 'a second apply succeeds' 0 "$rc"
like 'and changes nothing' '0 mutating messages' "$out$err"

run in_node "${apply[@]}" --metadata 'http://[2001:db8:dead::1]' --deadline 1s
is 'metadata out of reach: bad input' 2 "$rc"
like 'with the address that was tried' '2001:db8:dead::1' "$err"

run in_node netsetup undo
is 'undo succeeds' 0 "$rc"
run in_node ip -6 -o address show dev eth0 scope global
is 'and the address is gone' '' "$out"
run in_node ip -6 route show proto 166
is 'and the routes are' '' "$out"

# The end of the holder is the end of all of it.
pid=$("$lab" status gcp --json | jq .pid)
kill -KILL "$pid"
ended() { ! pgrep -f "fabric-metadata|radvd" >/dev/null; }
holds 'SIGKILL of the holder ends its daemons' wait_for ended
run "$lab" status gcp
is 'and the lab is not up any more' 2 "$rc"
done_testing
