#!/usr/bin/env bash
# Measures the pages that people see most with Lighthouse, signed in, over the
# example: performance as the median of five, accessibility and best practices,
# one line a page. Fails below 95. It needs node 18.16 or newer, npm and chromium.
#
#   tools/lighthouse.sh                 home and matrix
#   tools/lighthouse.sh /r/control      other pages
set -euo pipefail
cd "$(dirname "$0")/.."
port=${PORT:-8749}
for tool in node npm; do
  command -v "$tool" >/dev/null || { echo "$tool is not installed; Debian has it in the package ${tool/%node/nodejs}" >&2; exit 1; }
done
CHROME_PATH=${CHROME_PATH:-$(command -v chromium || command -v chromium-browser || command -v google-chrome || true)}
[ -n "$CHROME_PATH" ] || { echo "chromium is not installed; run tools/deps.sh" >&2; exit 1; }
export CHROME_PATH
tmp=$(mktemp -d)
server=
trap '[ -z "$server" ] || kill "$server" 2>/dev/null || true; rm -rf "$tmp"' EXIT
# quiet runs a command and shows what it said only when it fails.
quiet() { "$@" >"$tmp/out" 2>&1 || { tail -20 "$tmp/out" >&2; exit 1; }; }
if ! cmp -s tools/lighthouse/package-lock.json tools/lighthouse/node_modules/.installed; then
  quiet npm --prefix tools/lighthouse ci --no-audit --no-fund --ignore-scripts
  cp tools/lighthouse/package-lock.json tools/lighthouse/node_modules/.installed
fi
go build -trimpath -o "$tmp/reperform" ./cmd/reperform
quiet "$tmp/reperform" demo -o "$tmp/demo"
"$tmp/reperform" --workspace "$tmp/demo/workspace" serve --listen "localhost:$port" >"$tmp/log" 2>&1 &
server=$!
[ $# -gt 0 ] || set -- / /matrix
node tools/lighthouse/measure.mjs "http://localhost:$port" daniel-krawczyk@wexmoor.example "grebe plover curlew heron" "$@"
