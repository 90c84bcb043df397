#!/bin/sh
# Checks that this machine can build and run the gateway. Names everything that is missing at once, with how to get it.
# Exit: 0 when complete, 1 when something is missing. Changes nothing.
set -u

missing=0
need() {
  missing=1
  printf 'missing: %s\n    get it: %s\n' "$1" "$2" >&2
}

# at_least HAVE WANT: true when dotted version HAVE is WANT or newer (two parts are compared).
at_least() {
  have_major=${1%%.*}; rest=${1#*.}; have_minor=${rest%%.*}
  want_major=${2%%.*}; want_minor=${2#*.}
  [ "$have_major" -gt "$want_major" ] ||
    { [ "$have_major" -eq "$want_major" ] && [ "$have_minor" -ge "$want_minor" ]; }
}

NODE_HELP='Node 20 or 22 from https://nodejs.org/en/download, or: nvm install 22'
RUST_HELP='https://rustup.rs (a distribution package is often too old), then: rustup update stable'
CC_HELP='Debian/Ubuntu: apt-get install build-essential; Fedora: dnf install gcc make; Alpine is not supported (glibc only)'

system=$(uname -s)
if [ "$system" != Linux ]; then
  need "Linux (this is $system)" 'a Linux machine, VM or container; the data plane uses epoll and memfd'
fi
case $(uname -m) in
  x86_64 | aarch64) ;;
  *) need "a supported processor (this is $(uname -m))" 'x86_64 or arm64: the gateway runs on no others' ;;
esac

if ! command -v "${NODE:-node}" >/dev/null 2>&1; then
  need 'node' "$NODE_HELP"
else
  version=$("${NODE:-node}" -p process.versions.node)
  case $version in
    20.*) at_least "$version" 20.19 || need "node 20.19 or newer (this is $version)" "$NODE_HELP" ;;
    22.*) at_least "$version" 22.12 || need "node 22.12 or newer (this is $version)" "$NODE_HELP" ;;
    *) need "node 20 or 22 (this is $version; uWebSockets.js has no binary for it)" "$NODE_HELP" ;;
  esac
fi
command -v npm >/dev/null 2>&1 || need 'npm' 'it comes with Node; Debian packages it alone: apt-get install npm'

if ! command -v cargo >/dev/null 2>&1; then
  need 'cargo (Rust 1.90 or newer)' "$RUST_HELP"
else
  version=$(cargo --version | cut -d' ' -f2)
  at_least "$version" 1.90 || need "Rust 1.90 or newer (this is $version)" "$RUST_HELP"
fi
command -v cc >/dev/null 2>&1 || need 'a C linker (cc)' "$CC_HELP"
command -v make >/dev/null 2>&1 || need 'make' "$CC_HELP"

exit "$missing"
