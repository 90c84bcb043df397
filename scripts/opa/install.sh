#!/bin/bash
# Builds the OPA that go.mod names, every module checked against go.sum, into FOLDER; prints the binary's path.
# Does nothing where it is there already. Needs Go; fails when it can't be had. 2 minutes, 60 MB.
set -euo pipefail
mkdir -p "${1:?usage: install.sh FOLDER}"
folder=$(cd "$1" && pwd)
cd "$(dirname "$0")"
version=$(sed -n 's/.*open-policy-agent\/opa \(v[0-9.]*\)$/\1/p' go.mod)
binary="$folder/opa"

if ! "$binary" version 2>/dev/null | grep -qx "Version: ${version#v}"; then
  command -v go >/dev/null || { echo 'missing: go (apt-get install golang-go, 1.26 or later)' >&2; exit 1; }
  go build -mod=readonly -trimpath -o "$binary.new" github.com/open-policy-agent/opa >&2
  mv "$binary.new" "$binary"
fi
echo "$binary"
