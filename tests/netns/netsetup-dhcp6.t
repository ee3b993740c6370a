#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup beside somebody else's DHCPv6 client: two nodes, kea and radvd on two routers
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need radvd kea-dhcp6 dhclient jq

fabric r1 r2 n1 n2
for s in r1 r2; do ns "$s" sysctl -qw net.ipv6.conf.all.forwarding=1; done
lla() { ns "$1" ip -6 -o addr show dev eth0 scope link | sed -n 's/.* \(fe80::[^ /]*\).*/\1/p'; }
for s in r1 r2 n1 n2; do
	has_lla() { [ -n "$(lla "$s")" ]; }
	wait_for has_lla
done

# router NAME PREFIX - radvd that has hosts ask DHCPv6, and kea; prefix without its ::/64
router() {
	mkdir -p "$T/$1"
	cat >"$T/$1/radvd.conf" <<C
interface eth0 {
	AdvSendAdvert on;
	MinRtrAdvInterval 3;
	MaxRtrAdvInterval 4;
	AdvDefaultLifetime 9;
	AdvManagedFlag on;
	prefix $2::/64 { AdvAutonomous off; AdvValidLifetime 20; AdvPreferredLifetime 20; };
};
C
	cat >"$T/$1/kea.json" <<C
{"Dhcp6": {"data-directory": "$T/$1",
 "server-id": {"type": "LL", "persist": false},
 "lease-database": {"type": "memfile", "persist": false},
 "interfaces-config": {"interfaces": ["eth0"], "re-detect": true},
 "preferred-lifetime": 10, "valid-lifetime": 14, "renew-timer": 3, "rebind-timer": 6,
 "subnet6": [{"id": 1, "subnet": "$2::/64", "interface": "eth0",
  "pools": [{"pool": "$2::d:0/112"}]}],
 "loggers": [{"name": "kea-dhcp6", "severity": "INFO",
  "output_options": [{"output": "stdout", "flush": true}]}]}}
C
	ns "$1" ip -6 addr replace "$2::1/64" dev eth0 nodad
	nsenter --net="/run/netns/$1" radvd -n -C "$T/$1/radvd.conf" -p "$T/$1/radvd.pid" \
		-m stderr >"$T/$1/radvd.log" 2>&1 &
	radvd[$1]=$!
	serve "$1"
}
serve() {
	KEA_LOCKFILE_DIR=$T/$1 KEA_PIDFILE_DIR=$T/$1 nsenter --net="/run/netns/$1" \
		kea-dhcp6 -c "$T/$1/kea.json" >"$T/$1/kea.log" 2>&1 &
	kea[$1]=$!
	wait_for grep -q DHCP6_STARTED "$T/$1/kea.log" || diag "$(tail "$T/$1/kea.log")"
}
end() { kill -9 "$1" && wait "$1" 2>/dev/null; }
declare -A radvd kea client watch leased
router r1 2001:db8:10

# The client: the distribution's own, with its own script. It names no resolver, but what
# that script writes is no business of this machine.
echo >"$T/resolv.conf"
real=$(realpath -m /etc/resolv.conf)
mkdir -p "${real%/*}"
[ -e "$real" ] || : >"$real"
mount --bind "$T/resolv.conf" "$real"
ask() { # NODE
	nsenter --net="/run/netns/$1" dhclient -6 -d -N -cf /dev/null -lf "$T/$1.lease" \
		-pf "$T/$1.dhclient.pid" eth0 >"$T/$1.dhclient" 2>&1 &
	client[$1]=$!
}
# What others have put on the node: all addresses but ours, without what runs down.
others() {
	ns "$1" ip -6 -o addr show dev eth0 | grep -v ' 2001:db8:a::' |
		sed 's/^[0-9]*: //; s/valid_lft.*//' | sort
}
lease() { # PREFIX NODE: sets ${leased[NODE]}
	leased[$2]=$(ns "$2" ip -6 -o addr show dev eth0 | sed -n "s/.*inet6 \($1::d:[0-9a-f]*\)\/128.*/\1/p")
	[ -n "${leased[$2]}" ]
}
no_lease() { ! lease "$@"; }
both() { "$@" n1 && "$@" n2; }
for n in n1 n2; do ask $n; done
holds 'both nodes have a lease of a /128' wait_for both lease 2001:db8:10 ||
	diag "$(tail -5 "$T/n1.dhclient" "$T/r1/kea.log")"
both lease 2001:db8:10

document() { # NODE [ADDRESS...]
	local n=$1

	shift
	cat >"$T/new" <<Y
version: 1
uplinks: [eth0]
forwarding: true
links: [{name: eth0, up: true}]
addresses:
$(for a in "2001:db8:a::${n#n}" "$@"; do echo "- {address: \"$a/128\", dev: eth0, dad: skip}"; done)
routes: [{dst: "2001:db8:dead::/48", type: unreachable}]
Y
	mv "$T/new" "$T/$n.yaml"
}
for n in n1 n2; do document $n; done
netsetup() { # NODE VERB ARG...
	local n=$1 verb=$2

	shift 2
	run ns "$n" "$BIN/netsetup" "$verb" --state "$T/$n.state" "$@"
}
before=$(others n1)
netsetup n1 apply "$T/n1.yaml"
is 'apply' 0 "$rc"
is 'apply leaves the lease as it is' "$before" "$(others n1)"
document n1 "${leased[n1]}"
netsetup n1 apply "$T/n1.yaml"
is 'a document that wants the leased address: refused' 2 "$rc"
like 'naming it' "${leased[n1]}" "$err"
like 'and whose it is' "belongs to 'dhclient (DHCPv6)'" "$err"
is 'the lease is as it was' "$before" "$(others n1)"
document n1
netsetup n1 undo
is 'undo' 0 "$rc"
is 'undo leaves the lease' "$before" "$(others n1)"
ours() { ns "$1" "$BIN/netsetup" plan --state "$T/$1.state" "$T/$1.yaml" >"$T/plan" 2>&1; }

event() { jq -es "[.[] | select(.event == \"$1\")] | length | select(. > 0)" "$T/$2.events"; }
count() { jq -s "[.[] | select(.event == \"$1\")] | length" "$T/$2.events"; }
for n in n1 n2; do
	nsenter --net="/run/netns/$n" "$BIN/netsetup" watch --json --state "$T/$n.state" \
		--audit 300ms "$T/$n.yaml" >"$T/$n.events" 2>"$T/$n.err" &
	watch[$n]=$!
done
holds 'watch' wait_for both event ready
holds 'all of ours is there' wait_for both ours
is 'watch leaves the lease' "$before" "$(others n1)"

# Renewals change lifetimes alone.
renewals() { grep -c 'Reply for Renew\|XMT: Renew' "$T/$1.dhclient"; }
renewed() { [ "$(renewals "$1")" -ge 2 ] && grep -c 'RCV: Reply' "$T/$1.dhclient" | grep -qv '^[01]$'; }
holds 'leases are renewed' wait_for both renewed || diag "$(tail -5 "$T/n1.dhclient")"
is 'the lease is the same' "$before" "$(others n1)"
is 'which is no drift' 0 "$(count repaired n1)"
is 'on the other node, too' 0 "$(count repaired n2)"
ns n1 ip -6 addr del 2001:db8:a::1/128 dev eth0
holds 'ours is put back beside it' wait_for event repaired n1
holds 'all of it' wait_for ours n1
is 'the lease is the same' "$before" "$(others n1)"
document n1 "${leased[n1]}"
holds 'watch refuses a document that wants the leased address' wait_for event not-applied n1
is 'the lease is still the same' "$before" "$(others n1)"
n=$(count applied n1)
document n1
# Otherwise that apply might be what sets the link up, and undo would set it down.
applied() { [ "$(count applied n1)" -gt "$n" ]; }
holds 'and takes the one of before' wait_for applied

# The link goes down: the kernel forgets the lease, too; who has it puts it back.
ns n1 ip link set eth0 down
holds 'watch sets the uplink up again, ours is back' wait_for ours n1
again() { [ "$(others n1)" = "$before" ]; }
holds 'the lease comes back with the next renewal' wait_for again ||
	diag "$before" "$(others n1)" "$(tail -5 "$T/n1.dhclient")"

# The server is gone: leases run out, and nobody but the client sees to it.
repaired=$(count repaired n1)
end "${kea[r1]}"
holds 'no server: leases run out' wait_for both no_lease 2001:db8:10
holds 'ours stays' both ours
is 'watch puts back no lease' "$repaired" "$(count repaired n1)"
holds 'nor does a second apply' ns n2 "$BIN/netsetup" apply --state "$T/n2.state" "$T/n2.yaml"
holds 'no lease is there' both no_lease 2001:db8:10
serve r1
holds 'it is back: so are leases' wait_for -t 150 both lease 2001:db8:10 ||
	diag "$(tail -5 "$T/n1.dhclient")"

# Another router with another prefix takes over.
end "${kea[r1]}"
end "${radvd[r1]}"
router r2 2001:db8:20
r2=$(lla r2)
by_r2() { ns "$1" ip -6 route show default proto ra | grep -q "via $r2 "; }
holds 'another router is heard' wait_for both by_r2
holds 'the leases of the first run out' wait_for both no_lease 2001:db8:10
holds 'and the second gives its own' wait_for -t 150 both lease 2001:db8:20 ||
	diag "$(tail -5 "$T/n1.dhclient")"
holds 'ours stays' both ours
after=$(others n1)
for n in n1 n2; do
	kill "${watch[$n]}"
	wait "${watch[$n]}"
	is "watch of $n ends" 0 $?
done
netsetup n1 undo
is 'undo at the end' 0 "$rc"
is 'leaves the lease' "$after" "$(others n1)"
kill "${client[@]}"
end "${kea[r2]}"
end "${radvd[r2]}"
done_testing
