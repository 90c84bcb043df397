#!/bin/sh
# Runs every fuzz target of native/fuzz for FUZZ_S seconds (default 600). Stops at the first crash, whose input
# cargo-fuzz leaves in native/fuzz/artifacts/.
set -eu

cd "$(dirname "$0")/../native/fuzz"
missing() {
  printf 'missing: %s\n    get it: %s\n' "$1" "$2" >&2
  exit 1
}
cargo +nightly --version >/dev/null 2>&1 || missing 'a nightly Rust toolchain' 'rustup toolchain install nightly'
cargo fuzz --version >/dev/null 2>&1 || missing 'cargo-fuzz' 'cargo install --locked cargo-fuzz'

for target in $(cargo +nightly fuzz list --fuzz-dir .); do
  printf '== %s: %s s\n' "$target" "${FUZZ_S:-600}"
  mkdir -p "corpus/$target"
  dictionary=
  case "$target" in request_head | response_head | chunked) dictionary=-dict=http1.dict ;; esac
  cargo +nightly fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- \
    -max_total_time="${FUZZ_S:-600}" -print_final_stats=1 $dictionary
done
