#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: what goes wrong between us and the kernel, for each verb, at each occasion
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
so=${TESTS:-$TOP/build/tests}/nlfault.so
[ -e "$so" ] || skip_all "no $so: make build/tests/nlfault.so"
[ -z "${SANITIZE:-}" ] || skip_all 'sanitizers want to be loaded first'

ip link add eth0 type veth peer name p0
ip link set eth0 addrgenmode none
ip link set p0 addrgenmode none
ip link set p0 up
ip link set eth0 up
ip -6 route add 2001:db8:ffff::/64 dev eth0 proto static
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")
cat >"$T/a.yaml" <<Y
version: 1
links: [{name: eth0, mtu: 1460}, {name: br0, kind: bridge, up: true, addrgen: none}]
addresses: [{address: "2001:db8:10::a/128", dev: eth0, dad: skip}]
nexthops: [{id: 10, via: "fe80::1", dev: eth0}]
routes:
- {dst: default, via: "2001:db8:1::1", dev: eth0}
- {dst: "2001:db8:1::1/128", dev: eth0}
- {dst: "2001:db8:5::/48", nexthop: 10}
rules: [{priority: 100, from: "2001:db8:11::/64", table: 1000}]
neighbours: [{address: "fe80::1", dev: eth0, lladdr: "02:00:00:00:00:01"}]
proxies: [{prefix: "2001:db8:10::b/128", dev: eth0}]
Y
cat >"$T/b.yaml" <<Y
version: 1
routes: [{dst: "2001:db8:ffff::/64", dev: eth0, mtu: 1400}]
Y
state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sort
	ip -6 rule
	ip nexthop | without_carrier
	ip -6 neigh show nud permanent
	ip -6 neigh show proxy
	ip -o link | without_carrier | sed 's/^[0-9]*: //; s/ link.ether.*//; s/@if[0-9]*//'
}
old=$(state)

# fault KIND:N COMMAND... - run it with a fault; $hit: how many were injected
fault() {
	local kind=$1

	shift
	rm -f "$T/log"
	run env LD_PRELOAD="$so" NLFAULT="$kind" NLFAULT_LOG="$T/log" "$@"
	hit=0
	[ ! -e "$T/log" ] || hit=$(wc -c <"$T/log")
}

# Changing verbs: prepared, then run with the fault at each occasion; the state is
# the one before, with exit code 3 or 2, or the one after, with 0. Nothing else.
changing() { # NAME KIND MUST-SUCCEED PREPARE VERB...
	local name=$1 kind=$2 must=$3 prepare=$4 n bad=0 hits=0 before now

	shift 4
	for ((n = 1; n < 200; n++)); do
		rm -rf "$T/state"
		eval "$prepare" >/dev/null 2>&1
		before=$(state)
		fault "$kind:$n" "${netsetup[@]}" "$@"
		now=$(state)
		if [ "$hit" = 0 ]; then
			[ "$rc" = 0 ] || not_ok "$name, $kind: without a fault" "$err"
			[ "$n" -gt 1 ] || not_ok "$name, $kind: there is no occasion"
			break
		fi
		hits=$((hits + hit))
		case $rc in
		0) [ -z "${want_after:-}" ] || [ "$now" = "$want_after" ] || bad=$((bad + 1)) ;;
		2 | 3)
			[ "$now" = "$before" ] && [ -n "$err" ] && [ "$must" = 0 ] || bad=$((bad + 1))
			;;
		*) bad=$((bad + 1)) ;;
		esac
		[ "$bad" -le 1 ] || [ -n "${told:-}" ] || {
			told=1
			diag "$name, $kind:$n: exit $rc, $err" "$(diff <(echo "$before") <(echo "$now"))"
		}
	done
	is "$name, $kind: old or new after each of $hits" 0 "$bad"
	back
}
back() {
	rm -rf "$T/state"
	printf 'version: 1\n' >"$T/empty.yaml"
	"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null 2>&1
	"${netsetup[@]}" recover >/dev/null 2>&1
	ip link set eth0 mtu 1500
	ip -6 route replace 2001:db8:ffff::/64 dev eth0 proto static
}
apply_a='back; true'
applied='back; "${netsetup[@]}" apply "$T/a.yaml"'
awaiting='back; "${netsetup[@]}" apply --confirm 10m "$T/a.yaml"'
killed='back; SHOOT6_CRASH_AT=8 "${netsetup[@]}" apply "$T/a.yaml"'

eval "$applied" >/dev/null 2>&1
new=$(state)
eval "$apply_a"
fault ebusy:3 "${netsetup[@]}" apply "$T/a.yaml"
like 'a refusal names object and cause' "kernel says \"injected by a test\" (EBUSY); rolled back, nothing changed" "$err"
for kind in ebusy eexist enobufs trunc; do
	want_after=$new changing apply $kind 0 "$apply_a" apply "$T/a.yaml"
done
for kind in eintr eintr-send dump-intr; do
	want_after=$new changing apply $kind 1 "$apply_a" apply "$T/a.yaml"
done
want_after='' changing adopt ebusy 0 "$apply_a" adopt "$T/b.yaml"
for kind in ebusy enobufs trunc; do
	want_after=$old changing undo $kind 0 "$applied" undo
done
want_after=$old changing 'undo of what awaits' enobufs 0 "$awaiting" undo
want_after=$old changing undo dump-intr 1 "$applied" undo
want_after=$new changing confirm dump-intr 1 "$awaiting" confirm

# Recovering tries again by itself: one fault is no reason to leave it half way.
for kind in ebusy enobufs dump-intr; do
	bad=0
	for ((n = 1; n < 100; n++)); do
		eval "$killed" >/dev/null 2>&1
		fault "$kind:$n" "${netsetup[@]}" recover
		[ "$hit" != 0 ] || break
		[ "$rc" = 0 ] || "${netsetup[@]}" recover >/dev/null 2>&1
		[ "$(state)" = "$old" ] || bad=$((bad + 1))
	done
	is "recover, $kind: the old state after each" 0 "$bad"
	back
done

# Verbs that only read change nothing, and either say what they would, or what failed.
eval "$applied" >/dev/null 2>&1
for verb in plan verify show 'explain 2001:db8:f00::1'; do
	read -ra words <<<"$verb"
	case $verb in plan | verify) words+=("$T/a.yaml") ;; esac
	run "${netsetup[@]}" "${words[@]}"
	want=$out want_rc=$rc
	for kind in enobufs trunc eintr eintr-send dump-intr dump-intr-all; do
		bad=0
		for ((n = 1; n < 60; n++)); do
			fault "$kind:$n" "${netsetup[@]}" "${words[@]}"
			[ "$hit" != 0 ] || break
			case $kind in
			eintr | eintr-send | dump-intr)
				[ "$rc" = "$want_rc" ] && [ "$out" = "$want" ] || bad=$((bad + 1))
				;;
			*) { [ "$rc" = "$want_rc" ] && [ "$out" = "$want" ]; } ||
				{ [ "$rc" -gt 0 ] && [ "$rc" -lt 4 ] && [ -n "$err" ]; } ||
				bad=$((bad + 1)) ;;
			esac
			[ "$bad" = 0 ] || {
				diag "$verb, $kind:$n: exit $rc, $err" "$(diff <(echo "$want") <(echo "$out"))"
				break
			}
		done
		is "$verb, $kind" 0 "$bad"
	done
done
is 'readers changed nothing' "$new" "$(state)"

# That they cannot: no message that would change something is ever sent.
for verb in plan verify show 'explain 2001:db8:f00::1'; do
	read -ra words <<<"$verb"
	case $verb in plan | verify) words+=("$T/b.yaml") ;; esac
	fault ebusy:1 "${netsetup[@]}" "${words[@]}"
	is "$verb sends nothing that changes anything" 0 "$hit"
done

# watch: a fault at any occasion while it starts ends it with a reason, the old state
# or the new; or it gets over it. Afterwards it repairs all the same.
ready() { grep -q '"ready"' "$T/events"; }
ended() { ! kill -0 "$watch" 2>/dev/null; }
ready_or_ended() { ready || ended; }
is_new() { [ "$(state)" = "$new" ]; }
for kind in enobufs ebusy eexist trunc eintr eintr-send dump-intr; do
	bad=0 hits=0
	for ((n = 1; n < 90; n += 4)); do
		back
		rm -f "$T/log"
		: >"$T/events"
		env LD_PRELOAD="$so" NLFAULT="$kind:$n" NLFAULT_LOG="$T/log" "${netsetup[@]}" \
			watch --json "$T/a.yaml" >"$T/events" 2>"$T/err" &
		watch=$!
		wait_for ready_or_ended
		if ready; then
			ip -6 rule del priority 100
			wait_for is_new || bad=$((bad + 1))
			kill "$watch"
		elif [ "$(state)" != "$old" ] || ! grep -q . "$T/err"; then
			bad=$((bad + 1))
		fi
		wait "$watch" 2>/dev/null
		rc=$?
		[ "$rc" -le 3 ] || bad=$((bad + 1))
		[ "$bad" -le 0 ] || diag "watch, $kind:$n: exit $rc, $(<"$T/err")" "$(diff <(echo "$new") <(state))"
		[ -e "$T/log" ] || break
		hits=$((hits + 1))
	done
	is "watch, $kind: goes on, or ends in the old state, after each of $hits" 0 "$bad"
done
done_testing
