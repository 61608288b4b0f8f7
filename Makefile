# Each target sets up .venv by itself; nothing is installed outside of it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO := demo-$(shell date +%Y%m%d-%H%M%S)
START := $(shell date +%s)
INSTALL := $(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt
PARALLEL := $(BIN)/python -m pytest -n auto --dist loadfile --max-worker-restart 0
SAY = @echo "$$(printf '%3d' $$(($$(date +%s) - $(START)))) s"

.PHONY: demo app test test-thorough test-browser test-all lint docs wheel benchmark soak clean

demo: .venv/installed  ## train a new head on the sample, export it, serve it, ask it over HTTP
	$(BIN)/python -m imgcls.train --model efficientnet_lite0 --plan head --feature-views 1 --name $(DEMO)
	$(BIN)/python -m imgcls.export runs/$(DEMO) --name demo
	$(BIN)/python examples/serve_and_ask.py saved_models/demo datasets/fashion_mini/test/bag/00056.png datasets/fashion_mini/test/trouser/00409.png
	@echo
	@echo "What to open next:"
	@echo "  runs/$(DEMO)/report.html   the report, with the worst mistakes as images"
	@echo "  make app                                    the same in the browser, with your own images"
	@echo "  . .venv/bin/activate                        then, in this shell:"
	@echo "  python -m imgcls.serve saved_models/demo    serves what was trained"
	@echo "  python -m imgcls.train --data FOLDER        trains on your own images"

app: .venv/installed  ## the app, in the browser
	$(BIN)/streamlit run apps/app.py

test: .venv/development  ## the tests that take a few seconds at most each: a quarter of an hour on two cores
	$(PARALLEL) -m "not thorough and not slow and not browser"

test-thorough: .venv/development  ## the tests that train, export or serve for longer: another half an hour
	$(PARALLEL) -m "thorough and not slow and not browser"

test-browser: .venv/development  ## the tests that drive the app in Chromium
	$(PARALLEL) -m "browser and not slow"

test-all: .venv/development  ## everything, for hours
	.ci/clusters
	$(BIN)/python -m pytest

lint: .venv/development  ## format, rules and types, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy

docs: .venv/development  ## the documentation, in site/
	NO_MKDOCS_2_WARNING=1 $(BIN)/mkdocs build --strict

wheel: .venv/installed  ## the wheel, installed into an empty environment and walked through the five commands
	.ci/wheel

benchmark: .venv/installed  ## start-up time of the commands; the other benchmarks say themselves what they need
	$(BIN)/python benchmarks/startup.py

soak: .venv/installed  ## ten minutes of good, bad and hostile requests: make soak BUNDLE=saved_models/demo
	$(BIN)/python benchmarks/soak.py $(or $(BUNDLE),saved_models/demo) --minutes $(or $(MINUTES),10)

clean:
	rm -rf .venv build dist site *.egg-info .pytest_cache .ruff_cache .mypy_cache

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found. Install it, or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo "$(PYTHON) is $$($(PYTHON) --version); expected Python 3.11 to 3.13. Name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 2; }
	$(SAY)"  install, 1 of 3: an empty environment in .venv"
	@$(PYTHON) -m venv .venv
	$(SAY)"  install, 2 of 3: TensorFlow (2 GB on the disk)"
	@$(INSTALL) tensorflow
	$(SAY)"  install, 3 of 3: imgcls, with Streamlit, pandas, TensorFlow Datasets and what they need"
	@$(INSTALL) --editable .
	$(SAY)"  installed"
	@touch $@

.venv/development: .venv/installed
	$(SAY)"  install: what the tests, the linters and the documentation need"
	@$(INSTALL) --editable ".[test,docs,dev]"
	@$(INSTALL) --no-deps foolbox
	$(SAY)"  installed"
	@touch $@
