#!/usr/bin/env bash
# Fails when making a generated file again would change it: what `go generate`
# writes, and the notices of third parties.
set -euo pipefail
cd "$(dirname "$0")/.."
tmp=$(mktemp)
trap 'rm -f "$tmp"' EXIT
(cd tools && go run ./notices -root .. -o -) >"$tmp"
if ! cmp -s "$tmp" THIRD_PARTY.md; then
  echo "THIRD_PARTY.md is not what is linked; run \`make notices\` and commit the result:" >&2
  diff THIRD_PARTY.md "$tmp" | head -40 >&2 || true
  exit 1
fi
if ! git grep -q '^//go:generate ' -- '*.go'; then
  exit 0
fi
before=$(git status --porcelain; git diff)
go generate ./...
after=$(git status --porcelain; git diff)
if [ "$before" != "$after" ]; then
  echo "go generate changes these files; run it and commit the result:" >&2
  diff <(echo "$before") <(echo "$after") | head -40 >&2 || true
  exit 1
fi
