# `make demo` and `make test` do all the set-up there is: a virtual environment in .venv, filled from the
# package index that pip is configured for.

PYTHON ?= python3
VENV   := .venv
BIN    := $(VENV)/bin
PEERS  := .peers

.PHONY: demo picture test test-all test-rest test-cluster lint types docs bench bench-full clean

demo: $(VENV)/.runtime
	$(BIN)/lda fit benchmarks/data/sotu.jsonl.gz --text text --id id --stop-words english --min-df 3 --max-df 0.5 \
	    -k 20 --sweeps 400 --top-words 0 --output demo-model --overwrite
	$(BIN)/lda topics demo-model
	$(BIN)/lda report demo-model benchmarks/data/sotu.jsonl.gz --text text --id id --over year --by party \
	    --output demo-report.html --overwrite
	@echo "now open demo-report.html in a browser: the topics, their words and their speeches"

# Two processes, and each file of tests whole in one of them: what its tests share is made once. More processes are
# worth it only where there are many cores, since each compiles most kernels itself when there are none on disk.
WORKERS ?= 2
PYTEST := $(BIN)/python -m pytest --durations 10
SPREAD := $(PYTEST) --numprocesses $(WORKERS) --dist loadfile

# Minutes: all but what takes long, and of Ray a few. Ray has the cores to itself: it is many processes anyway, and
# tests that wait for its actors are not to wait for others.
test: $(VENV)/.dev
	$(SPREAD) -m 'not slow and not ray and not netns'
	$(PYTEST) -m 'ray and smoke'

# What `make test` leaves out, but for what needs root.
test-rest: $(VENV)/.dev $(PEERS)/clients
	$(SPREAD) -m 'slow and not ray and not netns'
	$(PYTEST) -m 'ray and not smoke and not netns'

test-all:
	$(MAKE) test
	$(MAKE) test-rest
	$(MAKE) test-cluster

# What `lda topics` prints, and what the report shows, for the README and the documentation.
picture: demo $(VENV)/.dev
	$(BIN)/python -m benchmarks picture
	$(BIN)/python -m benchmarks report-picture

# Hosts with addresses of their own, in network namespaces: as root, with ip and tc (Debian: iproute2).
test-cluster: $(VENV)/.dev
	$(BIN)/python -m pytest -m netns -rs -s

lint: $(VENV)/.dev
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(VENV)/.dev
	$(BIN)/mypy
	$(BIN)/mypy --config-file tests/mypy.ini

# The site, in docs/_build/html; notebooks are executed, and a warning is an error.
docs: $(VENV)/.docs
	$(BIN)/python -m sphinx --fail-on-warning --keep-going --quiet -b html docs docs/_build/html
	@echo "open docs/_build/html/index.html"

# Minutes. What it makes lies in .benchmarks/quick: race.html has the pictures.
bench: $(VENV)/.bench
	$(BIN)/python -m benchmarks race --corpus sotu -k 20 --systems raylda,tomotopy,mallet,gensim,sklearn \
	    --sweeps 160 --seconds 60 --seeds 1 --output .benchmarks/quick --resume

# Many hours, in .benchmarks/full; cut off, it goes on where it was. Corpora that are not here are left out.
BENCH := $(BIN)/python -m benchmarks race --output .benchmarks/full --resume
bench-full: $(VENV)/.bench
	$(BENCH) --corpus sotu --corpus nips --corpus movies --corpus ungd --corpus arxiv -k 20 -k 100 -k 1000
	$(BENCH) --corpus arxiv -k 100 -k 1000 --systems raylda,mallet --threads 1
	$(BENCH) --corpus synthetic -k 100 -k 1000 --sweeps 160 --seconds 7200 --seeds 1

$(VENV)/bin/python:
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || \
	    { echo "Python 3.11 or later is needed, $(PYTHON) is older; call make PYTHON=python3.12, say"; exit 1; }
	$(PYTHON) -m venv $(VENV)

# The stamps keep a second call from asking pip again. That of the demo stands for the report's packages, too, which
# `dev` brings as well.
$(VENV)/.runtime: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[report]'
	touch $@

$(VENV)/.dev: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[dev]'
	$(MAKE) $(PEERS)/lda-3.0.2
	touch $(VENV)/.runtime $@

# The package `lda`, for its tests, which are run against this one. It is never installed beside it, for the files of the
# two would be mixed. Its compiled part is not used, so that any wheel will do on any machine; where there is none to be
# had, the test that runs them is skipped and says so.
$(PEERS)/lda-%: | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --only-binary :all: \
	    --platform manylinux2014_x86_64 --python-version 3.12 --target $@ lda==$* || \
	    echo "the package lda $* cannot be had, so its tests are left out"

# What others ask a service by, in an environment of its own: it wants older versions of what ours needs.
$(PEERS)/clients: | $(VENV)/bin/python
	rm -rf $@.new && $(BIN)/python -m venv $@.new && \
	    $@.new/bin/python -m pip install --quiet --disable-pip-version-check 'tritonclient[http]>=2.60' 'kserve>=0.15' && \
	    mv $@.new $@ || echo "the clients of Triton and KServe cannot be had, so their tests are left out"

$(VENV)/.bench: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[bench]'
	touch $@

$(VENV)/.docs: pyproject.toml | $(VENV)/bin/python
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --editable '.[docs]'
	touch $@

clean:
	rm -rf docs/_build build dist *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis demo-model demo-report.html
