#!/usr/bin/env bash
# Installs what only the tests need. The product itself needs none of it.
set -euo pipefail
cd "$(dirname "$0")"

# strict_ready tells whether tools/strict has the package that its lock file names.
strict_ready() { cmp -s strict/package-lock.json strict/node_modules/.installed; }

# strict installs it. Without a network the tests that need it fail and say so;
# the others run.
strict() {
  strict_ready && return
  echo "installing for the tests: the package pinned in tools/strict"
  (cd strict && npm ci --silent --no-audit --no-fund --ignore-scripts && cp package-lock.json node_modules/.installed) ||
    echo "npm could not install the package pinned in tools/strict; the tests of PDF/UA will fail." >&2
}

declare -A pkg=([pdftotext]=poppler-utils [pdfinfo]=poppler-utils [pdftohtml]=poppler-utils [strace]=strace [node]=nodejs)
strict_ready || pkg[npm]=npm
# Pages are tested in a browser, by any of its names.
command -v chromium-browser google-chrome google-chrome-stable >/dev/null 2>&1 || pkg[chromium]=chromium
missing=()
for tool in "${!pkg[@]}"; do
  command -v "$tool" >/dev/null 2>&1 || missing+=("${pkg[$tool]}")
done
if [ ${#missing[@]} -eq 0 ]; then
  strict
  exit
fi
mapfile -t missing < <(printf '%s\n' "${missing[@]}" | sort -u)
if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then
  echo "installing for the tests: ${missing[*]}"
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  strict
else
  echo "The tests need these Debian packages: ${missing[*]}" >&2
  echo "Install them with: sudo apt-get install ${missing[*]}" >&2
  exit 1
fi
