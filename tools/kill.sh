#!/bin/sh
# Kills a process N times (500) at random moments of an import, an apply, a test
# run, a bundle, or of a stream of small changes, each told once it is durable.
# Verifies after each: every ledger and sealed file holds and extends what was
# seen before, everything acknowledged is there with its content, and no
# half-written bundle has the name of a whole one. At the end nothing that the
# dead left may remain. Prints progress and a summary; exits 0 when all held.
set -eu
cd "$(dirname "$0")/.."
n=${1:-500}
case $n in
'' | *[!0-9]*)
	echo "usage: tools/kill.sh [N]" >&2
	exit 2
	;;
esac
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
go build -o "$dir/reperform" ./cmd/reperform
if REPERFORM_KILLS=$n REPERFORM_BINARY=$dir/reperform go test ./bundle -run '^TestKilledAnywhere$' -count=1 -timeout 0 -v; then
	echo "$n rounds: everything verified after each"
else
	echo "$n rounds: something did not hold; see above" >&2
	exit 1
fi
