# STOA Gateway. `make` alone lists what there is; every target builds what it needs and nothing twice.

SHELL := /bin/bash
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

NODE ?= node
NPM ?= npm
CARGO ?= cargo
export NODE

# Seconds each fuzz target runs under `make fuzz`.
FUZZ_S ?= 600
# Cases, front and seed of `make fuzz-wire`; a seed of its own each time unless one is given.
CASES ?= 1000000
FRONT ?= native
# Milliseconds after which a Node test fails as hanging; a whole file counts as one, too.
TEST_TIMEOUT_MS ?= 600000
# Requests of the mix-up test under `make soak`.
SOAK_REQUESTS ?= 1000000
# What `make gate` compares with, and further flags of it and of its acceptance.
BASE ?=
GATE ?=
ACCEPTANCE ?=
# Rounds, and seconds of each measured window, of the benchmarks; 2 and 2 for a first look.
BENCH_ROUNDS ?= 10
BENCH_S ?= 4

TARGET_DIR := $(or $(CARGO_TARGET_DIR),target)
ADDON := native/addon/gateway.node
MODULES := node_modules/.package-lock.json
COMPILED := dist/.compiled

ARENA_DRIVER := .build/arena-driver/release/arena-driver
TEST_PKI := .build/test-pki
HANDSHAKES := .build/handshakes/release/handshakes

BIN := node_modules/.bin
TS_DIRS := $(wildcard src test bench arena)
TS_SOURCES := $(shell find $(TS_DIRS) -name '*.ts')
RUST_SOURCES := $(shell find native/core/src native/addon/src native/tls/src native/policy/src -name '*.rs') \
	native/core/Cargo.toml native/addon/Cargo.toml native/tls/Cargo.toml native/policy/Cargo.toml native/addon/build.rs \
	Cargo.toml Cargo.lock
EVERY_TEST := $(patsubst %.ts,dist/%.js,$(filter %.test.ts,$(TS_SOURCES)))
# With components that are heavy or slow to start: `make test-integration`, and no part of `make test`.
INTEGRATION_TESTS := $(filter dist/test/integration/%,$(EVERY_TEST))
TESTS := $(filter-out $(INTEGRATION_TESTS),$(EVERY_TEST))
# Those whose gateways have the front that STOA_TEST_FRONT names: what is promised of both.
EITHER_FRONT_TESTS := $(filter dist/test/exchange/% dist/test/bounds/% dist/test/processes/% \
	$(patsubst %,dist/test/%.test.js,headers peers problems rate-limit-headers routing),$(TESTS))
# Those that STOA_TEST_LONG=1 makes longer. One after the other: what they measure is memory, on a machine they fill.
SOAK_TESTS := $(filter dist/test/bounds/% dist/test/exchange/streaming.test.js,$(TESTS))
NODE_TEST = $(NODE) --enable-source-maps --test --test-reporter=spec --test-timeout=$(TEST_TIMEOUT_MS)

.PHONY: help
help: ## list the targets
	@grep -E '^[a-z-]+:.*## ' $(firstword $(MAKEFILE_LIST)) | sed -E 's/:.*## /\t/' | expand -t 16

.PHONY: setup
setup: $(MODULES) ## check that Node, Rust and a linker are here, and install the npm packages

.PHONY: prerequisites
prerequisites:
	@scripts/setup.sh

# `npm ci` verifies every package against the lockfile's hash; install scripts of packages never run.
# Nor does it run on a link: it would empty the folder behind it, which somebody else may use.
$(MODULES): package.json package-lock.json | prerequisites
	@[ ! -L node_modules ] || { echo 'node_modules is a link: npm ci would empty the folder it points to.'; \
		echo '    remove the link, then run make again: rm node_modules'; exit 1; } >&2
	$(NPM) ci --include=dev --ignore-scripts --no-audit --no-fund --loglevel=error
	@touch $@

.PHONY: build
build: $(ADDON) $(COMPILED) ## compile the native addon and the TypeScript

# Copied beside and renamed, so that a gateway that has the old file mapped keeps it.
$(ADDON): $(RUST_SOURCES) | prerequisites
	$(CARGO) build --release --locked --package gateway-addon --target-dir $(TARGET_DIR)
	@cp $(TARGET_DIR)/release/libgateway_addon.so $@.new && mv $@.new $@

$(COMPILED): $(TS_SOURCES) tsconfig.json $(MODULES)
	$(BIN)/tsc --project tsconfig.json
	@touch $@

.PHONY: run
run: build ## start the gateway on 127.0.0.1:8080 from examples/quickstart, with the demo backend
	@exec bin/stoa-gateway run --demo --config examples/quickstart/gateway.yaml

# Both halves run even when the first fails, so that one run tells everything.
.PHONY: test
test: build ## run every test: cargo test, then node --test
	@failed=0; \
	$(MAKE) --no-print-directory test-native || failed=1; \
	$(MAKE) --no-print-directory test-node || failed=1; \
	exit $$failed

.PHONY: test-native
test-native: ## run the tests of native/core, native/tls, native/policy and arena/driver, and the short form of fuzzing it
	@failed=0; set -x; \
	$(CARGO) test --locked --package gateway-core --package gateway-tls --package gateway-policy --no-fail-fast --target-dir $(TARGET_DIR) || failed=1; \
	$(CARGO) test --locked --manifest-path native/fuzz/Cargo.toml --no-default-features --no-fail-fast \
		--target-dir $(TARGET_DIR) || failed=1; \
	$(CARGO) test --locked --manifest-path arena/driver/Cargo.toml --no-fail-fast \
		--target-dir $(TARGET_DIR) || failed=1; \
	exit $$failed

.PHONY: components
components: ## install what tests start beside the gateway: nginx, HAProxy, Caddy, Envoy, Kafka, OPA, Redis, Chromium, valgrind, strace
	@scripts/components.sh

# The list comes from the sources: what an earlier build left in dist/ is not run. Where CI=true nothing is skipped, so
# what can't be installed fails in the tests that need it.
.PHONY: test-node
test-node: build $(TEST_PKI) $(ARENA_DRIVER) ## run the TypeScript tests; those of whole gateways twice, once on each front
	@[ "$$CI" != true ] || scripts/components.sh || true
	@failed=0; \
	$(NODE_TEST) $(TESTS) || failed=1; \
	printf '\nthe same promises, on the native front:\n\n'; \
	STOA_TEST_FRONT=native $(NODE_TEST) $(EITHER_FRONT_TESTS) || failed=1; \
	exit $$failed

# One file after the other: each has a few hundred megabytes of Java beside it. What can't be installed is skipped by
# name, and fails where CI=true.
.PHONY: test-integration
test-integration: build ## install and start real components (Keycloak, Kafka, OPA), and run the suites with them
	@scripts/components.sh || true
	@scripts/keycloak.sh .build/keycloak || true
	$(NODE_TEST) --test-concurrency=1 $(INTEGRATION_TESTS)

# Minutes without Kafka, and requests a second meanwhile, of `make test-outage`.
MINUTES ?= 10
RATE ?= 300

.PHONY: test-outage
test-outage: build ## stop Kafka for MINUTES (10) at RATE (300) requests a second, kill everything meanwhile, and count
	@scripts/kafka.sh .build/kafka
	@exec $(NODE) --enable-source-maps dist/test/integration/outage.js $(MINUTES) $(RATE)

# Writes the certificates of the tests; they are made anew in every run.
$(TEST_PKI): native/tls/examples/test_pki.rs native/tls/Cargo.toml Cargo.lock | prerequisites
	$(CARGO) build --locked --package gateway-tls --example test_pki --target-dir $(TARGET_DIR)
	@mkdir -p $(@D) && cp $(TARGET_DIR)/debug/examples/test_pki $@

# Both ends of 5 000 exchanges are in one process. 28 000 ports of 127.0.0.1 are left to clients by default.
SOAK_FILES_MIN := 16384

.PHONY: soak
soak: build ## the long forms, on each front: 10 000 idle and 5 000 slow clients, bodies of 1 GiB, a million mixed requests
	@ulimit -n "$$(ulimit -Hn)"; [ "$$(ulimit -n)" = unlimited ] || [ "$$(ulimit -n)" -ge $(SOAK_FILES_MIN) ] || { \
		echo "too few open files: $$(ulimit -n) of $(SOAK_FILES_MIN)"; echo '    raise it: ulimit -Hn, as root'; exit 1; } >&2; \
	failed=0; \
	for front in uws native; do \
		printf '\nthe long forms on the front %s:\n\n' $$front; \
		STOA_TEST_FRONT=$$front STOA_TEST_LONG=1 $(NODE_TEST) --test-concurrency=1 $(SOAK_TESTS) || failed=1; \
		STOA_TEST_FRONT=$$front $(NODE) --enable-source-maps dist/test/soak/mixups.js $(SOAK_REQUESTS) || failed=1; \
	done; \
	exit $$failed

.PHONY: check-types
check-types: $(MODULES) ## type-check without writing files
	$(BIN)/tsc --project tsconfig.json --noEmit --incremental false

.PHONY: lint
lint: $(MODULES) check-types ## lint and check the format of TypeScript and Rust
	$(BIN)/biome ci --error-on-warnings
	$(BIN)/oxlint --config .oxlintrc.json $(TS_DIRS)
	$(BIN)/knip
	$(CARGO) fmt --all --check
	$(CARGO) clippy --locked --workspace --all-targets --target-dir $(TARGET_DIR) -- --deny warnings
	$(CARGO) fmt --manifest-path arena/driver/Cargo.toml --check
	$(CARGO) clippy --locked --manifest-path arena/driver/Cargo.toml --all-targets --target-dir $(TARGET_DIR) -- --deny warnings

.PHONY: fmt
fmt: $(MODULES) ## format TypeScript and Rust
	$(BIN)/biome format --write
	$(CARGO) fmt --all
	$(CARGO) fmt --manifest-path arena/driver/Cargo.toml

.PHONY: reference
reference: build ## write the generated schemas, pages of docs/reference and matrix of the arena's targets
	@UPDATE=1 $(NODE) --test --test-reporter=dot dist/src/cli/reference/pages.test.js dist/arena/plan/load.test.js \
		dist/arena/adapters/manifest-file.test.js dist/arena/adapters/matrix.test.js

.PHONY: check
check: lint test ## everything a change must pass

.PHONY: deny
deny: ## check licences and advisories of the Rust crates (needs cargo-deny)
	@$(CARGO) deny --version >/dev/null 2>&1 || \
		{ echo 'missing: cargo-deny'; echo '    get it: cargo install --locked cargo-deny'; exit 1; }
	$(CARGO) deny --workspace check

.PHONY: bench
bench: bench-micro bench-load ## measure this checkout and print the tables (BENCH_ROUNDS=10, BENCH_S=4)
	@$(NODE) dist/bench/micro/bars.bench.js $(BENCH_BARS)

# What the benchmarks of bench-micro hold against bars; its last table is made of it.
BENCH_BARS := bench/results/bars.jsonl

.PHONY: bench-micro
bench-micro: build ## what the gateway itself does to a request, crossing included
	@rm -f $(BENCH_BARS)
	@taskset --cpu-list 0 $(NODE) dist/bench/micro/decide.bench.js --seconds $(BENCH_S) --bars $(BENCH_BARS)
	@taskset --cpu-list 0 $(NODE) dist/bench/micro/costs.bench.js --seconds $(BENCH_S) --bars $(BENCH_BARS)
	@taskset --cpu-list 0 $(NODE) dist/bench/micro/metering.bench.js --seconds $(BENCH_S)
	@$(NODE) dist/bench/micro/policy.bench.js --seconds $(BENCH_S) --bars $(BENCH_BARS)
	@$(NODE) dist/bench/micro/bars.bench.js $(BENCH_BARS)

.PHONY: bench-load
bench-load: build $(ARENA_DRIVER) $(HANDSHAKES) ## CPU a request and latency against nginx, HAProxy and Envoy, two workers, TLS
	bin/stoa-arena run --file peers --output bench/results --rounds $(BENCH_ROUNDS)
	@for name in workers tls; do \
		$(NODE) dist/bench/load/$$name.bench.js --rounds $(BENCH_ROUNDS) --seconds $(BENCH_S) || exit 1; \
	done

$(ARENA_DRIVER): $(shell find arena/driver/src -name '*.rs') arena/driver/Cargo.lock | prerequisites
	$(CARGO) build --release --locked --manifest-path arena/driver/Cargo.toml --target-dir .build/arena-driver

$(HANDSHAKES): $(wildcard bench/load/handshakes/src/*.rs) bench/load/handshakes/Cargo.lock | prerequisites
	$(CARGO) build --release --locked --manifest-path bench/load/handshakes/Cargo.toml --target-dir .build/handshakes

# make itself ends with 2 whatever the verdict; its last line has the exit code that docs/gate.md tells of.
.PHONY: gate
gate: $(COMPILED) $(ARENA_DRIVER) ## did this change make the gateway slower than BASE? (BASE=main; GATE='--quick')
	@exec $(NODE) --enable-source-maps dist/bench/gate/main.js --base '$(BASE)' $(GATE)

# Hours: ACCEPTANCE='--runs 1 --scenarios full --rounds-max 16' for its shortest form.
.PHONY: gate-acceptance
gate-acceptance: $(COMPILED) $(ARENA_DRIVER) ## is the gate right? changes of known size, bench/gate/ACCEPTANCE.md
	@exec $(NODE) --enable-source-maps dist/bench/gate/acceptance/acceptance.js $(ACCEPTANCE)

.PHONY: gate-acceptance-page
gate-acceptance-page: $(COMPILED) ## write bench/gate/ACCEPTANCE.md again, from bench/gate/acceptance/runs.jsonl
	@exec $(NODE) --enable-source-maps dist/bench/gate/acceptance/acceptance.js --page-only

.PHONY: bench-bounds
bench-bounds: build $(ARENA_DRIVER) ## what a well-behaved client notices of 10 000 idle, 5 000 slow and deaf ones, and of slowhttptest
	@$(NODE) dist/bench/load/bounds.bench.js --rounds $(BENCH_ROUNDS) --seconds $(BENCH_S)

# What a plan would do: bin/stoa-arena plan. Others: make arena PLAN=arena/plans/full.yaml
PLAN ?= quick
.PHONY: arena
arena: build $(ARENA_DRIVER) ## race the gateways: the quick plan (PLAN=quick), under ten minutes on two cores
	@bin/stoa-arena run -f $(PLAN) -o arena/runs

.PHONY: gate-synthetic
gate-synthetic: build ## what the gate promises, on 500 made-up runs each instead of 100
	STOA_TEST_LONG=1 $(NODE_TEST) dist/bench/gate/decision/acceptance.test.js

.PHONY: gate-power
gate-power: build ## simulate what the gate decides at how much noise, and write bench/gate/POWER.md
	$(NODE) dist/bench/gate/decision/power.bench.js --runs 100

.PHONY: bench-native
bench-native: ## micro-benchmarks of native/core (criterion)
	$(CARGO) bench --locked --package gateway-core --target-dir $(TARGET_DIR)

.PHONY: fuzz
fuzz: ## fuzz every target for FUZZ_S seconds (600) each
	@FUZZ_S=$(FUZZ_S) scripts/fuzz.sh

.PHONY: fuzz-short
fuzz-short: ## fuzz every target for 20 seconds each
	@FUZZ_S=20 scripts/fuzz.sh

.PHONY: fuzz-wire
fuzz-wire: build ## send CASES random requests (1000000) through FRONT (native, or uws), compare what arrives
	@exec $(NODE) --enable-source-maps dist/test/wire/differential/fuzz.js --cases $(CASES) --front $(FRONT) $(if $(SEED),--seed $(SEED))

# What a client, an upstream and a dying worker can do to native code; SANITIZE_TESTS names others.
SANITIZE_TESTS ?= $(filter dist/test/wire/% dist/test/front/% dist/test/exchange/% %/processes/replacement.test.js,$(TESTS))

# On the native front only those that it is not in by themselves already.
.PHONY: sanitize
sanitize: $(COMPILED) $(TEST_PKI) ## run wire, front, exchange and replacement tests on each front under the address sanitizer (needs nightly Rust)
	@failed=0; \
	export TEST_TIMEOUT_MS=$(TEST_TIMEOUT_MS); \
	STOA_TEST_FRONT=uws scripts/sanitize.sh $(SANITIZE_TESTS) || failed=1; \
	STOA_TEST_FRONT=native scripts/sanitize.sh $(or $(filter $(EITHER_FRONT_TESTS),$(SANITIZE_TESTS)),$(SANITIZE_TESTS)) || failed=1; \
	exit $$failed

.PHONY: clean
clean: ## remove what was built, keep what was downloaded
	rm -rf dist $(ADDON) target native/fuzz/target

.PHONY: distclean
distclean: clean ## remove what was downloaded, too
	rm -rf node_modules
