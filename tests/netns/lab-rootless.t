#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Labs of an ordinary user, from a clone in a folder that is closed to him: with the
# machine's /dev/net/tun (0600: the demo is refused) and with a tun node of his own.
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need setpriv jq
[ "$(id -u)" = 0 ] || skip_all 'only root can become nobody'
setpriv --reuid=65534 --regid=65534 --clear-groups unshare -Ur true 2>/dev/null ||
	skip_all 'user namespaces are not allowed here'

chmod 711 "$T"
mkdir -p "$T/closed/clone/build" "$T/state"
cp -r "$BIN" "$T/closed/clone/build/bin"
chmod 700 "$T/closed"
chown 65534 "$T/state"
cd "$T/closed/clone" || exit 1
export XDG_STATE_HOME=$T/state HOME=$T/state
as_nobody() {
	setpriv --reuid=65534 --regid=65534 --clear-groups "$@"
}
S=build/bin/scenario

run as_nobody $S up pair
is 'up as nobody' 0 "$rc"
[ "$rc" = 0 ] || diag "$err"
is 'who is root inside' 0 "$(as_nobody $S exec pair node1/a -- id -u)"
holds 'the node reaches the router' \
	as_nobody $S exec pair node1 -- ping -c1 -W30 2001:db8:10::1
is 'a sysctl of the node' 'net.ipv6.conf.all.forwarding = 1' \
	"$(as_nobody $S exec pair node1 -- sysctl -w net.ipv6.conf.all.forwarding=1)"
holds 'nftables' as_nobody $S exec pair node1 -- nft add table ip6 x
run as_nobody $S status pair --json
is 'status' 0 "$rc"
run as_nobody $S down pair
is 'down' 0 "$rc"
is 'no state is left' '' "$(ls "$T/state")"

if ! $S list | grep -q ' demo '; then
	skip 'the demo as nobody' 'there is no such case'
	done_testing
fi
mount -t tmpfs tmpfs /dev/net 2>/dev/null || skip_all 'no mounts in /dev'
mknod -m 0600 /dev/net/tun c 10 200
run as_nobody $S run demo
is 'a tun that is closed: refused' 77 "$rc"
like 'and named' /dev/net/tun "$err"
chmod 0666 /dev/net/tun
run as_nobody $S run demo --json
is 'a tun that is open: green' 0 "$rc"
[ "$rc" = 0 ] || diag "$err"
done_testing
