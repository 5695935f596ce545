# `make` lists what there is. Every target installs what it needs and is missing (scripts/setup.sh).

SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
MAKEFLAGS += --no-print-directory

target := $(or $(CARGO_TARGET_DIR),target)
setup := scripts/setup.sh

# Always the whole workspace: another selection of packages compiles the dependencies again.
server := --workspace --features ssr
tested := --workspace --features ssr,failpoints

# The agent for this processor; a setting of the caller wins.
export DEPLOYMEND_OPENCODE ?= $(shell bash -c '. scripts/lib.sh && opencode_path')

# Many tests wait for what other processes do: more of them at once than there are processors.
export RUST_TEST_THREADS ?= $(shell echo $$(($$(nproc) * 3 / 2)))

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: setup
setup: ## install everything that building, running, testing and linting need
	@$(setup) all

.PHONY: build
build: ## compile the server for local work, and the browser files
	@$(setup) build
	cargo build $(server)
	scripts/build-site.sh

.PHONY: release
release: ## compile the server as it is to be run for real (target/release/deploymend), and the browser files
	@$(setup) build
	cargo build --release --features ssr
	scripts/build-site.sh

.PHONY: demo
demo: ## show the whole story; ONCE=1 without a browser, KEEP=dir keeps its results, PROJECT=dir takes another project
	@$(setup) build run
	@cargo build $(server)
	@scripts/build-site.sh
	@$(target)/debug/standins demo --app $(target)/debug/deploymend --site target/site \
	  $(if $(ONCE),--once) $(if $(KEEP),--keep "$(KEEP)") $(if $(PROJECT),--project "$(PROJECT)")

.PHONY: dev
dev: build ## run the server on http://127.0.0.1:3000 with its database in data/
	@$(setup) run
	$(target)/debug/deploymend serve

.PHONY: test
test: ## run all tests: on SQLite, on PostgreSQL, in Chromium
	@$(setup) build run test
	@scripts/build-all.sh $(tested)
	@$(MAKE) test-sqlite
	@$(MAKE) test-postgres
	@$(MAKE) test-browser

.PHONY: test-sqlite
test-sqlite: ## run the Rust tests on SQLite
	@$(setup) run
	cargo test $(tested)

# Of the integration tests, those that open no database: they run on the first one alone.
no_database := elsewhere::commands elsewhere::outages elsewhere::patches
# And those that look at agents, models, sandboxes, platforms and GitHub: what they store, other tests store, too.
of_others := cloudflare:: contract:: endings:: faults::garbage faults::github_down hostile:: platforms:: render:: story:: \
  vercel::

.PHONY: test-postgres
test-postgres: ## run the Rust tests that use a database on a PostgreSQL server made for them; WHOLE=1 leaves none out
	@$(setup) run test
	cargo test $(tested) --no-run
	scripts/with-postgres.sh cargo test $(tested) --lib --bins
	scripts/with-postgres.sh cargo test $(tested) --test it -- \
	  $(patsubst %,--skip %,$(no_database) $(if $(WHOLE),,$(of_others)))
	DURABLE=1 scripts/with-postgres.sh cargo test $(tested) --test it -- \
	  --ignored --exact chaos::a_few_fixes_survive_all_of_it --nocapture

# Not by `cargo build`: without the tests, shared dependencies have other features and are compiled once more.
.PHONY: test-browser
test-browser: ## run the Playwright tests in Chromium, and Schemathesis on the REST API
	@$(setup) build run test
	cargo test $(tested) --no-run
	scripts/build-site.sh
	cd end2end && CHROMIUM="$$(bash -c '. ../scripts/lib.sh && chromium_path' || true)" \
	  SCHEMATHESIS="$$(bash -c '. ../scripts/lib.sh && schemathesis_folder')/bin/schemathesis" \
	  npx --no-install playwright test

.PHONY: bench
bench: ## measure the optimised program (minutes to compile); ONLY="webhooks fix" measures those parts alone
	@$(setup) build run
	@scripts/build-site.sh
	cargo bench $(server) --bench speed --bench parts --no-run
	$(if $(filter log,$(ONLY)),,cargo bench $(server) --bench speed -- $(ONLY))
	$(if $(ONLY),,cargo bench $(server) --bench parts)
	$(if $(filter-out log,$(ONLY)),,@$(MAKE) bench-log)

.PHONY: bench-diagnosis
bench-diagnosis: ## score the diagnosis on labelled logs: the recorded ones, and those in CORPUS where it is there
	@$(setup) run
	@cargo build --quiet $(tested) --example score
	@$(target)/debug/examples/score tests/data/logs "$(or $(CORPUS),../shared/corpus)"

.PHONY: bench-log
bench-log: ## measure the page of a log of 50,000 lines in Chromium
	@$(setup) build run test
	cargo build --release $(server)
	@scripts/build-site.sh
	cd end2end && CHROMIUM="$$(bash -c '. ../scripts/lib.sh && chromium_path' || true)" \
	  DEPLOYMEND_PROGRAMS="$(abspath $(target))/release" npx --no-install playwright test -c bench.config.ts

.PHONY: flood
flood: ## flood the optimised program with deliveries for a minute (FOR=seconds), and kill it twice; see README
	@$(setup) build run
	@scripts/build-site.sh
	cargo bench $(server) --bench flood -- $(or $(FOR),60)

# Against the optimised program, which the benchmarks come with: a worker that is killed every few seconds has to get
# something done in between.
optimised := cargo bench $(server) --bench flood --no-run
in_optimised := DEPLOYMEND_PROGRAMS="$(abspath $(target))/release"

.PHONY: chaos
chaos: ## repair 500 failures (FIXES=) by 10 workers (WORKERS=) that are killed all the time, on PostgreSQL
	@$(setup) build run test
	$(optimised)
	$(in_optimised) DURABLE=1 scripts/with-postgres.sh cargo test $(tested) --test it -- \
	  --ignored --exact chaos::five_hundred_fixes_survive_all_of_it --nocapture

.PHONY: throughput
throughput: ## count the fixes a minute of 1, 2 and 4 workers whose agents only wait, on PostgreSQL
	@$(setup) build run test
	$(optimised)
	$(in_optimised) scripts/with-postgres.sh cargo test $(tested) --test it -- \
	  --ignored --exact chaos::throughput::fixes_a_minute --nocapture

.PHONY: sbom
sbom: ## write what a release is made of into target/sbom, as CycloneDX
	@$(setup) sbom
	@scripts/sbom.sh

.PHONY: soak
soak: ## let the server work for half an hour (SOAK=minutes) and see whether what it holds of the machine is flat
	@$(setup) run
	SOAK=$(or $(SOAK),30) cargo test $(tested) --test it what_the_server_holds_is_flat -- --ignored --nocapture

.PHONY: fuzz
fuzz: ## feed what reads the words of strangers with what a fuzzer makes of real ones; FOR=seconds each, ONLY=target
	@$(setup) fuzz
	@scripts/fuzz.sh $(or $(FOR),600) $(ONLY)

.PHONY: lint
lint: ## check formatting, clippy, documentation, licences, unused dependencies and scripts
	@$(setup) build lint
	@scripts/lint.sh

.PHONY: fmt
fmt: ## format the Rust code
	cargo fmt --all

.PHONY: clean
clean: ## remove what was built and installed in this folder
	cargo clean
	rm -rf tools/node_modules end2end/node_modules end2end/test-results end2end/playwright-report
