#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# netsetup: apply --confirm, confirm, the detached timer and what happens without it; folders, units, boots
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

ip link add eth0 type veth peer name p0
ip link set eth0 addrgenmode none
ip link set eth0 up
netsetup=("$BIN/netsetup" --state "$T/state" --root "$T/root")

cat >"$T/a.yaml" <<Y
version: 1
addresses: [{address: "2001:db8:10::a/128", dev: eth0, dad: skip}]
routes: [{dst: "2001:db8:1::/64", dev: eth0}]
sysctls: {net/ipv6/conf/eth0/hop_limit: 33}
files: [{path: /x/y/z.conf, content: "hello"}]
units: [{name: u, restart: [sh, -c, "cat $T/root/x/y/z.conf >>$T/runs 2>&1; echo >>$T/runs"], inputs: [/x/y/z.conf]}]
Y
printf 'version: 1\n' >"$T/empty.yaml"

state() {
	ip -6 -o addr | sed 's/valid_lft.*//; s/^[0-9]*: //'
	routes | grep -v multicast | sort
	cat /proc/sys/net/ipv6/conf/eth0/hop_limit
	find "$T/root" 2>/dev/null | sort
}
is_old() { [ "$(state)" = "$old" ]; }
timers() { pgrep -f 'netsetup.*--confirm' | wc -l; }
no_timer() { [ "$(timers)" = 0 ]; }
mkdir "$T/root"
old=$(state)

# Confirmed in time.
run "${netsetup[@]}" apply --confirm 10m "$T/a.yaml"
is 'apply --confirm returns at once' 0 "$rc"
like 'and says what to do' "'netsetup confirm' within 600 s" "$out"
new=$(state)
holds 'it is applied' test "$new" != "$old"
is 'a timer waits' 1 "$(timers)"
for verb in plan verify; do
	run "${netsetup[@]}" $verb "$T/a.yaml"
	is "$verb: all is as described, but may go again" 1 "$rc"
	like "$verb: and says that it awaits confirmation" 'awaits confirmation' "$err"
done
run "${netsetup[@]}" explain 2001:db8:1::1
is 'explain: so does a route' 1 "$rc"
like 'explain: and says why' 'awaits confirmation' "$err"
run "${netsetup[@]}" show --json
is 'show: so does all that is ours' 1 "$rc"
matches 'show tells the seconds' '"awaits_confirmation_s":(600|[1-5]?[0-9]?[0-9]),' "$out"
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'another apply is refused' 1 "$rc"
like 'with the way out' "'netsetup undo' takes it back" "$err"
run "${netsetup[@]}" recover
is 'recover leaves it' 1 "$rc"
is 'nothing has changed' "$new" "$(state)"
run "${netsetup[@]}" confirm --json
is 'confirm keeps it' 0 "$rc"
is 'and says so to programs' '{"version":1,"result":"confirmed"}' "$out"
holds 'the timer goes' wait_for no_timer
is 'and changed nothing' "$new" "$(state)"
run "${netsetup[@]}" confirm
is 'there is nothing to confirm now' 1 "$rc"
: >"$T/runs"
run "${netsetup[@]}" undo
is 'a confirmed transaction can be undone' "$old" "$(state)"
like 'the unit saw that its input went' 'No such file' "$(cat "$T/runs")"

: >"$T/runs"
run "${netsetup[@]}" apply --check false "$T/a.yaml"
is 'a check that fails' 3 "$rc"
is 'takes all back' "$old" "$(state)"
is 'units run with the new input, and again with the old one' "hello
cat: $T/root/x/y/z.conf: No such file or directory" "$(cat "$T/runs")"

# Nobody confirms.
run "${netsetup[@]}" apply --confirm 1s "$T/a.yaml"
is 'applied for a second' 0 "$rc"
holds 'the timer takes it back' wait_for is_old
holds 'and goes' wait_for no_timer
run "${netsetup[@]}" show
is 'no transaction is open' 0 "$rc"

# The first try fails, the second one does not. Each try writes its name into the lock.
cat >"$T/freeze" <<S
#!/bin/sh
mount --bind "$T/root" "$T/root" && mount -o remount,bind,ro "$T/root"
S
chmod +x "$T/freeze"
run "${netsetup[@]}" apply --confirm 1s --check "$T/freeze" "$T/a.yaml"
is 'applied, and frozen' 0 "$rc"
tried() { # whether a try began, but the one of $first
	grep -qs "'netsetup confirm'" "$T/state"/*/lock && [ "$(stat -c %y "$T/state"/*/lock)" != "$first" ]
}
first=
holds 'time is up' wait_for tried
first=$(stat -c %y "$T/state"/*/lock)
holds 'the timer tries again where taking back fails' wait_for tried
holds 'because it could not' test -e "$T/root/x/y/z.conf"
umount "$T/root"
holds 'it is taken back as soon as that can be done' wait_for is_old
holds 'and the timer goes' wait_for no_timer
run "${netsetup[@]}" show
is 'nothing is open' 0 "$rc"

# A node with many pods may have no inotify instance left for a timer.
blind() { nsenter -t "$holder" --user --net --preserve-credentials "$@"; }
hop_limit() { [ "$(blind cat /proc/sys/net/ipv6/conf/lo/hop_limit)" = "$1" ]; }
printf 'version: 1\nsysctls: {net/ipv6/conf/lo/hop_limit: 9}\n' >"$T/lo.yaml"
if unshare --user --map-root-user --net true 2>/dev/null; then
	unshare --user --map-root-user --net sh -c 'echo 0 >/proc/sys/user/max_inotify_instances && echo >"$1" && exec sleep infinity' - "$T/ready" &
	holder=$!
	holds 'without inotify: a namespace' wait_for test -e "$T/ready"
	is 'without inotify: so it is' 0 "$(blind cat /proc/sys/user/max_inotify_instances)"
	run blind "${netsetup[@]}" apply --confirm 1s "$T/lo.yaml"
	is 'without inotify: applied' 0 "$rc"
	holds 'without inotify: the timer takes it back' wait_for hop_limit 64
	holds 'without inotify: and goes' wait_for no_timer
	for seconds in 1 4 16 64; do # until we are not too late
		blind "${netsetup[@]}" apply --confirm "${seconds}s" "$T/lo.yaml" >/dev/null
		run blind "${netsetup[@]}" confirm
		[ "$rc" != 0 ] || break
	done
	is 'without inotify: confirmed' 0 "$rc"
	holds 'without inotify: the timer goes when time is up' wait_for -t $((seconds + 60)) no_timer
	holds 'without inotify: and leaves what was confirmed' hop_limit 9
	kill "$holder"
	wait "$holder" 2>/dev/null
else
	skip 'without inotify' 'no user namespaces here'
fi

# Taken back by hand.
run "${netsetup[@]}" apply --confirm 10m "$T/a.yaml"
run "${netsetup[@]}" undo
is 'undo takes it back' 0 "$rc"
is 'all of it' "$old" "$(state)"
holds 'the timer goes, too' wait_for no_timer

# The timer is killed.
for seconds in 1 4 16 64; do # until it is killed before its time
	"${netsetup[@]}" apply --confirm "${seconds}s" "$T/a.yaml" >/dev/null
	pkill -9 -f 'netsetup.*--confirm' && [ "$(state)" = "$new" ] && break
done
expired() { "${netsetup[@]}" show 2>&1 | grep -q 'a transaction is open'; }
holds 'a reader says that time is up' wait_for -t $((seconds + 60)) expired
is 'but leaves it' "$new" "$(state)"
run "${netsetup[@]}" confirm
is 'confirm is too late' 1 "$rc"
like 'and says so' 'too late' "$err"
is 'it was taken back' "$old" "$(state)"

# Each kill ends in the old state, or in one that awaits confirmation.
bad=0
for ((i = 1; i < 60; i++)); do
	SHOOT6_CRASH_AT=$i "${netsetup[@]}" apply --confirm 10m "$T/a.yaml" >/dev/null 2>&1
	died=$?
	[ $died = 137 ] || break
	if "${netsetup[@]}" recover >/dev/null 2>&1; then
		is_old || {
			bad=$((bad + 1))
			diag "killed at $i" "$(diff <(echo "$old") <(state))"
		}
	else
		[ "$(state)" = "$new" ] || bad=$((bad + 1))
		"${netsetup[@]}" undo >/dev/null 2>&1
		is_old || bad=$((bad + 1))
	fi
done
"${netsetup[@]}" undo >/dev/null 2>&1
holds 'there were kills' test "$i" -gt 5
is 'no kill left a mixture' 0 "$bad"

# Folders that were made for files go with them; those of others stay.
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
run "${netsetup[@]}" apply "$T/a.yaml"
like 'nothing to do with folders there' 'nothing to do' "$out"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'folders go with the last file' "$old" "$(state)"
mkdir -p "$T/root/x"
"${netsetup[@]}" apply "$T/a.yaml" >/dev/null
touch "$T/root/x/y/theirs"
"${netsetup[@]}" apply "$T/empty.yaml" >/dev/null
is 'a folder that others use stays' "$T/root
$T/root/x
$T/root/x/y
$T/root/x/y/theirs" "$(find "$T/root" | sort)"
rm -rf "${T:?}/root/x"

# Another boot: what the kernel held is gone, files are brought back.
boot() { # make the state look as if it were of another boot
	local dir

	for dir in "$T/state"/*-*; do
		mv "$dir" "$T/state/00000000-0000-4000-8000-00000000000$1-${dir##*-}"
	done
	ip addr flush dev eth0
	ip -6 route flush proto 166
	sysctl -qw net.ipv6.conf.eth0.hop_limit=64
}
rm -rf "$T/state"
mixed=0
printf 'version: 1\nfiles:\n- {path: /x/a, content: "1"}\n- {path: /x/b, content: "1"}\n' >"$T/f1.yaml"
printf 'version: 1\nfiles:\n- {path: /x/a, content: "2"}\n- {path: /x/b, content: "2"}\n' >"$T/f2.yaml"
"${netsetup[@]}" apply "$T/f1.yaml" >/dev/null
for ((i = 1; i < 40; i++)); do
	SHOOT6_CRASH_AT=$i "${netsetup[@]}" apply "$T/f2.yaml" >/dev/null 2>&1
	died=$?
	[ $died = 137 ] || break
	boot $((i % 10))
	run "${netsetup[@]}" recover
	found=$(cat "$T/root/x/a" "$T/root/x/b" "$T/root/x/"*netsetup~ 2>/dev/null)
	case $found in
	11) ;;
	22) "${netsetup[@]}" apply "$T/f1.yaml" >/dev/null ;;
	*)
		mixed=$((mixed + 1))
		diag "point $i: '$found' $rc $out $err"
		"${netsetup[@]}" apply "$T/f1.yaml" >/dev/null
		;;
	esac
done
holds 'there were power cuts' test "$i" -gt 5
is 'files are old or new after each' 0 "$mixed"
"${netsetup[@]}" apply "$T/f2.yaml" >/dev/null
boot 0
run "${netsetup[@]}" apply "$T/empty.yaml"
is 'after a boot files are still known as ours' '' "$(find "$T/root" -type f)"
is 'folders of former boots go' 1 "$(find "$T/state" -mindepth 1 -maxdepth 1 | wc -l)"
rm -rf "$T/root/x"
"${netsetup[@]}" apply --confirm 10m "$T/f1.yaml" >/dev/null
boot 1
run "${netsetup[@]}" show
is 'a reader sees what a former boot left' 1 "$rc"
run "${netsetup[@]}" recover
is 'what nobody confirmed before the boot is taken back' '' "$(find "$T/root" -type f)"

# A namespace that goes leaves its number to the next one, but not its state.
rm -rf "$T/state"
number() { stat -c %i "/run/netns/$1"; }
ns_new first
first=$(number first)
run ns first "${netsetup[@]}" apply "$T/lo.yaml"
ip netns del first
again() { # a namespace with the number of the first one
	ip netns del second 2>/dev/null
	ns_new second
	[ "$(number second)" = "$first" ]
}
if wait_for -t 5 again; then
	run ns second "${netsetup[@]}" apply "$T/lo.yaml"
	like 'the same number, another state' '1 changed' "$out"
	is 'there are two now' 2 "$(find "$T/state" -mindepth 1 -maxdepth 1 | wc -l)"
else
	skip 'the same number, another state' 'the kernel gave other numbers'
fi
done_testing
