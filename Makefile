# `make` lists what can be made.
.DEFAULT_GOAL := help
.PHONY: help demo test fuzz lint doc fmt bench clean

DEMO_OUT ?= target/demo
CASES ?= 1000000
BENCH_PYTHON ?= $(CURDIR)/target/bench-python/bin/python
SEED ?= $(shell date +%s)

help: ## List the targets
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: ## Export a simulated account of 50,000 clips and show what came of it
	cargo build --release --locked --workspace
	@rm -rf $(DEMO_OUT)
	target/release/clipcensus export --sandbox --out $(DEMO_OUT)
	target/release/clipcensus verify $(DEMO_OUT)

test: ## Run every test that a contributor must pass
	cargo test --locked --workspace

fuzz: ## Mutate the pages of samples/ through decoder and normaliser; CASES=... SEED=...
	FUZZ_CASES=$(CASES) FUZZ_SEED=$(SEED) cargo test --locked --lib crawl::fuzz -- --nocapture

lint: ## Check format and lints
	cargo fmt --all --check
	@# Incremental state and `expect` attributes of modules crash this clippy now and then.
	CARGO_INCREMENTAL=0 cargo clippy --locked --workspace --all-targets -- -D warnings

doc: ## Build the documentation, private items included
	RUSTDOCFLAGS="-D warnings" cargo doc --locked --workspace --no-deps --document-private-items

bench: export CLIPCENSUS_BENCH_PYTHON = $(BENCH_PYTHON)
bench: ## Measure speed and memory in release: exports beside a script, the transform beside DuckDB
	@test -x $(BENCH_PYTHON) || python3 -m venv target/bench-python
	@$(BENCH_PYTHON) -c 'import aiohttp, duckdb, orjson, pyarrow' 2>/dev/null \
		|| $(BENCH_PYTHON) -m pip --quiet install aiohttp duckdb orjson pyarrow
	cargo bench --locked --bench speed
	cargo bench --locked --bench transform

fmt: ## Format the code
	cargo fmt --all

clean: ## Remove everything that was built
	cargo clean
