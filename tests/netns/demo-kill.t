#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo killed at 20 random moments of up, of run and of its holder: nothing is left.
# Ten labs at a time, so that it is one minute and not five.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

export XDG_STATE_HOME=$T/state
S=$BIN/scenario
KILLS=${KILLS:-20}
AT_ONCE=10
mounts=$(wc -l </proc/self/mounts)

run "$S" run demo
[ "$rc" != 77 ] || skip_all "$err"
is 'the demo is green when nobody kills it' 0 "$rc"
[ "$rc" = 0 ] || diag "$err" "$out"

# How long the parts last here, in microseconds, from the run's own step lines.
at() { sed -n "s/^ *\([0-9]*\)\.\([0-9]\) s  $1.*/\1\200000/p" <<<"$err" | head -1; }
up_us=$(at checking)
run_us=$(at 'taking the lab down')
is 'the run tells its steps' yes "${up_us:+${run_us:+yes}}"
: "${up_us:=4000000}" "${run_us:=8000000}"

# All processes are below us: in this PID namespace none can hide.
none() {
	local pid exe

	for pid in /proc/[0-9]*; do
		exe=$(readlink "$pid/exe") || continue
		[[ $exe == */bash ]] || return 1
	done
	return 0
}

"$S" up pair 2>/dev/null
fails 'a lab is seen while it is there' none
"$S" down pair 2>/dev/null

# moment MAX - a random part of so many microseconds, as timeout(1) wants it
moment() {
	local us=$((SRANDOM % $1 + 1))

	printf '%d.%06d' $((us / 1000000)) $((us % 1000000))
}

# nothing_left WHEN - no process, mount or link; what is in the state folder goes with
# the next lab's coming
nothing_left() {
	wait_for none || not_ok "processes after $1" "$(ps -ef)"
	"$S" up pair 2>/dev/null || not_ok "up after $1"
	[ "$(ls "$T/state/shoot6")" = pair ] ||
		not_ok "state after $1" "$(ls "$T/state/shoot6")"
	"$S" down pair 2>/dev/null || not_ok "down after $1"
	[ -z "$(ls -A "$T/state")" ] || not_ok "state folder after $1"
	[ "$(wc -l </proc/self/mounts)" = "$mounts" ] ||
		not_ok "mounts after $1" "$(</proc/self/mounts)"
	[ "$(ls /sys/class/net)" = lo ] || not_ok "links after $1"
	[ -z "$(ls /run/netns)" ] || not_ok "named namespaces after $1"
}

# each_of_20 WHAT KILL - call KILL NAME for 20 labs, some at once; all must go
each_of_20() {
	local i lab before=$test_failed pids

	for ((i = 0; i < KILLS; i += AT_ONCE)); do
		pids=()
		for ((lab = i; lab < i + AT_ONCE && lab < KILLS; lab++)); do
			"$2" "k$lab" >"$T/k$lab" 2>&1 &
			pids+=($!)
		done
		wait "${pids[@]}"
		nothing_left "kill $i to $((i + AT_ONCE - 1)) of $1"
	done
	is "$KILLS kills of $1: nothing is left" "$before" "$test_failed"
}

# A lab that was up before the moment came is taken down: all the same to nothing_left.
kill_up() {
	timeout --foreground --preserve-status -s KILL "$(moment "$up_us")" \
		"$S" up demo --name "$1" && "$S" down "$1"
}
kill_run() {
	timeout --foreground -s KILL "$(moment "$run_us")" "$S" run demo \
		--name "$1"
}

# The holder is the one child of the program that brings it up. It is killed at any
# moment of a run: while it comes up, and while it is checked.
kill_holder() {
	local pid holder=

	"$S" run demo --name "$1" &
	pid=$!
	holder() {
		read -r holder _ <"/proc/$pid/task/$pid/children"
		[ "$holder" ]
	}
	wait_for holder || return
	# The moment itself, not a wait for something.
	read -rt "$(moment "$run_us")" <> <(:)
	kill -KILL "$holder"
	wait "$pid"
}

each_of_20 up kill_up
each_of_20 run kill_run
each_of_20 'the holder' kill_holder
done_testing
