# make lab     set up .venv and open JupyterLab on the first lesson
# make test    every check there is: ruff, stale files, tests, nbval, papermill
# make build   sources/ -> notebooks/, exercises/, solutions/ (executed)
# make run     execute lessons and solutions through papermill and print a table
# make portable   execute them as other processors would, and list what changes
# make grade-demo   grade a made-up class: docs/grading.md
# make bench   measure how fast the course's own code is
# make frameworks   add JAX, optax, Keras, transformers, dask and psycopg, to test what uses them
# make clean   remove .venv
#
# More arguments for the command: make lab ARGS="--no-browser --port 8899"
# Another Python (3.10 or newer): make lab PYTHON=python3.12
# PyTorch from PyPI instead of its own CPU index: make lab TORCH_INDEX=

PYTHON ?= python3
# On Linux, PyPI's torch brings several GB of CUDA, which this course never uses.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
ARGS ?=

BIN := .venv/bin
STAMP := .venv/ready
LOG := .venv/setup.log
PIP := $(BIN)/python -m pip --disable-pip-version-check
FIRST_LESSON := $(firstword $(sort $(wildcard notebooks/*.ipynb)))
# Containers run as root, and JupyterLab refuses to start there without being told.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Scripts in a .venv name their folder: after a move, or without its Python, it is made anew.
BROKEN := $(if $(wildcard $(STAMP)),$(shell \
	$(BIN)/python -c "" 2>/dev/null && [ "$$(cat $(STAMP))" = "$$(pwd -P)" ] || echo broken))

# Runs trained by one `make test`: empty when nbval begins, so that it computes every number anew;
# the passes after it, which look at explorers, at figures and at FAST, find the same runs there.
CHECKED := $(CURDIR)/.cache/checked
IN_LAB := tests/test_explorers_in_lab.py
# Tests wait a third of their time, these more, so more of them than cores run at once.
HOSTILE := tests/test_hostile_submissions.py tests/test_hostile_batches.py

.DEFAULT_GOAL := help
.PHONY: help lab test build run portable grade-demo bench frameworks clean broken

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

lab: $(STAMP)
	@[ -n "$(FIRST_LESSON)" ] || { echo "No notebooks/*.ipynb here: run 'make build' first." >&2; exit 2; }
	$(BIN)/jupyter lab $(AS_ROOT) --ServerApp.root_dir="$(CURDIR)" \
		--ServerApp.kernel_websocket_connection_class=course_lib.server.PromptConnection \
		--LabApp.default_url=/lab/tree/$(FIRST_LESSON) $(ARGS)

# Processes beside each other have a thread each: more would wait for a core, and spin as they do.
test: export OMP_NUM_THREADS = 1
test: export OPENBLAS_NUM_THREADS = 1
test: export LR_COURSE_LACKS = $(CURDIR)/.cache/lacks
test: $(STAMP)
	@rm -f "$$LR_COURSE_LACKS"
	@echo "== 1/7 ruff: mistakes and layout"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@echo "== 2/7 build --check: what is generated agrees with sources/"
	@$(BIN)/lr-course build --check
	@echo "== 3/7 pytest: unit, property and browser tests"
	@$(BIN)/python -m pytest -n 3 --dist=loadfile --no-loadscope-reorder --ignore=$(IN_LAB) $(addprefix --ignore=,$(HOSTILE))
	@echo "== 4/7 grader: hostile, broken and odd submissions, in the sandbox"
	@$(BIN)/python -m pytest -n 4 --dist=load $(HOSTILE)
	@echo "== 5/7 nbval: every cell of lessons and solutions shows what it showed, pictures as well"
	@rm -rf $(CHECKED)
	@LR_COURSE_PROGRESS= LR_COURSE_CACHE=$(CHECKED) LOKY_MAX_CPU_COUNT=1 $(BIN)/python -m pytest \
		-p course_lib.authoring.nbval_checks --nbval --nbval-current-env notebooks solutions \
		-n logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
	@echo "== 6/7 explorers: every control by keyboard, in the lessons, in a real JupyterLab"
	@LR_COURSE_CHECKED_RUNS=$(CHECKED) $(BIN)/python -m pytest -n 2 --dist=load $(IN_LAB)
	@echo "== 7/7 papermill: with FAST, lessons that take long come to the same conclusions"
	@LR_COURSE_CACHE=$(CHECKED) $(BIN)/lr-course run --fast $$(grep -l '"FAST = False' notebooks/*.ipynb)
	@rm -rf $(CHECKED)
	@$(BIN)/python -m tests.tools "$$LR_COURSE_LACKS"

build: $(STAMP)
	@$(BIN)/lr-course build $(ARGS)

run: $(STAMP)
	@$(BIN)/lr-course run notebooks solutions $(ARGS)

portable: $(STAMP)
	@$(BIN)/lr-course portable notebooks solutions $(ARGS)

grade-demo: $(STAMP)
	@[ -e grade-demo/submissions ] || $(BIN)/python -m course_lib.grading.sample_class grade-demo/submissions
	@$(BIN)/lr-course grade grade-demo/submissions --out grade-demo/grades $(ARGS)

bench: $(STAMP)
	$(call add,bench)
	@$(BIN)/python -m benchmarks $(ARGS)

frameworks: $(STAMP)
	$(call add,frameworks$(comma)cluster$(comma)postgresql$(comma)bench)

comma := ,
define add
	@echo "Adding the extras $(1) to .venv; details in $(LOG)."
	@$(PIP) install -c constraints.txt -e ".[$(1)]" >>$(LOG) 2>&1 || { \
		echo "Set-up stopped: $$(grep -i '^error' $(LOG) | tail -n 1)." \
			"Put that right and run make $@ again; details in $(LOG)." >&2; exit 2; }
endef

clean:
	rm -rf .venv

broken:

# The stamp is written last, so a set-up that failed or was interrupted starts again; `unfinished`
# tells a half-installed .venv, which is made anew, from one that only has to be brought up to date.
$(STAMP): pyproject.toml constraints.txt $(BROKEN)
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 10))' 2>/dev/null || { \
		echo "The course needs Python 3.10 or newer; '$(PYTHON) --version' says:" \
			"$$($(PYTHON) --version 2>&1 | tail -n 1). Install one, or name the one to take:" \
			"make $(MAKECMDGOALS) PYTHON=python3.12" >&2; exit 2; }
	@echo "Setting up .venv: about 2 minutes and 1.7 GB the first time; details in $(LOG)."
	@[ -z "$(BROKEN)" ] && [ ! -e .venv/unfinished ] || rm -rf .venv
	@mkdir -p .venv && rm -f $(LOG)
	@[ -x $(BIN)/pip ] || { touch .venv/unfinished && $(PYTHON) -m venv .venv >>$(LOG) 2>&1; } || { \
		echo "'$(PYTHON) -m venv .venv' failed (on Debian and Ubuntu: apt-get install python3-venv);" \
			"the reason is in $(LOG)." >&2; exit 2; }
	@echo "  1/3 pip, which also shows whether a package index answers"
	@$(PIP) install --retries 1 --timeout 10 --upgrade --force-reinstall pip >>$(LOG) 2>&1 || { \
		echo "Set-up stopped: no package index answers. Connect to a network (or set PIP_INDEX_URL" \
			"to a mirror) and run make again; details in $(LOG)." >&2; exit 2; }
	@touch .venv/unfinished
	@echo "  2/3 PyTorch, CPU build"
	@[ "$$(uname -s)" != Linux ] || [ -z "$(TORCH_INDEX)" ] || \
		$(PIP) install --retries 1 --timeout 10 --no-deps --index-url $(TORCH_INDEX) \
			"$$(sed -n 's/^torch==\([0-9.]*\).*/torch==\1+cpu/p' constraints.txt)" >>$(LOG) 2>&1 || \
		echo "      not to be had from $(TORCH_INDEX): taking the standard build (large on Linux)"
	@echo "  3/3 everything else"
	@$(PIP) install -c constraints.txt -e ".[staff]" >>$(LOG) 2>&1 || { \
		echo "Set-up stopped: $$(grep -i '^error' $(LOG) | tail -n 1)." \
			"Put that right and run make again; details in $(LOG)." >&2; exit 2; }
	@rm .venv/unfinished && pwd -P >$(STAMP)
	@echo "  done"
