# Everything is done in .venv, which is made from nothing; root is not needed.
SHELL := /bin/sh
.DEFAULT_GOAL := help
PYTHON ?= $(shell for it in python3 python3.14 python3.13 python3.12 python3.11; do \
	$$it -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null && { echo $$it; break; }; done)
VENV := .venv
BIN := $(VENV)/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --retries 10 --timeout 60
CODE := mailer subscribers tests $(wildcard benchmarks)
WORKERS ?= 2
PYTEST := $(BIN)/pytest --numprocesses=$(WORKERS) --maxschedchunk=4

.PHONY: help run demo test check golden clean install install-test browser format lint types imports words unit

help: ## list the targets
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | expand -t 14

run: install ## install and start everything in ./workspace, with the sample issue; Ctrl-C stops it
	@test -f workspace/mailer.toml || $(BIN)/mailer init workspace --sample
	@$(BIN)/mailer run --workspace workspace

demo: install ## send the sample issue to sample people through a local SMTP server, and show who got what
	@$(BIN)/mailer demo --once

test: install-test browser ## everything: lint, types, import rules, then all tests on real servers
	@$(MAKE) --no-print-directory lint types imports words
	@$(PYTEST) tests

check: install-test ## format, lint, types, import rules, house rules and unit tests; under a minute
	@$(MAKE) --no-print-directory --keep-going lint types imports words unit

golden: install-test ## write the golden files anew, to be read in review
	@$(BIN)/pytest -q -m golden --golden tests
	@git --no-pager diff --stat -- tests/data

clean: ## remove what was made, but no workspace
	rm -rf $(VENV) build dist .pytest_cache .mypy_cache .ruff_cache .import_linter_cache .hypothesis
	find $(CODE) -name __pycache__ -prune -exec rm -rf {} +

install: $(VENV)/.installed
install-test: $(VENV)/.installed-test

format: install-test ## write the code in the one format
	@$(BIN)/ruff format $(CODE)
	@$(BIN)/ruff check --fix $(CODE)

lint:
	@$(BIN)/ruff format --check --quiet $(CODE) || { echo "run: make format" >&2; exit 1; }
	@$(BIN)/ruff check --quiet $(CODE)

types:
	@$(BIN)/mypy --no-error-summary mailer subscribers tests

imports:
	@$(BIN)/lint-imports --no-logo > $(VENV)/imports.log 2>&1 || { cat $(VENV)/imports.log; exit 1; }

words:
	@$(BIN)/codespell mailer subscribers tests templates docs README.md
	@$(BIN)/djlint --quiet --lint templates/web

unit:
	@$(PYTEST) -q tests/unit tests/house

browser: # Chromium comes from the system: installed where we may, else looked for
	@for it in chromium chromium-browser google-chrome google-chrome-stable; do \
		command -v $$it >/dev/null && exit 0; done; \
	if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null; then \
		apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends chromium >/dev/null; \
	elif [ ! -e "/Applications/Google Chrome.app" ]; then \
		echo "the browser tests need Chromium: install it (Debian: apt-get install chromium) and run this again" >&2; exit 1; fi

$(VENV)/.made:
	@test -n "$(PYTHON)" || { echo "Python 3.11 or newer is needed" >&2; exit 1; }
	@echo "making $(VENV) with $(PYTHON) …" >&2
	@$(PYTHON) -m venv $(VENV) || { echo "python -m venv failed (Debian: apt-get install python3-venv)" >&2; exit 1; }
	@touch $@

# Installed anew only when pyproject.toml has changed: the code itself is used where it lies.
$(VENV)/.installed: $(VENV)/.made pyproject.toml
	@echo "installing …" >&2
	@$(PIP) --editable .
	@touch $@

$(VENV)/.installed-test: $(VENV)/.made pyproject.toml
	@echo "installing, with what the tests need …" >&2
	@$(PIP) --editable '.[test]'
	@touch $(VENV)/.installed $@
