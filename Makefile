# `make` alone lists what there is. Everything happens in .venv and data/; nothing needs root.
.DEFAULT_GOAL := help
.PHONY: help install demo serve test messages pages screenshots lock bench clean runtime develop

PORT ?= 8000
PYTHON := .venv/bin/python
HELIOGRAPH := .venv/bin/heliograph
LOCK := pip compile -q --universal --python-version 3.11 --generate-hashes --no-header --no-annotate

help: ## this list
	@awk -F ':.*## ' '/^[a-z]+:.*## / { printf "  make %-12s%s\n", $$1, $$2 }' Makefile

install: runtime ## what `heliograph` needs, in .venv

demo: runtime ## a place with people and photos, kept in data/demo (PORT=8000)
	@$(HELIOGRAPH) demo --port $(PORT) --keep data/demo

serve: runtime ## your own place, kept in data (PORT=8000)
	@$(HELIOGRAPH) serve $(if $(filter command line environment,$(origin PORT)),--port $(PORT))

test: develop ## every check and every test; takes some minutes
	@$(PYTHON) -m ruff format --check --quiet .
	@$(PYTHON) -m ruff check --quiet .
	@$(PYTHON) -m mypy
	@.venv/bin/lint-imports --no-logo --cache-dir .cache/import_linter
	@$(PYTHON) -m pytest -q -n 3 --dist loadfile --no-loadscope-reorder

messages: develop ## bring the catalogues in locales/ up to the words in the code
	@$(PYTHON) -m locales.update

pages: develop ## look at every page in a browser; a table, and pictures in HELIOGRAPH_SHOTS=/a/folder
	@$(PYTHON) -m pytest -q -s tests/browser/test_every_page.py

screenshots: develop ## take the pictures of README.md and of the manifest anew, from a demo
	@$(PYTHON) -m tools.screenshots

bench: develop ## measure; prints only what was measured
	@set -e; for script in benchmarks/*.py; do \
	  grep -q '__main__' "$$script" || continue; \
	  name=$$(basename "$$script" .py); echo "== $$name"; $(PYTHON) -m benchmarks.$$name; done

lock: develop ## work out requirements/*.lock anew from requirements/*.in
	@test -x .venv/bin/uv || $(PYTHON) -m pip install --quiet --disable-pip-version-check uv
	@cd requirements && for name in runtime develop; do ../.venv/bin/uv $(LOCK) $$name.in -o $$name.lock; done
	@if grep -nE '://|--(extra-)?index-url|--find-links' requirements/*.lock; then \
	  echo "A lock file must not name a place to download from." >&2; exit 1; fi

clean: ## remove .venv, caches and the demo; your own data stays
	@rm -rf .venv .cache .ruff_cache .import_linter_cache .hypothesis data/demo
	@find . -name __pycache__ -type d -not -path './data/*' -prune -exec rm -rf {} +

runtime:
	@requirements/install.sh runtime

develop:
	@requirements/install.sh develop
