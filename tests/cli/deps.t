#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# ci/deps: no apt where nothing is missing; otherwise what is missing, and nothing else.
. "$(dirname "$0")/../lib.sh"
need dpkg-query

cd "$TOP" || exit 1
mkdir "$T/bin"
export TOLD=$T/told
cat >"$T/bin/apt-get" <<'SH'
#!/bin/sh
echo "$@" >>"$TOLD"
SH
cat >"$T/bin/dpkg-query" <<'SH'
#!/bin/sh
for name; do :; done
case " $MISSING " in
*" $name "*) exit 1 ;;
esac
printf installed
SH
# Not root, whoever runs this: as root it would install.
cat >"$T/bin/id" <<'SH'
#!/bin/sh
echo 1000
SH
chmod +x "$T/bin/"*
ln -s apt-get "$T/bin/apt"
PATH=$T/bin:$PATH

MISSING='' run ci/deps
is 'nothing missing: succeeds' 0 "$rc"
is 'nothing missing: says nothing' '' "$out$err"
is 'nothing missing: no apt' no "$([ -e "$TOLD" ] && echo yes || echo no)"

MISSING='tayga jq' run ci/deps
is 'missing, not root: exit status' 2 "$rc"
like 'missing, not root: the command' \
	'apt-get install -y --no-install-recommends tayga jq' "$err"
is 'missing, not root: no apt' no "$([ -e "$TOLD" ] && echo yes || echo no)"

run ci/deps --list
for tool in radvd unbound nsd tayga containernetworking-plugins nftables libcunit1-dev qemu-system-x86; do
	holds "the list has $tool" grep -qx "$tool" <<<"$out"
done
all=$out
parts=$(for group in build lab tests vm lint; do ci/deps --list $group; done)
is 'the groups are the list' "$all" "$parts"
run ci/deps --list lab
holds 'a group has its own' grep -qx tayga <<<"$out"
fails 'and no others' grep -qx qemu-system-x86 <<<"$out"
run ci/deps --list food
is 'no such group: exit status' 2 "$rc"
is 'no such group: which there are' \
	"deps: no group 'food': build, lab, tests, vm or lint" "$err"
done_testing
