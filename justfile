# The commands of this tree. `just` lists them.

set shell := ["bash", "-euo", "pipefail", "-c"]

host := `rustc -vV | sed -n 's/^host: //p'`
verify := "--profile verify --workspace"
guest := "--manifest-path components/Cargo.toml"

_default:
    @just --list --unsorted

# Build the components into components/dist.
guests:
    .ci/guests

# Build the examples into components/dist/examples, with each language's own tools, and call each.
examples:
    .ci/examples

# Make a new component of each kind in JavaScript and Python, and pass each through `build` and `test`.
scaffolds:
    .ci/scaffolds

# Build the release binary.
build:
    ./bootstrap build

# Build the tests, and the binary that they start.
build-tests: guests
    cargo build {{verify}} --tests --bins

# Check formatting.
format:
    cargo fmt --all --check
    cargo fmt {{guest}} --all --check

# Check formatting and lints.
check: format guests
    cargo clippy {{verify}} --all-targets -- -D warnings
    cargo clippy {{guest}} --workspace --all-targets -- -D warnings

# `check`, then licences, bans, sources and advisories of the dependencies.
lint: check
    @cargo deny --version >/dev/null 2>&1 || { echo "cargo-deny is missing: cargo install --locked cargo-deny" >&2; exit 1; }
    cargo deny --workspace check licenses bans sources
    cargo deny {{guest}} --workspace check licenses bans sources
    cargo deny --workspace check advisories

# Run every Rust test, the documentation's too.
test: guests
    .ci/python >/dev/null
    .ci/docker run cargo test {{verify}}
    cargo test {{guest}} --workspace

# Drive the page in a real browser.
e2e: build-tests
    .ci/docker run node --test --test-timeout=300000 e2e/*.test.mjs

# Measure the release binary, print a table, and write target/bench/summary.json. An example that cannot be built here is left out of it.
bench:
    .ci/guests release
    -.ci/examples geometry-rust
    -.ci/examples roman-python
    cargo build --release -p wirken-cli -p wirken-bench
    target/{{host}}/release/wirken-bench target/{{host}}/release/wirken

# Fuzz each target for SECONDS.
fuzz seconds="60":
    fuzz/run all {{seconds}}

# Replay each corpus, then fuzz briefly: what CI runs.
fuzz-ci:
    fuzz/run all 5 --replay

# Talk to the release binary for SECONDS, and see that nothing grows or gets lost; then repeat the tests of the host.
soak seconds="600":
    .ci/guests release
    cargo build --release -p wirken-cli -p wirken-bench
    target/{{host}}/release/wirken-bench target/{{host}}/release/wirken soak {{seconds}}
    for round in 1 2 3; do .ci/docker run cargo test {{verify}}; done

# Regenerate committed generated files.
gen: guests
    .ci/wire
    cargo run --quiet --profile verify -p wirken-cli -- config schema > docs/config.schema.json

# Release the packages of wit/ that are newer than those that are released: they never change from then on.
release-wit:
    cargo run --quiet --profile verify -p wirken-structure --bin wirken-release-wit

# What CI runs.
ci:
    ./bootstrap test
