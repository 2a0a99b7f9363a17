# Two commands matter: `make demo` and `make test`. Everything they need goes into .venv.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
SRC ?=
BUILD := build
# Most tests of processes wait: one more at a time than there are cores. Neighbours stay together and share what one made.
JOBS ?= $(shell expr $$(nproc) + 1)
# What was compiled once is kept: the tests start Python thousands of times.
unexport PYTHONDONTWRITEBYTECODE

.PHONY: setup demo test cover lint bench prove clean

setup: $(VENV)/.complete

$(VENV)/.complete: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed; set PYTHON=..."; exit 2; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@

# Encodes a clip it makes itself, or yours: make demo SRC=film.mkv
demo: setup
	@$(BIN)/python scripts/demo.py --build $(BUILD)/demo $(if $(SRC),--source '$(SRC)')

lint: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy src
	$(BIN)/lint-imports --no-cache

test: lint
	$(BIN)/python -m pytest -n $(JOBS) --dist worksteal

# Which lines the tests reach; slower.
cover: setup
	$(BIN)/python -m pytest -n $(JOBS) --cov --cov-report=term

# Benchmarks: the most telling cells, about an hour on two cores; all with FULL=1, most of a day. It makes a film of
# three minutes; name others with SRC="one.mkv two.mkv". What is in build/bench is not measured again: remove a file to
# do so. Runs ab-av1 beside it where that is on the PATH. Writes docs/benchmarks.md and its plots from all there is.
bench: setup
	$(BIN)/python bench/encode.py --build $(BUILD)/bench $(if $(SRC),--source $(SRC)) $(if $(FULL),--full)
	$(BIN)/python bench/tool_speed.py --build $(BUILD)/bench
	$(BIN)/python bench/classify_names.py --build $(BUILD)/bench
	$(BIN)/python bench/render_frames.py --build $(BUILD)/bench
	$(BIN)/python bench/chart_errors.py --build $(BUILD)/bench
	$(BIN)/python bench/simulate_cluster.py --workers 1 16 --films 12 --chunks 20 --searched 1 --patterns 2
	$(BIN)/python bench/page.py --build $(BUILD)/bench --docs docs

# Long fault and chaos runs, rarer films, and the rules tried on many more examples.
prove: setup
	$(BIN)/python -m pytest tests -m prove --override-ini=addopts= -ra -s
	$(BIN)/python -m pytest tests/unit --hypothesis-profile=prove

clean:
	rm -rf $(BUILD) $(VENV)
