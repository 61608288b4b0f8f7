# `make demo` and `make test` set up .venv by themselves; nothing is installed outside of it.
PYTHON ?= $(shell command -v python3.11 || command -v python3)
BIN := .venv/bin
DEMO := demo-$(shell date +%Y%m%d-%H%M%S)

.PHONY: demo app test test-browser test-all lint benchmark clean

demo: .venv/installed  ## a new head on ImageNet's features of the sample, judged, exported, asked: two to three minutes
	$(BIN)/python -m imgcls.train --model efficientnet_lite0 --plan head --name $(DEMO)
	$(BIN)/python -m imgcls.export runs/$(DEMO) --name demo
	$(BIN)/python -m imgcls.predict saved_models/demo datasets/fashion_mini/test/bag/00*.png
	@echo; echo "The report, with the worst mistakes as pictures: runs/$(DEMO)/report.html"

app: .venv/installed  ## the app, in the browser
	$(BIN)/streamlit run apps/app.py

test: .venv/installed  ## the tests: about eleven minutes on two cores
	$(BIN)/python -m pytest -n auto --dist loadfile -m "not slow and not browser"

test-browser: .venv/installed  ## the tests that drive the app in Chromium
	$(BIN)/python -m pytest -m "browser and not slow"

test-all: .venv/installed  ## everything, for hours
	$(BIN)/python -m pytest

lint: .venv/installed  ## format and lint, changing nothing
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .

benchmark: .venv/installed  ## start-up time of the commands; the other benchmarks say themselves what they need
	$(BIN)/python benchmarks/startup.py

clean:
	rm -rf .venv build *.egg-info .pytest_cache .ruff_cache

.venv/installed: pyproject.toml constraints.txt
	@test -n "$(PYTHON)" || { echo "Python 3.11 was not found. Install it, or name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] < (3, 14))' || { echo "$(PYTHON) is $$($(PYTHON) --version); expected Python 3.11 to 3.13. Name one: make PYTHON=/path/to/python3.11 $(MAKECMDGOALS)"; exit 2; }
	@$(PYTHON) -c 'import ensurepip' || { echo "This Python cannot make virtual environments. On Debian: apt-get install python3-venv"; exit 2; }
	@echo "Setting up .venv with TensorFlow and the rest: about five minutes, once."
	$(PYTHON) -m venv .venv
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test]"
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --constraint constraints.txt foolbox
	@touch $@
