# Every target works from a bare clone: Python 3.11, Go, git, make and the package registries are all it needs.
# The environment of the targets is defined in one place, tools/workspace/environment.py.

PYTHON ?= python3
STACK ?= dev
PY := .venv/bin/python
BIN := .venv/bin

# `|| exit` of a recipe line is make's own; nothing here runs in parallel.
.NOTPARALLEL:
.DEFAULT_GOAL := help
.PHONY: help up preview down test test-faults test-faults-all bench rehearsal mutants fuzz check emulator env clean venv look lock lambda screenshots site tables

help: ## Show every target with one line (the default)
	@awk -F ':.*## ' '/^[a-z][a-z-]*:.*## / {gsub(/[$$][$$]/, "$$", $$2); printf "  make %-15s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

up: venv ## Provision stack dev with the real engine against an emulated Meta and Secrets Manager; VERBOSE=1
	@$(PY) -m tools.workspace.up $(if $(filter 1,$(VERBOSE)),--verbose)

preview: venv ## Review what an up would do; STACK=prod, VERBOSE=1; with no credential: OFFLINE=1, or SNAPSHOT=FILE
	@$(PY) -m tools.workspace.preview --stack $(STACK) $(if $(filter 1,$(OFFLINE)),--offline) $(if $(SNAPSHOT),--snapshot '$(SNAPSHOT)') $(if $(filter 1,$(VERBOSE)),--verbose)

down: venv ## Destroy stack dev and say what remains, and why; VERBOSE=1
	@$(PY) -m tools.workspace.down $(if $(filter 1,$(VERBOSE)),--verbose)

test: venv ## Run the checks and all layers of tests: unit, emulator, host, real engine
	@$(PY) -m tools.workspace.test

test-faults: venv ## Disturb a sample of all calls on the real engine; ONLY='text' for trials of that name, JSON=1
	@$(PY) -m tools.workspace.faults $(if $(ONLY),--only '$(ONLY)') $(if $(filter 1,$(JSON)),--json)

test-faults-all: venv ## Disturb every call of every operation in every way, within an hour on two cores
	@$(PY) -m tools.workspace.faults --all $(if $(filter 1,$(JSON)),--json)

bench: venv ## Compare speed and calls with as many no-op resources and a plain provider; BENCH=quick in two minutes
	@$(PY) -m tools.bench $(if $(filter quick,$(BENCH)),--quick)

rehearsal: venv ## Run thirty businesses at the limited tier, a stack each, and count calls, seconds and hours
	@$(PY) -m tools.bench.rehearsal

mutants: venv ## Change one thing of the code at a time and see its tests fail; ONLY='text' for some, JSON=1
	@$(PY) -m tools.workspace.mutants $(if $(ONLY),--only '$(ONLY)') $(if $(filter 1,$(JSON)),--json)

fuzz: venv ## Send ten thousand random and hostile requests to the emulator; REQUESTS=500, SEED=7 repeats a run
	@$(PY) -m tests.emulator.fuzz --requests $(or $(REQUESTS),10000) $(if $(SEED),--seed $(SEED))

check: venv ## Lint, formatting, types, import contracts, workflows
	@$(PY) -m tools.workspace.check

emulator: venv ## Start the emulated Meta and Secrets Manager in the background, or show the running one
	@$(PY) -m tools.workspace.emulator

env: venv ## Print the environment of these targets: eval "$$(make -s env)"
	@$(PY) -m tools.workspace.environment

lambda: venv ## Build dist/lambda.zip, the rotation function for AWS (Python 3.13, x86_64)
	@$(PY) -m tools.workspace.lambda_zip

screenshots: venv ## Picture the dashboard and reports in .work/screenshots, and renew the pictures of the documentation
	@$(PY) -m tools.workspace.screenshots

site: venv ## Build the documentation as a searchable site in .work/site; LINKS=1 asks the pages of others instead
	@$(PY) -m tools.workspace.site $(if $(filter 1,$(LINKS)),--links)

tables: venv ## Write into the pages of docs/ what the code says: inputs, outputs, help of commands, codes of errors
	@$(PY) -m tools.workspace.tables

lock: look ## Lock the newest packages that pyproject.toml allows, with their hashes, in requirements/
	@$(PYTHON) -m tools.workspace.lock

clean: look ## Stop the emulator and remove .venv, the working folder with stack dev's state, and caches
	@$(PYTHON) -m tools.workspace.clean

venv: look
	@$(PYTHON) -m tools.workspace.venv $(if $(filter 1,$(RUNTIME)),--runtime)

# Before any other Python: by its path and isolated, so that nothing of the project's folder is imported in its place.
look:
	@$(PYTHON) -IS tools/workspace/shadows.py
