# Needs python3 (3.11 or newer) and make; everything else goes into .venv.
PYTHON ?= python3
BIN := .venv/bin
READY := .venv/.ready
WORKERS ?= 2
FUZZ ?= 1000000
SCHEDULES ?= 10000
SEEDS ?= 2
RUNS ?= 60
BENCH ?= tests/benchmarks

.PHONY: fuzz setup demo test faults faults-full lint docs screenshots bench clean

setup: $(READY)

# The stamp is newer than pyproject.toml as long as the dependencies are the ones installed.
$(READY): pyproject.toml
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	@touch $(READY)

demo: $(READY)
	$(BIN)/engine demo $(DEMO)

test: $(READY)
	$(BIN)/pytest -n $(WORKERS) --dist loadfile --ignore tests/benchmarks $(TESTS)

# The server is killed, cut off, slowed down or out of disk at a boundary: some of the matrix, another part every time.
faults: $(READY)
	$(BIN)/python -m tests.faults sample --runs $(RUNS) --workers $(WORKERS) $(FAULTS)

# All of it, on both stores, into docs/reliability.md; what build/faults.jsonl holds already is not played again.
# Then days of edits on both sides with calls cut at random; one that fails is made small, and told with how to live it again.
faults-full: $(READY)
	$(BIN)/python -m tests.faults full --seeds $(SEEDS) --workers $(WORKERS) --write docs/reliability.md $(FAULTS)
	SCHEDULES=$(SCHEDULES) $(BIN)/pytest -n $(WORKERS) tests/scenarios/test_two_way_schedules.py
	@echo "$(SCHEDULES) schedules: both sides agree after each"

# Nonsense for whatever takes input; each input is drawn from its number, and one that does harm is kept in tests/fuzz/found.
fuzz: $(READY)
	$(BIN)/python -m tests.fuzz.run $(FUZZ)

lint: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports

docs: $(READY)
	$(BIN)/python -m engine.cli.reference docs
	$(BIN)/python -m connectors.quickbooks_desktop.troubles docs/quickbooks.md
	$(BIN)/python -m connectors.pipedrive.troubles docs/pipedrive.md
	$(BIN)/python -m engine.observe.tables docs/operations.md

# The pictures of README and docs, from a small demo; needs chromium.
screenshots: $(READY)
	$(BIN)/python -m tests.browser.screenshots docs/images

bench: $(READY)
	$(BIN)/pytest -p no:xdist $(BENCH) --benchmark-only

clean:
	rm -rf .venv build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis .benchmarks .coverage
	find . -name __pycache__ -type d -prune -exec rm -rf {} +
