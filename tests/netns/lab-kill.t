#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# SIGKILL of holder, up and run at 20 random moments each: nothing is left of the lab.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq

export XDG_STATE_HOME=$T/state
S=$BIN/scenario
KILLS=${KILLS:-20}
mounts=$(wc -l </proc/self/mounts)

# Processes of any lab: below us all are in this PID namespace, so none can hide.
processes() {
	local pid

	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/exe") == */scenario ]] && return 0
	done
	return 1
}
none() { ! processes; }

# moment MAX - a random part of so many microseconds, as timeout(1) wants it
moment() { printf '0.%06d' $((RANDOM * 32768 % $1 + RANDOM % $1 / 2 + 1)); }

survived=0
for ((i = 0; i < KILLS; i++)); do
	timeout --foreground --preserve-status -s KILL "$(moment 15000)" "$S" up pair 2>/dev/null
	if [ $? = 0 ]; then
		survived=$((survived + 1))
		"$S" exec pair node1 -- true || not_ok "up returned 0 (kill $i)"
		"$S" down pair 2>/dev/null
	fi
	wait_for none || not_ok "processes after kill $i of up"
done
is 'killed up: no process is left' 0 "$test_failed"
diag "$survived of $KILLS were up before"

for ((i = 0; i < KILLS; i++)); do
	timeout --foreground -s KILL "$(moment 30000)" "$S" run pair \
		>/dev/null 2>&1
	wait_for none || not_ok "processes after kill $i of run"
done
is 'killed run: no process is left' 0 "$test_failed"

for ((i = 0; i < KILLS; i++)); do
	"$S" up pair 2>/dev/null || not_ok "up again ($i)"
	pid=$("$S" status pair --json | jq .pid)
	timeout --foreground "$(moment 30000)" "$S" run pair >/dev/null 2>&1
	"$S" exec pair node1/a -- sleep 1000 2>/dev/null &
	kill -KILL "$pid"
	wait $!
	wait_for none || not_ok "processes after kill $i of the holder"
done
is 'killed holder: no process is left' 0 "$test_failed"

run "$S" down pair
is 'down tidies what a kill has left' 0 "$rc"
is 'no state is left' '' "$(ls "$T/state/shoot6" 2>/dev/null)"
is 'no mount is left' "$mounts" "$(wc -l </proc/self/mounts)"
is 'no named namespace is left' '' "$(ls /run/netns)"
is 'no link is left' lo "$(ls /sys/class/net)"

"$S" up pair 2>/dev/null
timeout --foreground -s INT 0.01 "$S" run pair --name int >/dev/null 2>&1
is 'SIGINT of run: its state has gone at once' pair "$(ls "$T/state/shoot6")"
"$S" down pair
done_testing
