# make demo: from nothing to a counted election. make test, make check: what CI runs.
# make faults: every disturbance on real processes, about half an hour; what needs root says so.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
READY := $(VENV)/.ready

.PHONY: demo bench test faults check format clean

$(READY): pyproject.toml constraints.txt
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable '.[dev]'
	@touch $@

demo: $(READY)
	@rm -rf demo
	@$(BIN)/actas synth demo --sheets 300 --seed 1
	@$(BIN)/actas tally demo/scans --out demo/results --election demo/election || [ $$? -eq 3 ]

test: $(READY)
	$(BIN)/python -m pytest --numprocesses 2 --dist loadscope

faults: $(READY)
	ACTAS_ALL_FAULTS=1 $(BIN)/python -m pytest tests/faults -rs

# About a quarter of an hour; fails if a figure got worse than the one in BENCHMARKS.json.
bench: $(READY)
	$(BIN)/actas bench quick

check: $(READY)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy

format: $(READY)
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

clean:
	rm -rf demo $(VENV)
