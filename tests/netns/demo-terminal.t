#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The demo on a terminal: steps, one table, where the reports are; Ctrl-C and the other
# signals that end programs leave nothing.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need script jq

cd "$T" || exit 1
unset NO_COLOR
export TERM=xterm
S=$BIN/scenario

# processes - those that are no shell and no tool of ours
processes() {
	local pid exe

	for pid in /proc/[0-9]*; do
		exe=$(readlink "$pid/exe") || continue
		[[ $exe == */scenario || $exe == */fabric-* || $exe == */tayga ||
			$exe == */unbound || $exe == */nsd || $exe == */probe-* ]] &&
			echo "$exe"
	done
}
none() { [ -z "$(processes)" ]; }

# terminal FILE COMMAND - run a command on a terminal, what it shows to a file
terminal() {
	script -qefc "stty rows 50 cols 100; $2" "$1" >/dev/null
}

export XDG_STATE_HOME=$T/state
terminal "$T/shown" "exec $TOP/ci/demo $BIN" </dev/null
rc=$?
[ "$rc" != 77 ] || skip_all "$(<"$T/shown")"
is 'the demo on a terminal: exit status' 0 "$rc"
shown=$(tr -d '\r' <"$T/shown")
# A line is painted anew from its beginning; what stands last in it stays.
lines=$(sed 's/.*\x1b\[K//; s/\x1b\[[0-9;]*m//g' <<<"$shown")
for step in 'making the router and 2 nodes' 'checking from every node and pod' \
	'taking the lab down'; do
	is "its step '$step' stays, with its time" 1 \
		"$(grep -cE "^\* $step +[0-9]+\.[0-9] s$" <<<"$lines")"
done
holds 'a progress line is painted meanwhile' \
	grep -qE $'\x1b\\[K[-\\\\|/] checking from every node and pod' "$T/shown"
is 'one table' 1 "$(grep -c '^Node state' <<<"$lines")"
is 'then the sum and the reports, and nothing else' \
	"pass report: report: report: " \
	"$(grep -E -A9 '^[0-9]+ pass, 0 fail' <<<"$lines" |
		sed -E 's/^[0-9]+ pass, 0 fail.* in [0-9.]+ s$/pass/' | grep -v '^Script done' |
		awk 'NF { printf "%s ", $1 }')"
is 'the steps come before the table' steps \
	"$(grep -oE '^\* taking the lab down|^Node state' <<<"$lines" |
		sed -n '1s/^\* taking.*/steps/p')"
is 'the README shows what it prints' '' "$(
	sed -n '/^    \* making/,/^    report: /s/^    //p' "$TOP/README.md" |
		grep -E '^  [A-Z0-9]+-[0-9]|^[0-9]+ pass, ' | sed 's/ in [0-9.]* s$//' |
		grep -vxFf <(sed 's/ in [0-9.]* s$//; s/ *$//' <<<"$lines")
)"
for name in json html xml; do
	holds "a report *.$name is there" \
		bash -c 'cat build/demo/*.$0 | head -c 9 | grep -q .' "$name"
done
holds 'report.html has the picture, and nothing from elsewhere' bash -c \
	'grep -q "<svg" build/demo/report.html &&
	! grep -qE "(src|href)=\"(https?:)?//" build/demo/report.html'
holds 'no process is left' wait_for none
is 'no state is left' '' "$(ls -A "$T/state")"

# Into a file there are no escape sequences.
"$S" run demo >"$T/plain" 2>&1 </dev/null
is 'without a terminal: no escape sequence' 0 "$(grep -c $'\x1b' "$T/plain")"

# ctrl_c WHEN - Ctrl-C on a terminal once a step is shown
ctrl_c() {
	local out=$T/ctrl

	rm -f "$out"
	shows() { grep -aq "$1" "$out"; }
	{
		wait_for shows "$1"
		printf '\003'
		wait_for grep -aq 'ended by' "$out"
	} | terminal "$out" "trap : INT; $S run demo; echo ended by \$?"
	like "Ctrl-C while $1" 'ended by 130' "$(<"$out")"
	unlike "Ctrl-C while $1: no table" 'Node state' "$(<"$out")"
	holds "Ctrl-C while $1: no process is left" wait_for none
	is "Ctrl-C while $1: no state is left" '' "$(ls -A "$T/state")"
}
ctrl_c 'waiting for the services'
ctrl_c 'checking from every'

# Other signals, to the whole group as a closing terminal or a job's end sends them.
for signal in TERM:143 HUP:129 INT:130; do
	rm -f "$T/out"
	# What the shell starts in the background ignores SIGINT.
	env --default-signal="${signal%:*}" setsid "$S" run demo \
		>"$T/out" 2>&1 </dev/null &
	pid=$!
	shows() { grep -q 'checking from' "$T/out"; }
	wait_for shows
	kill -"${signal%:*}" -- "-$pid"
	wait "$pid" 2>/dev/null
	is "SIG${signal%:*} to the group: exit status" "${signal#*:}" $?
	holds "SIG${signal%:*}: no process is left" wait_for none
	is "SIG${signal%:*}: no state is left" '' "$(ls -A "$T/state")"
done

rm -f "$T/out"
env --ignore-signal=HUP setsid "$S" run demo >"$T/out" 2>&1 </dev/null &
pid=$!
wait_for shows
kill -HUP -- "-$pid"
kill -TERM -- "-$pid"
wait "$pid" 2>/dev/null
is 'SIGHUP that was ignored (nohup) stays so' 143 $?
is 'no named namespace is left' '' "$(ls /run/netns)"
is 'no link is left' lo "$(ls /sys/class/net)"
done_testing
