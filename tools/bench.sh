#!/usr/bin/env bash
# Runs the benchmarks behind docs/BENCHMARKS.md and prints their figures.
set -euo pipefail
cd "$(dirname "$0")/.."
go test -run '^$' -bench . -benchtime 1x -timeout 60m ./...
