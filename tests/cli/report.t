#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# A report.json makes every other form again, and what is none is refused.
. "$(dirname "$0")/../lib.sh"
need jq

S=$BIN/scenario
cp "$DATA/report/small.json" "$T/report.json"

run "$S" report "$T/report.json" --html "$T/a.html" --junit "$T/a.xml" --tap "$T/a.tap" \
	--svg "$T/a.svg" --out "$T/new"
is 'a run that failed: exit status' 1 "$rc"
like 'the cause first' 'FAIL nat64-no-route  router r has no route' "$(head -n 1 <<<"$out")"
like 'then the table' 'POD-1 tcp' "$out"
like 'and the sum' '1 pass, 1 fail in 7.5 s' "$out"
holds 'the folder is made' test -s "$T/new/report.json"
is 'and where the files are' 5 "$(grep -c '^report: ' <<<"$out")"
like 'HTML' 'net-unreachable' "$(<"$T/a.html")"
like 'JUnit' 'failures="1"' "$(<"$T/a.xml")"
like 'TAP' 'not ok 2 N64-2.udp host:n' "$(<"$T/a.tap")"
like 'SVG' '<svg' "$(<"$T/a.svg")"
run "$S" report "$T/report.json" --json
is 'JSON says the same again' "$(jq -cS .results[0].id,.diagnosis.primary,.summary "$T/report.json")" \
	"$(jq -cS .results[0].id,.diagnosis.primary,.summary <<<"$out")"
run "$S" report - -v <"$T/report.json"
like 'a row for each result' 'net-unreachable: no route there' "$out"
run "$S" report "$T/report.json" --tap -
like 'standard output has that form' '1..2' "$out"
unlike 'and no table' 'POD-1 tcp  ' "$out"
(
	umask 077
	"$S" report "$T/report.json" --html "$T/own.html" >"$T/out"
)
is 'the mask of the user counts' 600 "$(stat -c %a "$T/own.html")"

# refused NAME PART ARG... - exit status 2, and says so
refused() {
	run "$S" "${@:3}"
	is "$1: exit status" 2 "$rc"
	like "$1: says so" "$2" "$err"
	is "$1: prints nothing" '' "$out"
}
refused 'no file' 'usage: ' report
refused 'a file that is not there' "report '$T/none': No such file" report "$T/none"
refused 'a folder' 'Is a directory' report "$T"
echo '{"schema": 2, "results": []}' >"$T/next.json"
refused 'another schema' "no report.json of 'scenario run'" report "$T/next.json"
head -c 700 "$T/report.json" >"$T/cut.json"
refused 'one that is cut' "no report.json of 'scenario run'" report "$T/cut.json"
refused 'two forms for standard output' "'--json' goes to standard output already" \
	report "$T/report.json" --json --html -
# Before anything is made, not when all is found out.
refused 'run: a folder that is not there' "'--html': report '$T/no/x.html': No such file" \
	run demo --html "$T/no/x.html"
refused 'run: a folder in the place of a file' "'--junit': report '$T': Is a directory" \
	run --live --kubeconfig "$T/none" --junit "$T"
done_testing
