# One word each, from a fresh clone: every target makes the environment it needs.

PYTHON ?= python3
ARGS ?=
VENV := .venv
BIN := $(VENV)/bin
INSTALLED := $(VENV)/.installed
# mypy follows the links inside workflow_engine, so adapters, ui and workflows are not named again.
TYPED := workflow_engine tests $(wildcard examples benchmarks)
CONSTRAINTS := build/constraints
REMEDY := install Python 3.11 or newer, or name one with make PYTHON=...

.DEFAULT_GOAL := help
.PHONY: help demo test e2e check bench constraints clean python

help: ## list these targets
	@sed -nE 's/^([a-z0-9]+):[^#]*## (.*)/\1 \2/p' $(MAKEFILE_LIST) | \
	    while read -r target what; do printf '  make %-12s %s\n' "$$target" "$$what"; done
	@echo
	@echo '  ARGS="..." is passed on by demo, test, e2e and bench; PYTHON=python3.12 makes $(VENV) with that Python.'

demo: $(INSTALLED) ## run the engine on an example
	@$(BIN)/workflow-engine demo $(ARGS)

test: $(INSTALLED) ## run all tests but the end-to-end ones
	$(BIN)/python -m pytest $(ARGS)

e2e: $(INSTALLED) ## run the end-to-end tests
	$(BIN)/python -m pytest -m e2e $(ARGS)

# Pyright comes complete as wheels; the variable keeps it from asking the network for a newer version of itself.
check: $(INSTALLED) ## format, lint and type checks
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy $(TYPED)
	PYRIGHT_PYTHON_IGNORE_WARNINGS=1 $(BIN)/pyright

bench: $(INSTALLED) ## measure throughput and latency
	$(BIN)/python benchmarks/run.py $(ARGS)

constraints: python ## renew constraints.txt from the newest versions that pyproject.toml allows
	rm -rf $(CONSTRAINTS)
	$(PYTHON) -m venv $(CONSTRAINTS)
	$(CONSTRAINTS)/bin/python -m pip install --quiet --disable-pip-version-check -e '.[dev]'
	@echo '# What we test with. Made by `make constraints`.' > $(CONSTRAINTS)/constraints.txt
	$(CONSTRAINTS)/bin/python -m pip list --disable-pip-version-check --format=freeze \
	    --exclude-editable --exclude pip --exclude setuptools >> $(CONSTRAINTS)/constraints.txt
	mv $(CONSTRAINTS)/constraints.txt constraints.txt
	rm -rf $(CONSTRAINTS)

clean: ## remove what these targets made; tasks in workflow_data stay
	rm -rf $(VENV) build dist *.egg-info .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

python:
	@command -v $(PYTHON) >/dev/null || { echo '$(PYTHON) is not on the PATH: $(REMEDY)' >&2; exit 1; }
	@$(PYTHON) -c 'import sys; v = sys.version_info[:2]; v >= (3, 11) or sys.exit("$(PYTHON) is Python %d.%d: $(REMEDY)" % v)'

# Begin again where the making of the environment was interrupted, or failed for want of ensurepip.
$(INSTALLED): pyproject.toml constraints.txt | python
	@$(BIN)/python -c 'import pip, sys; sys.exit(sys.prefix == sys.base_prefix)' 2>/dev/null || \
	    $(PYTHON) -m venv --clear $(VENV)
	@echo 'Installing into $(VENV) ...'
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check -c constraints.txt -e '.[dev]'
	@touch $@
