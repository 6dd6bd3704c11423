#!/usr/bin/env bash
# Runs the benchmarks behind docs/BENCHMARKS.md, each on its own so that none
# disturbs another, and prints one table. Ratios are taken within one benchmark
# that interleaves both sides.
#
#   tools/bench.sh           everything, ten million rows: about 20 minutes on two cores
#   tools/bench.sh quick     a million rows and short runs
set -euo pipefail
cd "$(dirname "$0")/.."
rows=10000000
time=3x
if [ "${1:-}" = quick ]; then
  rows=1000000
  time=1x
fi
export REPERFORM_BENCH_ROWS=${REPERFORM_BENCH_ROWS:-$rows}
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT

echo "machine  $(nproc) cores, $(awk -F': ' '/^model name/ {print $2; exit}' /proc/cpuinfo 2>/dev/null || uname -m), $(awk '/^MemTotal/ {printf "%.0f GiB", $2/1048576}' /proc/meminfo 2>/dev/null)"
echo "date     $(date -u +%F)"
echo "commit   $(git rev-parse --short HEAD 2>/dev/null || echo unknown)"
echo "go       $(go env GOVERSION)"
echo "rows     $REPERFORM_BENCH_ROWS"
echo

status=0
# bench PACKAGE PATTERN TIME: one line a benchmark, its metrics behind it.
bench() {
  if ! go test -run '^$' -bench "$2" -benchtime "$3" -timeout 60m "./$1" >"$tmp/out" 2>"$tmp/err"; then
    echo "FAILED   ./$1 $2" >&2
    cat "$tmp/out" "$tmp/err" >&2
    status=1
    return
  fi
  awk -v package="$1" '/^Benchmark/ {
    name = $1; sub(/^Benchmark/, "", name); sub(/-[0-9]+$/, "", name)
    line = ""
    for (i = 3; i < NF; i += 2) line = line sprintf("  %s %s", $i, $(i + 1))
    printf "%-14s %-34s%s\n", package, name, line
  }' "$tmp/out"
}

bench population '^BenchmarkFigures$' 1x
# As the program runs: it sets this when nobody else does.
GOGC=400 bench app '^BenchmarkCommands64Writers$' 3x
GOGC=400 bench app '^BenchmarkReading$' 1x
GOGC=400 bench app '^Benchmark(Open200000|ListAsOf)$' "$time"
bench ledger '^BenchmarkCommit$' 20000x
bench ledger '^BenchmarkVerify$' "$time"
bench ledger '^BenchmarkOpen200k$' "$time"
bench ledger '^BenchmarkAsOf$' "$time"
bench ledger '^BenchmarkProve$' 100x
bench report '^Benchmark(Build|RenderCold|RenderWarm)$' 1x
bench report/typst '^BenchmarkOpen$' 1x
bench app '^BenchmarkKeepFile$' 2x
bench blob '^Benchmark(Hash|Put|OpenAndReadAll)$' 1s
bench sampling '^BenchmarkSelect$' 1x
bench identity '^BenchmarkDecide$' 1s
bench evaluation '^BenchmarkConsequences$' 1x
GOGC=400 bench web '^BenchmarkRegister$' 1x
GOGC=400 bench web '^Benchmark(Matrix|Home|Calendar|Mapping)' 1s
GOGC=400 bench web '^BenchmarkPaper$' 2s
GOGC=400 bench web '^BenchmarkPaperTogether$' 5x
GOGC=400 bench web '^BenchmarkPaperKeys$' 1x
GOGC=400 bench web '^Benchmark(Pages|OpenLoop|Streams)$' 1x
GOGC=400 bench gap '^BenchmarkRules' 20x
GOGC=400 bench mapping '^BenchmarkRegister$' 20x
GOGC=400 bench overview '^Benchmark(Overview|Figures)$' 1s

GOGC=400 bench cmd/reperform '^BenchmarkTemplate$' 5x

# The example end to end, the clock of whoever waits; the typesetter was
# compiled by the benchmarks above.
if go build -trimpath -o "$tmp/reperform" ./cmd/reperform; then
  begin=$(date +%s.%N)
  if "$tmp/reperform" demo -o "$tmp/demo" >"$tmp/out" 2>"$tmp/err"; then
    awk -v b="$begin" -v e="$(date +%s.%N)" 'BEGIN {printf "%-14s %-34s  %.1f s\n", "cmd/reperform", "demo", e - b}'
  else
    echo "FAILED   reperform demo" >&2
    tail -20 "$tmp/err" >&2
    status=1
  fi
fi

# Pages as people wait for them.
tools/lighthouse.sh || status=1
exit $status
