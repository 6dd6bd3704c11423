#!/usr/bin/env bash
# Fails when `go generate` would change a committed file.
set -euo pipefail
cd "$(dirname "$0")/.."
before=$(git status --porcelain)
go generate ./...
after=$(git status --porcelain)
if [ "$before" != "$after" ]; then
  echo "go generate changes these files; run it and commit the result:" >&2
  diff <(echo "$before") <(echo "$after") >&2 || true
  exit 1
fi
