#!/bin/bash
# Runs tests against a gateway whose addon is instrumented with the address sanitizer: `sanitize.sh TEST.js …`, paths
# in dist/. Exit: 0 when every test passes and no process reported anything; 1 otherwise. The reports stay in
# target/asan/reports-FRONT; STOA_TEST_FRONT names the front of those tests that do not say which.
#
# The runtime is nightly's own, of the LLVM that compiled the addon, made into a library that node can preload: Debian's
# belongs to another LLVM. Seen are accesses by our Rust code and its crates, and calls into libc (memcpy, read, free)
# by every library; not seen are node's own accesses and those into the shared segment, which is no heap. Leaks are not
# looked for: node frees nothing when it ends. The copy of the tree keeps the real addon where it is.
set -euo pipefail

cd "$(dirname "$0")/.."
project=$PWD
node=${NODE:-node}
triple=x86_64-unknown-linux-gnu
missing() {
  printf 'missing: %s\n    get it: %s\n' "$1" "$2" >&2
  exit 1
}
[ "$(uname -sm)" = 'Linux x86_64' ] ||
  missing "Linux on x86_64 (this is $(uname -sm))" 'such a machine, VM or container'
command -v "$node" >/dev/null || missing 'node' 'scripts/setup.sh says how'
command -v cargo >/dev/null && cargo +nightly --version >/dev/null 2>&1 ||
  missing 'a nightly Rust toolchain' 'rustup toolchain install nightly'
for tool in cc ar nm; do
  command -v $tool >/dev/null || missing "$tool" 'Debian/Ubuntu: apt-get install build-essential'
done
symbolizer=$(command -v llvm-symbolizer) ||
  missing 'llvm-symbolizer (names the functions in a report)' 'Debian/Ubuntu: apt-get install llvm'
archive=$(rustc +nightly --print target-libdir --target $triple)/librustc-nightly_rt.asan.a
[ -f "$archive" ] || missing "$archive" 'rustup toolchain install nightly --force'
[ -f dist/.compiled ] && [ $# -gt 0 ] || missing 'the compiled tests, and which of them to run' 'make sanitize'

target=$(realpath -m "${CARGO_TARGET_DIR:-target}")/asan
tree=$target/tree
reports=$target/reports-${STOA_TEST_FRONT:-uws}
runtime=$target/asan-runtime.so # not libasan.so: it would take itself for a second runtime, and end
rm -rf "$tree" "$reports"
mkdir -p "$tree/native/addon" "$reports"

# dev: overflow checks and the standard library's checks of unsafe preconditions are on, too.
RUSTFLAGS='-Zsanitizer=address -Cforce-frame-pointers=yes' CARGO_PROFILE_DEV_OPT_LEVEL=1 \
  cargo +nightly build --locked --package gateway-addon --target $triple --target-dir "$target"
addon=$tree/native/addon/gateway.node
cp "$target/$triple/debug/libgateway_addon.so" "$addon"
nm -D "$addon" | grep __asan_report_ >/dev/null ||
  missing 'instrumentation in the addon that was built' "remove $target"

# A shared library can't have .preinit_array, which one member is there for; the first malloc initialises instead.
cp "$archive" "$target/runtime.a"
ar d "$target/runtime.a" asan_preinit.cpp.o
cc -shared -o "$runtime" -Wl,--whole-archive "$target/runtime.a" -Wl,--no-whole-archive -ldl -lpthread -lm -lrt

# Node resolves links before it imports: what imports is copied, what is only read is linked.
cp -R bin dist package.json "$tree"
for name in .build node_modules test docs examples schema; do ln -s "$project/$name" "$tree/$name"; done

# handle_segv=2: node may not put its own handler in the place of the one that reports. Freed memory is kept from reuse
# for a while to see late accesses; at the default of 256 MB the tests of flat memory would measure that.
export ASAN_OPTIONS="log_path=$reports/asan:detect_leaks=0:detect_odr_violation=0:handle_segv=2:exitcode=86"
export ASAN_OPTIONS="$ASAN_OPTIONS:quarantine_size_mb=${SANITIZE_QUARANTINE_MB:-8}"
export ASAN_SYMBOLIZER_PATH=$symbolizer STOA_TEST_GATEWAY_BIN=$tree/bin/stoa-gateway
tests=0
set -m # the tests get a process group of their own
(cd "$tree" && LD_PRELOAD=$runtime exec "$node" --enable-source-maps --test --test-reporter=spec \
  --test-timeout="${TEST_TIMEOUT_MS:-600000}" "$@") &
runner=$!
trap 'kill -KILL -- -$runner 2>/dev/null || true' EXIT
# A test whose worker was ended by a report may wait for it for ever: end the run soon after the first.
while kill -0 $runner 2>/dev/null; do
  sleep 1
  [ -z "$(find "$reports" -type f)" ] || { sleep 5; kill -KILL -- -$runner 2>/dev/null || true; }
done
wait $runner || tests=$?

found=$(find "$reports" -type f | wc -l)
find "$reports" -type f -exec head -n 60 {} + >&2
printf '\nsanitize: %s reports, tests %s\n' "$found" "$([ $tests = 0 ] && echo passed || echo failed)"
[ "$found" = 0 ] && [ $tests = 0 ]
