#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A lab from outside: up, exec, status, run, down, several side by side, bad input.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq ping

export XDG_STATE_HOME=$T/state
S=$BIN/scenario

# What may be left: nothing. Mounts, named namespaces, other processes, state.
processes() {
	local pid

	for pid in /proc/[0-9]*; do
		[[ $(readlink "$pid/exe") == */scenario ]] && echo "${pid#/proc/}"
	done
}
mounts=$(wc -l </proc/self/mounts)

run "$S" up pair
is 'up' 0 "$rc"
run "$S" up pair
is 'up of a lab that is up is refused' 2 "$rc"
like 'and says so' "lab 'pair' is up already" "$err"
run "$S" exec pair node2 -- true
is 'exec in a member that is not there' 2 "$rc"
like 'one is suggested' "lab 'pair' has no member 'node2', did you mean 'node1'?" "$err"
run "$S" status pair --json
is 'status' 0 "$rc"
cp "$T/.out" "$T/status"
jq_is 'name' pair .name "$T/status"
jq_is 'engine' netns .engine "$T/status"
jq_is 'members' 'router node1 node1/a' '[.members[].name]|join(" ")' "$T/status"
jq_is 'kinds' 'router node pod' '[.members[].kind]|join(" ")' "$T/status"
jq_is 'node of the pod' node1 '.members[2].node' "$T/status"
jq_is 'addresses' '2001:db8:10::a' '.members[1].addresses[0]' "$T/status"
pid=$(jq .pid "$T/status")
like 'pid is the holder' scenario "$(readlink "/proc/$pid/exe")"
pod=$(jq '.members[2].pid' "$T/status")
is 'pid of a pod is seen from here' "$(readlink "/proc/$pod/ns/net")" \
	"$("$S" exec pair node1/a -- readlink /proc/self/ns/net)"

for s in 0 1 7 77; do
	run "$S" exec pair node1 -- sh -c "exit $s"
	is "exit status $s of a command" $s "$rc"
done
run "$S" exec pair node1 -- sh -c 'kill -9 $$'
is 'a command that is killed' 137 "$rc"
run "$S" exec pair node1 -- no-such-program
is 'a command that is not there' 127 "$rc"
is 'input and output' hello "$(echo hello | "$S" exec pair node1/a -- cat)"
is 'process 1 is the init' 1 "$("$S" exec pair node1/a -- sh -c 'ls -d /proc/1 | wc -l')"
for ns in net mnt uts ipc pid; do
	unlike "own $ns namespace" "$(readlink /proc/self/ns/$ns)" \
		"$("$S" exec pair node1/a -- readlink /proc/self/ns/$ns)"
done
is 'host name' a "$("$S" exec pair node1/a -- hostname)"
holds 'the node reaches the router' \
	"$S" exec pair node1 -- ping -c1 -W30 2001:db8:10::1
is 'the pod is in /run/netns of its node' a \
	"$("$S" exec pair node1 -- ls /run/netns)"
fails '/usr cannot be written' "$S" exec pair node1 -- touch /usr/shoot6
is 'an address of 127.0.0.0/8 alone is IPv4' 127.0.0.1/8 \
	"$("$S" exec pair node1 -- ip -4 -br address | awk '{ print $3 }')"
is 'nothing in our /run/netns' '' "$(ls /run/netns)"
is 'nothing in our mounts' "$mounts" "$(wc -l </proc/self/mounts)"
is 'nothing among our links' lo "$(ls /sys/class/net)"

run "$S" up pair --name two
is 'a second lab' 0 "$rc"
unlike 'is another' "$("$S" exec pair router -- readlink /proc/self/ns/net)" \
	"$("$S" exec two router -- readlink /proc/self/ns/net)"
like 'list has both' two "$("$S" list)"
run "$S" up pair --name four --json
is 'up says what there is, for programs' four "$(jq -r .name <<<"$out")"
is 'and nothing else on standard output' 1 "$(jq -s length <<<"$out")"
run "$S" kubeconfig four --json
is 'no cluster, no kubeconfig' 2 "$rc"
run "$S" down four --json
is 'down says what has ended, for programs' '{"ended":"four"}' "$(jq -c . <<<"$out")"
run "$S" down pair
is 'down' 0 "$rc"
holds 'the other one lives' "$S" exec two node1 -- true
# shellcheck disable=SC2016
holds 'what it runs holds none of our descriptors' \
	bash -c 'out=$(timeout 300 "$0" up pair --name three 2>&1)' "$S"
"$S" down three 2>/dev/null
"$S" down two
is 'no process is left' '' "$(processes)"
is 'no state is left' '' "$(ls "$T/state/shoot6" 2>/dev/null)"

run "$S" exec pair node1 -- true
is 'exec in a lab that is not up' 2 "$rc"
run "$S" down pair
is 'down of a lab that is not up' 2 "$rc"
run "$S" up par
is 'a case that is not there' 2 "$rc"
like 'and which was meant' "did you mean 'pair'" "$err"
run "$S" up pair --name ../x
is 'a name that is a path' 2 "$rc"
"$S" up pair
for fault in $("$S" list --json | jq -r '.faults[].name'); do
	run "$S" run pair --fault "$fault"
	is "$fault is not made where it means nothing" 2 "$rc"
done
run "$S" run pair --nodes 3
is 'another number of nodes than is up' 2 "$rc"
like 'how many there are' "option '--nodes': lab 'pair' is up, with 1" "$err"
run "$S" run pair --provider gcp
is 'a cloud where there is none' 2 "$rc"
like 'that there is none' "option '--provider': lab 'pair' is up, with 'none'" "$err"
run "$S" run pair
is 'a case without checks' 2 "$rc"
like 'says so' "case 'pair' has nothing to check" "$err"
holds 'and the lab lives on' "$S" exec pair node1 -- true
# A node that is no more, with its pod, in a lab that lives.
kill -9 "$("$S" status pair --json | jq '.members[] | select(.name == "node1").pid')"
ended() { [ "$("$S" status pair --json | jq '.members[] | select(.name == "node1").pid')" = null ]; }
holds 'status tells that a node has ended' wait_for ended
run "$S" status pair
matches 'for people as well' 'node1 +node +ended ' "$out"
run "$S" exec pair node1 -- true
is 'exec in it' "2 scenario: member 'node1' of lab 'pair' has ended" "$rc $err"
holds 'the router lives on' "$S" exec pair router -- true
"$S" down pair
run "$S" run pair --fault no-such
is 'a fault that is not there' 2 "$rc"
run "$S" up --engine netns --nodes 1
is 'an engine alone means its first case' \
	"scenario: option '--nodes': case 'demo' takes 2 to 32" "$err"
run "$S" up pair --engine kubernetes
is 'an engine that is not its' 2 "$rc"
done_testing
