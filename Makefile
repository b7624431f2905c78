# Everything a contributor runs. On Windows: `pip install .` and `waves demo` do what `make demo` does.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
UV := $(shell command -v uv 2>/dev/null)
DONE := $(VENV)/.installed
WORKERS ?= 3

.DEFAULT_GOAL := help
.PHONY: help install demo prove test lint format bench rehearse night soak explore docs pictures lock clean

help: ## this list
	@awk -F':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

install: $(DONE) ## a private .venv with waves, prefect and what the tests need

$(DONE): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; ok = (3, 11) <= sys.version_info[:2] <= (3, 13); ok or sys.exit("error: Python 3.11 to 3.13 is needed, $(PYTHON) is " + sys.version.split()[0] + ": make PYTHON=python3.11 install")'
	@echo "installing into $(VENV) (a minute or two the first time)"
	@$(PYTHON) -m venv $(if $(wildcard $(BIN)/python),,--clear) $(VENV)
ifeq ($(UV),)
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements.lock
	@$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation --editable .
else
	@$(UV) pip sync --quiet --python $(BIN)/python --require-hashes --compile-bytecode requirements.lock
	@$(UV) pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable .
endif
	@touch $(DONE)

demo: $(DONE) ## a wave from nothing to a true report, against the simulator with faults on
	@$(BIN)/waves demo

test: $(DONE) ## all tests
	@$(BIN)/python -m pytest -q -rs -n $(WORKERS) --dist loadfile --no-loadscope-reorder

lint: $(DONE) ## ruff, mypy strict, import contracts
	@$(BIN)/ruff format --check .
	@$(BIN)/ruff check .
	@$(BIN)/mypy
	@$(BIN)/lint-imports

format: $(DONE) ## put the code in order
	@$(BIN)/ruff format .
	@$(BIN)/ruff check --fix .

bench: $(DONE) ## the README's figures, each a ratio in one run; ONLY="creating scale commands" picks parts
	@$(BIN)/python -m tests.benchmarks $(ONLY)

rehearse: $(DONE) ## a programme of 546 servers in 6 waves on the simulator, on a clock that jumps; prints the time
	@$(BIN)/python -m tests.rehearsed_programme

night: $(DONE) ## a scripted night of 200 servers in real processes, killed and broken; holds every figure told against the truth
	@$(BIN)/python -m tests.night $(if $(SEED),--seed $(SEED))

soak: $(DONE) ## broken waves in virtual time: SEEDS=10000, or SEED=123 TRACE=1 for one of them, or MUTATIONS=1
	@$(BIN)/python -m tests.simulation $(if $(SEED),--seed $(SEED) $(if $(TRACE),--trace),$(if $(MUTATIONS),--mutations,--seeds $(or $(SEEDS),10000)))

explore: $(DONE) ## every schedule of one row, and of two that share a target by pairs; ONLY="NAME" replays one of them
	@$(BIN)/python -m tests.exploration $(if $(ONLY),--only "$(ONLY)")

prove: $(DONE) ## break a wave of real processes in every way (kills, sleep, disk, servers); minutes; ONLY="machines" picks
	@$(BIN)/python -m tests.proofs $(ONLY)

docs: $(DONE) ## write the generated parts of README (tables of columns, commands, codes) and its picture
	@$(BIN)/python -m tests.docs --write

pictures: $(DONE) ## draw README's pictures of workbooks (needs LibreOffice and poppler) and of pages (needs Chromium)
	@$(BIN)/python -m tests.workbook_pictures
	@$(BIN)/python -m tests.ui.pictures

lock: ## resolve requirements.lock, and that of the image, anew (needs uv)
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--group build --group test --group lint pyproject.toml -o requirements.lock
	@uv pip compile --quiet --universal --python-version 3.11 --generate-hashes --no-header --no-emit-index-url --no-emit-find-links \
		--group build --extra s3 --extra redis --constraint requirements.lock pyproject.toml -o deployments/requirements.lock

clean: ## remove the .venv and what tools left behind
	@rm -rf $(VENV) waves-demo waves-rehearsal.xlsx .mypy_cache .grimp_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
