#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: plan, apply, nothing to do, verify, undo, failure, conflict, kill and recovery
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

ip link set lo up
ip link add eth0 type veth peer name p0
ip link set eth0 addrgenmode none
ip link set p0 addrgenmode none
ip link set p0 up
ip link set eth0 up
ip -6 route add 2001:db8:ffff::/64 dev eth0 proto static
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")

# All that the node's network is, without what runs down or is drawn by lot.
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | sort
	ip -6 rule
	ip nexthop | without_carrier
	ip -6 neigh show nud permanent
	ip -6 neigh show proxy
	nft list ruleset 2>/dev/null
	grep -r . /proc/sys/net/ipv6/conf/*/{forwarding,accept_ra,proxy_ndp}
	ip -o link | without_carrier | sed 's/^[0-9]*: //; s/ link.ether.*//'
	find "$T/root" -type f -exec cat {} + 2>/dev/null
}

cat >"$T/a.yaml" <<Y
version: 1
uplinks: [eth0]
forwarding: true
links:
- {name: eth0, mtu: 1460, up: true}
- {name: br0, kind: bridge, up: true, addrgen: none}
addresses:
- {address: "2001:db8:10::a/128", dev: eth0, dad: skip}
- {address: "2001:db8:11::1/64", dev: br0, dad: skip}
- {address: "2001:db8:aa::/80", dev: lo, local: true}
routes:
- {dst: default, via: "2001:db8:1::1", dev: eth0, metric: 500, mtu: 1400, preference: high}
- {dst: "2001:db8:1::1/128", dev: eth0}
- {dst: "2001:db8:dead::/48", type: unreachable}
- {dst: "2001:db8:5::/48", nexthop: 10, table: 1000}
nexthops: [{id: 10, via: "fe80::1", dev: eth0}]
rules: [{priority: 100, from: "2001:db8:11::/64", table: 1000}]
neighbours: [{address: "fe80::1", dev: eth0, lladdr: "02:00:00:00:00:01"}]
proxies: [{prefix: "2001:db8:10::b/128", dev: eth0}]
masquerade: [{from: "2001:db8:11::/64", out: eth0, except: "2001:db8::/32"}, {from: "fd00:11::/64", out: eth0}]
files: [{path: /x/y.conf, content: "hello"}]
units: [{name: u, restart: [touch, $T/restarted], inputs: [/x/y.conf]}]
Y

state >"$T/old"
run "${netsetup[@]}" plan "$T/a.yaml"
is 'plan with changes exits 1' 1 "$rc"
like 'plan shows before and after' 'mtu 1500 -> 1460' "$out"
is 'plan changed nothing' "$(cat "$T/old")" "$(state)"

run "${netsetup[@]}" apply "$T/a.yaml"
is 'apply succeeds' 0 "$rc"
state >"$T/new"
like 'routes are tagged' 'default via 2001:db8:1::1 dev eth0 proto 166' "$(ip -6 route)"
like 'rules are tagged' 'proto 166' "$(ip -6 rule)"
like 'nexthops are tagged' 'proto 166' "$(ip nexthop)"
is 'accept_ra' 2 "$(cat /proc/sys/net/ipv6/conf/eth0/accept_ra)"
is 'forwarding' 1 "$(cat /proc/sys/net/ipv6/conf/all/forwarding)"
holds 'the unit was restarted' test -e "$T/restarted"
rm -f "$T/restarted"

run "${netsetup[@]}" apply "$T/a.yaml"
is 'second apply succeeds' 0 "$rc"
like 'and says that there is nothing to do' '0 mutating messages' "$out"
fails 'and restarts nothing' test -e "$T/restarted"
run "${netsetup[@]}" apply --json "$T/a.yaml"
like 'and sent nothing' '"mutating":0' "$out"
run "${netsetup[@]}" verify "$T/a.yaml"
is 'verify agrees' 0 "$rc"
ip -6 route del 2001:db8:dead::/48
run "${netsetup[@]}" verify "$T/a.yaml"
is 'verify sees what is missing' 1 "$rc"
like 'and names it' '2001:db8:dead::/48' "$out"
run "${netsetup[@]}" undo
is 'undo succeeds' 0 "$rc"
is 'undo brings the old state back' "$(cat "$T/old")" "$(state)"

cat >"$T/b.yaml" <<Y
version: 1
addresses: [{address: "2001:db8:10::a/128", dev: eth0, dad: skip}]
routes:
- {dst: default, via: "2001:db8:99::1", dev: eth0}
- {dst: "2001:db8:77::/64", dev: eth0}
Y
run "${netsetup[@]}" apply "$T/b.yaml"
is 'a step that fails ends with 3' 3 "$rc"
like 'the step is named' "route 'default via 2001:db8:99::1 dev eth0'" "$err"
is 'all is rolled back' "$(cat "$T/old")" "$(state)"
run "${netsetup[@]}" apply --json "$T/b.yaml"
is 'for programs: one object' 'rolled-back 3 3' "$(jq -r '"\(.result) \(.exit)"' <<<"$out") $rc"
is 'for programs: what standard error says' "${err#netsetup: }" "$(jq -r '.errors[]' <<<"$out")"

# --json everywhere: each verb, well or not, prints one JSON value and nothing else.
echo 'version: [' >"$T/bad.yaml"
for verb in "plan $T/a.yaml" "plan $T/bad.yaml" "check $T/a.yaml" "check $T/bad.yaml" \
	"verify $T/a.yaml" "apply $T/none.yaml" show 'explain 2001:db8::1' 'explain nowhere' \
	emit profiles 'profiles show gcp' schema confirm recover undo 'wait --provider vultr'; do
	# shellcheck disable=SC2086
	run "${netsetup[@]}" $verb --json
	is "--json: ${verb//"$T/"/}" 1 "$(jq -s length <<<"$out" 2>&1)"
	[ "$rc" != 2 ] || is "and why it is refused" refused "$(jq -r .result <<<"$out")"
done

cat >"$T/c.yaml" <<Y
version: 1
routes: [{dst: "2001:db8:ffff::/64", dev: eth0, mtu: 1400}]
Y
run "${netsetup[@]}" apply "$T/c.yaml"
is 'a conflict is refused' 2 "$rc"
like 'its owner is named' "belongs to 'static'" "$err"
is 'and left alone' "$(cat "$T/old")" "$(state)"
run "${netsetup[@]}" adopt "$T/c.yaml"
is 'adopt takes it over' 0 "$rc"
like 'tagged as ours' 'proto 166' "$(ip -6 route show 2001:db8:ffff::/64)"
run "${netsetup[@]}" undo
is 'undo gives it back' "$(cat "$T/old")" "$(state)"

run "${netsetup[@]}" show --json
printf '%s' "$out" >"$T/show.json"
run "${netsetup[@]}" plan --from "$T/show.json" "$T/a.yaml"
is 'a plan against a saved state' 1 "$rc"
like 'has the same steps' '+ rule 100 from 2001:db8:11::/64' "$out"

# Die at each point in turn; afterwards all is as it was, or as it should be.
mixed=0 open=0
for ((i = 1; i < 100; i++)); do
	SHOOT6_CRASH_AT=$i "${netsetup[@]}" apply "$T/a.yaml" >/dev/null 2>&1
	died=$?
	[ $died = 137 ] || break
	"${netsetup[@]}" show >/dev/null 2>&1 || open=$((open + 1))
	SHOOT6_CRASH_AT=$((i % 7 + 1)) "${netsetup[@]}" recover >/dev/null 2>&1
	"${netsetup[@]}" recover >/dev/null
	state >"$T/now"
	if cmp -s "$T/now" "$T/new"; then
		"${netsetup[@]}" undo >/dev/null
	elif ! cmp -s "$T/now" "$T/old"; then
		mixed=$((mixed + 1))
		diag "killed at $i" "$(diff "$T/old" "$T/now")"
		"${netsetup[@]}" undo >/dev/null
	fi
done
is 'no kill left a mixture' 0 "$mixed"
holds 'there were kills' test "$i" -gt 20
holds 'readers said that a transaction was open' test "$open" -gt 10

# A hundred thousand steps are for the benchmark; one object for a gateway is for here.
routes_by() { # GATEWAY NUMBER
	local i

	printf 'version: 1\nroutes:\n'
	for ((i = 0; i < $2; i++)); do
		printf -- '- {dst: "2001:db8:%x::/48", via: "%s", dev: eth0}\n' $((i + 4096)) "$1"
	done
}
routes_by fe80::1 1100 >"$T/r1.yaml"
routes_by fe80::2 1100 >"$T/r2.yaml"
routes_by fe80::2 40 >"$T/few.yaml"
"${netsetup[@]}" apply "$T/r1.yaml" >/dev/null
run "${netsetup[@]}" apply --json "$T/r2.yaml"
like 'a gateway moves by one message' '"mutating_messages":1}' "$out"
is 'all routes moved' 1100 "$(ip -6 route | grep -c 'via fe80::2')"

# Such an object would go with the carrier, and its routes with it.
count() { is "$1" "$2" "$(ip -6 route | grep -c 'via fe80::2')"; }
carrier() { ip link show eth0 | grep -q LOWER_UP; }
no_carrier() { ! carrier; }
run "${netsetup[@]}" apply "$T/few.yaml"
is 'few routes have none' '0 ' "$rc $(ip nexthop)"
count 'and are there' 40
ip link set p0 down
wait_for no_carrier
count 'they stay when the cable is pulled' 40
run "${netsetup[@]}" undo
run "${netsetup[@]}" apply "$T/few.yaml"
is 'they can be made without carrier' 0 "$rc"
count 'all of them' 40
ip link set p0 up
wait_for carrier
printf 'version: 1\n' >"$T/empty.yaml"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'what is no longer named goes' "$(cat "$T/old")" "$(state)"
done_testing
