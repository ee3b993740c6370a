#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# What netsetup's provider form says to bad input: exit 2, one line per problem.
. "$(dirname "$0")/../lib.sh"

dir=$(mktemp -d)
at_exit rm -rf "$dir"

# refused NAME PROVIDER - the shoot on stdin is refused; what was said is in $err
refused() {
	cat >"$dir/shoot.yaml"
	run "$BIN/netsetup" check --state "$dir/state" --provider "$2" \
		--shoot "$dir/shoot.yaml"
	is "$1: exit 2" 2 "$rc"
	is "$1: nothing on stdout" '' "$out"
}

refused 'unknown provider' gpc <<<'services: "2001:db8:96::/112"'
like 'unknown provider: a suggestion' "unknown provider 'gpc', did you mean 'gcp'?" "$err"

refused 'malformed YAML' local <<<'services: ['
like 'malformed YAML: line and column' 'shoot.yaml:2:1: ' "$err"
refused 'malformed JSON' local <<<'{"services": }'
like 'malformed JSON: line and column' "shoot.yaml:1:14: expected a value, not '}'" "$err"

refused 'many problems' local <<'YAML'
spec:
  networking:
    ipFamilies: [IPv4]
    pods: 10.0.0.0/8
    nodes: 2001:db8::/32
    services: 2001:db8:96::/96
YAML
is 'many problems: a line each' 4 "$(grep -c '^netsetup: ' <<<"$err")"
like 'many problems: family' "shoot.yaml:3:18: ipFamilies 'IPv4'" "$err"
like 'many problems: IPv4' "shoot.yaml:4:11: pods '10.0.0.0/8': IPv4" "$err"
like 'many problems: width' "shoot.yaml:6:15: services '2001:db8:96::/96': too wide" "$err"
like 'many problems: overlap' "overlaps services '2001:db8:96::/96'" "$err"

run "$BIN/netsetup" check --state "$dir/state" --provider local --shoot "$dir/none"
is 'no shoot: exit 2' 2 "$rc"
like 'no shoot: named' "shoot '$dir/none': No such file or directory" "$err"
run "$BIN/netsetup" check --state "$dir/state" --provider local
is 'no option: exit 2' 2 "$rc"
like 'no option: named' "'--shoot'" "$err"

# Nothing listens there: each address is named, with its error.
echo 'services: "2001:db8:96::/112"' >"$dir/shoot.yaml"
run "$BIN/netsetup" check --state "$dir/state" --provider gcp \
	--shoot "$dir/shoot.yaml" --metadata 'http://[::1]:9'
is 'no metadata: exit 2' 2 "$rc"
like 'no metadata: address and error' "metadata 'http://[::1]:9/computeMetadata/v1/instance/network-interfaces/?recursive=true': connection refused" "$err"

run "$BIN/netsetup" profiles
like 'profiles: gcp' 'gcp ' "$out"
like 'profiles: local' 'local ' "$out"
run "$BIN/netsetup" profiles show gcp
holds 'a profile is JSON' python3 -m json.tool <<<"$out"
run "$BIN/netsetup" profiles show gpc
is 'unknown profile: exit 2' 2 "$rc"
done_testing
