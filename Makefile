# `make demo` and `make test` do all the set-up there is: a virtual environment in .venv, filled from the
# package index that pip is configured for.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin

.PHONY: demo test test-cluster lint types bench clean

demo: $(VENV)/.runtime
	$(BIN)/lda fit benchmarks/data/sotu.jsonl.gz --text text --id id --stop-words english --min-df 3 --max-df 0.5 \
	    -k 20 --sweeps 400 --top-words 0 --output demo-model --overwrite
	$(BIN)/lda topics demo-model

test: $(VENV)/.dev
	$(BIN)/python -m pytest

# Hosts with addresses of their own, in network namespaces: as root, with ip and tc (Debian: iproute2).
test-cluster: $(VENV)/.dev
	$(BIN)/python -m pytest -m netns -rs -s

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy

bench: $(VENV)/.dev
	$(BIN)/python -m benchmarks speed

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed, $(PYTHON) is older; call make PYTHON=python3.12, say"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps keep a second call from asking pip again.
$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable .
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	touch $(VENV)/.runtime $@

clean:
	rm -rf build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-model
