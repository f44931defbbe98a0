# `make` alone prints this help. Everything lives in .venv and var; `make clean` removes the first and leaves the second.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV_VERSION := 0.13.9
STAMP := $(VENV)/.ready

.DEFAULT_GOAL := help
.PHONY: help setup run test test-sqlite test-postgres engines check bench corpus screenshots lock clean

help: ## print this help
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## make the virtual environment in .venv

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Trustdesk needs Python 3.11 or newer (PYTHON=... names it)"; exit 1; }
	@test -x $(BIN)/python || $(PYTHON) -m venv $(VENV) || { echo "python -m venv failed: install your system's venv package (Debian: python3-venv)"; exit 1; }
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check uv==$(UV_VERSION)
	@# uv is quick; where it cannot reach the index and pip can (a proxy, a certificate of your own), pip does it.
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes --requirement requirements.lock 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes --requirement requirements.lock
	@$(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --no-deps --editable . 2>/dev/null \
	  || $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --editable .
	@touch $(STAMP)

run: setup ## start the whole desk with a sample provider on http://127.0.0.1:8000
	@exec $(BIN)/trustdesk run

test: setup ## run all tests, on SQLite and on PostgreSQL where there is one
	@PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/python tests/run.py

engines: setup ## compute the same metrics on ClickHouse, PostgreSQL and Spark (needs Java 17)
	@command -v java >/dev/null || echo "!! There is no Java: Spark will NOT be tested."
	@$(BIN)/python -c 'import chdb, pyspark' 2>/dev/null \
	  || $(BIN)/uv pip install --quiet --system-certs --python $(BIN)/python --require-hashes --requirement requirements-engines.lock
	@$(BIN)/python -m pytest -q -rs tests/engines

check: setup ## lint, types, import contracts, docs
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/lint-imports --no-cache
	@$(BIN)/mypy
	@$(BIN)/python tools/check.py

bench: setup ## what is fast, beside what you would use instead
	@$(BIN)/python -m benchmarks.intake

corpus: setup ## measure the reader on real mail: make corpus CORPUS=folder
	@test -n "$(CORPUS)" || { echo "say where it is: make corpus CORPUS=folder"; exit 2; }
	@$(BIN)/python -m benchmarks.corpus $(CORPUS)

screenshots: setup ## draw the pages for the docs from the demo (needs Chromium)
	@$(BIN)/python -m tools.screenshots

lock: setup ## pin the dependencies anew
	@$(BIN)/uv pip compile pyproject.toml --extra dev --universal --generate-hashes --no-header --quiet --upgrade -o requirements.lock
	@$(BIN)/uv pip compile pyproject.toml --extra dev --extra engines --universal --generate-hashes --no-header --quiet -c requirements.lock -o requirements-engines.lock

clean: ## remove the virtual environment and caches; your data in var stays
	rm -rf $(VENV) build dist .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
