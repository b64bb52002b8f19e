PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin

.DEFAULT_GOAL := help
.PHONY: help demo test lint docs gallery clean

help:
	@echo "make demo   compute the demonstration into outputs/demo"
	@echo "make test   run the tests"
	@echo "make docs   build the documentation into build/site"
	@echo "make gallery  compute the pictures of the gallery (long)"
	@echo "make lint   check style, format and types"
	@echo "make clean  remove the virtual environment and what was built"
	@echo "The virtual environment $(VENV) is made when needed, with PYTHON=$(PYTHON)"

demo: $(VENV)/.installed
	$(BIN)/elpips demo --outdir outputs/demo

test: $(VENV)/.installed
	$(BIN)/python -m pytest -n auto --maxprocesses 4 --dist loadfile

lint: $(VENV)/.installed-dev
	$(BIN)/python -m ruff check .
	$(BIN)/python -m ruff format --check .
	$(BIN)/python .ci/typecheck

# Strict: a warning, such as a broken link, is an error.
docs: $(VENV)/.installed-docs
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build

gallery: $(VENV)/.installed
	$(BIN)/python docs/gallery.py --docs docs

# The stamps are written last, so that a failed install is tried again.
$(VENV)/.installed: pyproject.toml constraints.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' || { \
	  echo "Python 3.10 or newer is needed; '$(PYTHON)' is $$($(PYTHON) --version 2>&1 || true)." \
	    "Name one with: make PYTHON=python3.12 ..." >&2; exit 1; }
	@rm -f $(VENV)/.installed $(VENV)/.installed-dev $(VENV)/.installed-docs
	$(PYTHON) -m venv $(VENV)
# What an earlier, not editable install left there would hide the checkout's package.
	rm -rf $(VENV)/lib/python*/site-packages/elpips
	$(BIN)/python -m pip install -c constraints.txt -e '.[test]'
	@touch $@

$(VENV)/.installed-dev: $(VENV)/.installed
	$(BIN)/python -m pip install -c constraints.txt -e '.[test,dev]'
	@touch $@

$(VENV)/.installed-docs: $(VENV)/.installed
	$(BIN)/python -m pip install -c constraints.txt -e '.[test,docs]'
	@touch $@

clean:
	rm -rf $(VENV) build dist *.egg-info .pytest_cache .mypy_cache .ruff_cache
	find . -name .git -prune -o -name __pycache__ -type d -prune -exec rm -rf {} +
