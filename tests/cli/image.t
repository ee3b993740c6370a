#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# the suite's image: small, the same bytes each time, read by others; its manifests
. "$(dirname "$0")/../lib.sh"
need jq tar

for n in 1 2; do
	run "$BIN/scenario-image" -o "$T/$n.tar"
	is "image $n" 0 "$rc"
done
holds 'two builds give the same bytes' cmp "$T/1.tar" "$T/2.tar"
size=$(stat -c %s "$T/1.tar")
[[ $BIN == */san-* ]] || # code of the sanitizers is not what is shipped
	matches "$size bytes are at most 15 MB" '^1$' "$((size <= 15000000))"

mkdir "$T/oci"
tar -xf "$T/1.tar" -C "$T/oci"
blob() { echo "$T/oci/blobs/${1/://}"; }
manifest=$(blob "$(jq -r '.manifests[0].digest' "$T/oci/index.json")")
config=$(blob "$(jq -r .config.digest "$manifest")")
layer=$(blob "$(jq -r '.layers[0].digest' "$manifest")")
is 'its user is nobody' 65532:65532 "$(jq -r .config.User "$config")"
tar -tzf "$layer" >"$T/list"
for program in scenario probe-suite probe-pod probe-service probe-egress \
	probe-responder; do
	holds "$program is in it" grep -qx "usr/bin/$program" "$T/list"
done
is 'one program may have a capability, where its container has it' 'usr/bin/probe-pod cap_net_raw' \
	"$(python3 - "$layer" <<-'P'
	import struct, sys, tarfile
	for f in tarfile.open(sys.argv[1], errors="surrogateescape"):
	    x = f.pax_headers.get("SCHILY.xattr.security.capability")
	    if x:
	        magic, permitted = struct.unpack("<II", x.encode("utf-8", "surrogateescape")[:8])
	        print(f.name, "cap_net_raw" if (magic, permitted) == (0x2000000, 1 << 13) else "?")
	P
	)"
is 'no file of it is set-uid' '' "$(tar -tvzf "$layer" | grep '^...s\|^......s')"

if command -v skopeo >/dev/null; then
	run skopeo inspect "oci-archive:$T/1.tar"
	is 'skopeo inspects it' 0 "$rc"
	is 'one layer' 1 "$(jq '.Layers|length' <<<"$out")"
else
	skip 'skopeo inspects it' 'no skopeo'
fi

# The manifests are written by the tables that run --live uses.
run "$BIN/scenario" manifests --out "$T/kubernetes"
is 'manifests' 0 "$rc"
holds 'ci/kubernetes is current, see make manifests' \
	diff -r "$TOP/ci/kubernetes" "$T/kubernetes"
run "$BIN/scenario" manifests --image registry.example/x:1 --namespace other
is 'to standard output' 0 "$rc"
like 'with the image' 'image: registry.example/x:1' "$out"
like 'and the namespace' 'namespace: other' "$out"
unlike 'and no other' 'namespace: shoot6' "$out"
run "$BIN/scenario" manifests --image '[2001:db8::1]:5000/x:1'
is 'a registry by its IPv6 address is no list' 2 \
	"$(grep -c "^ *image: '\[2001:db8::1\]:5000/x:1'$" <<<"$out")"
for image in '' 'a b' $'a\nprivileged: true' 'a"'; do
	run "$BIN/scenario" manifests --image "$image"
	is "image '$image' is refused" "2 scenario: image '$image'" "$rc ${err%%: no reference*}"
done
for space in '' Upper -a a- a.b "$(printf %059d 0)"; do
	run "$BIN/scenario" manifests --namespace "$space"
	is "namespace '$space' is refused" "2 scenario: namespace '$space'" "$rc ${err%%: lower*}"
done
run "$BIN/scenario" manifests x
is 'no argument' 2 "$rc"
run "$BIN/scenario" manifests --out "$T/1.tar/x"
is 'no such folder' 3 "$rc"
done_testing
