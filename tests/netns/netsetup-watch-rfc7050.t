#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# a document's section nat64: ipv4only.arpa (RFC 7050) asked of a real DNS64, again and again
. "$(dirname "$0")/../lib.sh"
netns_test "$0" "$@"
need jq python3 unbound nsd dig

# router: advertises; serves A of ipv4only.arpa (nsd) and DNS64 before it (unbound)
ns_new router node
veth router r0 node eth0
ns router sysctl -qw net.ipv6.conf.all.forwarding=1
for a in 2001:db8:53::53 2001:db8:a::53; do
	ns router ip -6 address add "$a/128" dev lo
done
ns router ip -6 address add fd53::1/64 dev r0 nodad
ns node ip -6 address add fd53::2/64 dev eth0 nodad
ns node ip -6 route add 2001:db8:53::53/128 via fd53::1
cat >"$T/root.zone" <<'Z'
. 3600 IN SOA a. b. 1 3600 3600 3600 3
. 3600 IN NS ns.
ns. 3600 IN AAAA 2001:db8:a::53
ipv4only.arpa. 3 IN A 192.0.0.170
ipv4only.arpa. 3 IN A 192.0.0.171
Z
serve_zone router
dig_a() { ns router dig +short +time=1 +tries=1 @2001:db8:a::53 ipv4only.arpa A | grep -q 192.0.0.170; }
wait_for dig_a || diag "$(cat "$T/nsd.out")"

# dns64 PREFIX|- - unbound that synthesises by a prefix, or not at all
dns64() {
	local modules='dns64 iterator'

	[ "$1" != - ] || modules=iterator
	cat >"$T/unbound.conf" <<C
server:
	interface: 2001:db8:53::53
	do-ip4: no
	access-control: ::/0 allow
	username: ""
	chroot: ""
	directory: "$T"
	pidfile: "$T/unbound.pid"
	use-syslog: no
	module-config: "$modules"
	dns64-prefix: ${1/#-/64:ff9b::\/96}
	local-zone: "ipv4only.arpa." transparent
remote-control:
	control-enable: no
stub-zone:
	name: "."
	stub-addr: 2001:db8:a::53
C
	silence
	nsenter --net=/run/netns/router unbound -d -c "$T/unbound.conf" >"$T/unbound.log" 2>&1 &
	unbound=$!
	answers() { ns router dig +time=1 +tries=1 @2001:db8:53::53 ipv4only.arpa A | grep -q 192.0.0.170; }
	wait_for answers || diag "$(cat "$T/unbound.log")"
}
unbound=
silence() {
	[ -z "$unbound" ] || { kill "$unbound" && wait "$unbound"; }
	unbound=
}
ra() { advertise router r0 1800 "$@"; } # PREFIX LIFETIME

# document [SECTION] - replaced at once
document() {
	cat >"$T/new" <<Y
version: 1
uplinks: [eth0]
units: [{name: dns, restart: [touch, "$T/restarted"], inputs: [/etc/dns64.conf]}]
${1:+nat64: $1}
Y
	mv "$T/new" "$T/doc.yaml"
}
netsetup() {
	local verb=$1

	shift
	run ns node "$BIN/netsetup" "$verb" --state "$T/state" --root "$T/root" \
		--hints /hints.json "$@"
}
told() { [ "$(jq -r "$1" "$T/root/hints.json")" = "$2" ]; }
prefix() { told .nat64.prefix "$1" && told '.nat64.source // "none"' "$2"; }
event() {
	jq -es "[.[] | select(.event == \"$1\" and ${2:-true})] | length | select(. > 0)" "$T/events"
}
dns64 2001:db8:64::/96

# discover: the verb
run ns node "$BIN/netsetup" discover 2001:db8:53::53
is 'discover finds the prefix' 0 "$rc"
matches 'names it and its TTL' "^rfc7050  2001:db8:64::/96 for [1-3] s, by '2001:db8:53::53'$" "$out"
run ns node "$BIN/netsetup" discover --json 2001:db8:53::99
is 'nobody there: 1' 1 "$rc"
is 'which is no answer, not a no' null "$(jq .dns64 <<<"$out")"
run ns node "$BIN/netsetup" discover 192.0.2.1
is 'a resolver that is none: 2' 2 "$rc"

# apply DOCUMENT
document '{rfc7050: true, resolvers: ["2001:db8:53::53"]}'
netsetup apply "$T/doc.yaml"
is 'apply' 0 "$rc"
holds 'apply writes what the resolver says' prefix 2001:db8:64::/96 rfc7050
like 'in hints.env, too' 'NAT64_PREFIX="2001:db8:64::/96"' "$(cat "$T/root/hints.env")"
jq_is 'DNS64 is there' true .dns64 "$T/root/hints.json"
document '{prefix: "2001:db8:99::/96", rfc7050: true}'
netsetup apply "$T/doc.yaml"
holds 'the prefix of the document is not overruled' prefix 2001:db8:99::/96 static
document '{}'
netsetup apply "$T/doc.yaml"
holds 'nobody is asked whom the document does not name' prefix null none
document '{rfc7050: true, resolver: []}'
netsetup apply "$T/doc.yaml"
is 'a key that is unknown: 2' 2 "$rc"
like 'with a suggestion' "unknown key 'resolver', did you mean 'resolvers'?" "$err"
rm -r "$T/root"

# watch DOCUMENT
document '{rfc7050: true, resolvers: ["2001:db8:53::53"]}'
nsenter --net=/run/netns/node "$BIN/netsetup" watch --json --state "$T/state" --root "$T/root" \
	--hints /hints.json --snippet unbound=/etc/dns64.conf --snippet corefile=/etc/Corefile \
	"$T/doc.yaml" >"$T/events" 2>"$T/err" &
watch=$!
wait_for event ready || diag "$(cat "$T/err")"
holds 'watch asks the resolver' wait_for prefix 2001:db8:64::/96 rfc7050
like 'in hints.env' 'NAT64_SOURCE="rfc7050"' "$(cat "$T/root/hints.env")"
holds 'in the snippet of unbound' grep -q 'dns64-prefix: 2001:db8:64::/96' "$T/root/etc/dns64.conf"
holds 'in the snippet of CoreDNS' grep -q 'dns64 2001:db8:64::/96' "$T/root/etc/Corefile"
holds 'the unit that reads it is run' wait_for test -e "$T/restarted"
changes() { jq -s '[.[]|select(.event=="nat64")]|length' "$T/events"; }
is 'one change' 1 "$(changes)"

# A second name keeps what a file was, and its inode from being used again.
files=(hints.json hints.env etc/dns64.conf etc/Corefile)
mkdir "$T/before"
for f in "${files[@]}"; do ln "$T/root/$f" "$T/before/${f##*/}"; done

# The prefix changes: asked by its TTL.
rm "$T/restarted"
dns64 2001:db8:65::/96
holds 'another prefix is asked for when the TTL is over' wait_for prefix 2001:db8:65::/96 rfc7050
holds 'in hints.env' wait_for grep -q 2001:db8:65::/96 "$T/root/hints.env"
holds 'in both snippets' wait_for grep -q 'dns64 2001:db8:65::/96' "$T/root/etc/Corefile"
holds 'of unbound, too' grep -q 'dns64-prefix: 2001:db8:65::/96' "$T/root/etc/dns64.conf"
holds 'the unit is run' wait_for test -e "$T/restarted"
renamed() {
	for f in "${files[@]}"; do
		[ ! "$T/root/$f" -ef "$T/before/${f##*/}" ] || return 1
		grep -q 2001:db8:64::/96 "$T/before/${f##*/}" || return 1
	done
}
holds 'each by a rename: what was there before is whole' renamed
is 'and no half of one is left' '' "$(find "$T/root" -name '*.tmp')"

# PREF64 wins, whatever the resolver says, until the router takes it back.
ra 2001:db8:77:: 1800
holds 'PREF64 wins' wait_for prefix 2001:db8:77::/96 pref64
n=$(changes)
dns64 2001:db8:66::/96
asked() { [ "$(grep -c 'ipv4only.arpa. AAAA' "$T/unbound.log")" -gt "$1" ]; }
sed -i 's/^server:/server:\n\tlog-queries: yes/' "$T/unbound.conf"
silence
nsenter --net=/run/netns/router unbound -d -c "$T/unbound.conf" >"$T/unbound.log" 2>&1 &
unbound=$!
holds 'the resolver is asked all the same' wait_for asked 1
holds 'and PREF64 still wins' prefix 2001:db8:77::/96 pref64
is 'nothing has changed' "$n" "$(changes)"
ra 2001:db8:77:: 0
holds 'withdrawn: what the resolver says counts, at once' wait_for prefix 2001:db8:66::/96 rfc7050

# Silence: the prefix is held, though its TTL is over.
silence
holds 'a resolver that is silent is told' wait_for event no-resolver
holds 'the prefix is held' prefix 2001:db8:66::/96 rfc7050
holds 'watch lives' kill -0 "$watch"
dns64 -
holds 'a resolver that says no is believed at once' wait_for prefix null none
holds 'which is told' wait_for told .dns64 false
dns64 2001:db8:67::/96
document '{rfc7050: true, resolvers: ["2001:db8:53::53"], prefix: "2001:db8:99::/96"}'
holds 'a prefix of the document wins' wait_for prefix 2001:db8:99::/96 static
document '{rfc7050: true, resolvers: ["2001:db8:53::53"]}'
holds 'until it goes' wait_for prefix 2001:db8:67::/96 rfc7050

# Held, but not for ever.
silence
holds 'silent for a minute: no prefix' wait_for -t 150 prefix null none
dns64 2001:db8:67::/96
holds 'and it is back when the resolver is' wait_for -t 150 prefix 2001:db8:67::/96 rfc7050
kill "$watch"
wait "$watch"
is 'ends' 0 $?

# No option asks for hints: the document alone does, as long as it has the section.
nsenter --net=/run/netns/node "$BIN/netsetup" watch --json --state "$T/state" --root "$T/root2" \
	"$T/doc.yaml" >"$T/events" 2>"$T/err" &
watch=$!
default() { [ "$(jq -r .nat64.prefix "$T/root2/run/netsetup/hints.json")" = "$1" ]; }
holds 'a document alone has hints kept' wait_for default 2001:db8:67::/96
document ''
holds 'and without the section nobody is asked' wait_for default null
kill "$watch"
wait "$watch"
done_testing
