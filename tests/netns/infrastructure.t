#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The test files' own ground: namespaces apart from the machine's, a cable, a wait.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"

is 'only the loopback is here' 'lo' "$(ls /sys/class/net)"
is 'this is process 1' 1 $$
ns_new a b
is 'two further namespaces' 'a b' "$(cd /run/netns && echo *)"
veth a eth0 b eth0
ns a ip -6 address add 2001:db8::a/64 dev eth0
ns b ip -6 address add 2001:db8::b/64 dev eth0

# A refusal comes from the other end, so that it needs no server there.
reaches() {
	local said

	said=$(ns a bash -c 'exec 3<>/dev/tcp/2001:db8::b/9' 2>&1)
	[[ $said == *refused* ]]
}
holds 'a reaches b' wait_for reaches
fails 'a condition that never comes is given up' wait_for -t 1 false
run ip netns pids b
is 'nothing runs in b' '' "$out"
done_testing
