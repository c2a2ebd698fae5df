# make lab     set up .venv and open JupyterLab on the first lesson
# make test    every check of the course: ruff, stale files, tests, nbval, papermill
# make build   sources/ -> notebooks/, exercises/, solutions/ (executed)
# make run     execute lessons and solutions through papermill and print a table
# make portable   execute them as other processors would, and list every change
# make grade-demo   grade a made-up class: docs/grading.md
# make bench   measure how fast the course's own code is
# make frameworks   add JAX, optax, Keras, transformers, dask, psycopg, TensorBoard, pyseccomp, for the tests that use them
# make versions    run make test with the oldest and the newest versions: docs/versions.md
# make clean   remove .venv
#
# More arguments for the command: make lab ARGS="--no-browser --port 8899"
# Another Python (3.10 or newer): make lab PYTHON=python3.12
# PyTorch from PyPI instead of its own CPU index: make lab TORCH_INDEX=

PYTHON ?= python3
# On Linux, PyPI's torch brings several GB of CUDA, which this course never uses.
TORCH_INDEX ?= https://download.pytorch.org/whl/cpu
# The versions to install; `make versions` gives another list.
CONSTRAINTS ?= constraints.txt
ARGS ?=

# Pythons that `make versions` takes: the oldest that pyproject.toml admits, the newest with wheels.
OLDEST ?= python3.10
NEWEST ?= python3.13

BIN := .venv/bin
STAMP := .venv/ready
FIRST_LESSON := $(firstword $(sort $(wildcard notebooks/*.ipynb)))
# Containers run as root, and JupyterLab refuses to start there without being told.
AS_ROOT := $(if $(filter 0,$(shell id -u)),--allow-root)
# Not empty if .venv cannot be used as it is, because it was moved or its Python has changed.
ANEW := $(if $(wildcard $(STAMP)),$(shell sh setup.sh whole || echo anew))
SETUP = PYTHON='$(PYTHON)' TORCH_INDEX='$(TORCH_INDEX)' CONSTRAINTS='$(CONSTRAINTS)' CALL='make $(MAKECMDGOALS)' ANEW='$(ANEW)' sh setup.sh

# Runs trained by one `make test`: empty when nbval begins, so that it computes every number anew;
# the passes after it, which look at FAST and at explorers, find the same runs there. At the end the
# 200 MB go, but for make test KEEP_RUNS=yes.
# Quoted, because the folder's name may hold a space.
CHECKED := '$(CURDIR)/.cache/checked'
NOTEBOOKS_LOG := '$(CURDIR)/.cache/notebooks.log'
# What nbval executes, files or folders: make test-notebooks NOTEBOOKS=notebooks/10_frameworks.ipynb
NOTEBOOKS ?= notebooks solutions
IN_LAB := tests/lessons/test_explorers_in_lab.py
# Each of pytest's processes loads every installed plugin, and nbval's alone takes two seconds.
PYTEST := $(BIN)/python -m pytest -p no:nbval -p no:anyio
# Tests wait a third of their time, and these wait longer, so more of them than cores run at once.
HOSTILE := tests/hostile/test_hostile_submissions.py tests/hostile/test_hostile_batches.py

.DEFAULT_GOAL := help
.PHONY: help lab test build run portable grade-demo bench frameworks versions clean anew same-python folders test-code test-notebooks test-explorers

help:
	@sed -n '/^#/!q; s/^# \{0,1\}//p' Makefile

lab: $(STAMP)
	@[ -n "$(FIRST_LESSON)" ] || { echo "No notebooks/*.ipynb here: run 'make build' first." >&2; exit 2; }
	@[ -w . ] || echo "This folder is read-only: notebooks run, but to save your work, copy the course to a folder of your own." >&2
	$(BIN)/jupyter lab $(AS_ROOT) --ServerApp.root_dir="$(CURDIR)" \
		--ServerApp.kernel_websocket_connection_class=course_tools.lab_server.PromptConnection \
		--LabApp.default_url=/lab/tree/$(FIRST_LESSON) $(ARGS)

# Steps 3 and 4 run beside 5 and 6: tests/machine/lanes.py. That keeps both cores busy, so the explorers
# come after them: they would end no sooner in between.
# Processes beside each other have a thread each: more would wait for a core, and spin as they do.
test test-code test-explorers: export OMP_NUM_THREADS = 1
test test-code test-explorers: export OPENBLAS_NUM_THREADS = 1
test: export LR_COURSE_LACKS = $(CURDIR)/.cache/lacks
test: $(STAMP) folders
	@rm -f "$$LR_COURSE_LACKS"
	@echo "== 1/7 ruff: mistakes and layout; import-linter: who may import whom"
	@$(BIN)/ruff check
	@$(BIN)/ruff format --check
	@$(BIN)/lint-imports --no-cache --no-logo
	@echo "== 2/7 build --check: what is generated agrees with sources/"
	@$(BIN)/lr-course build --check
	@$(BIN)/python -m tests.machine.lanes $(NOTEBOOKS_LOG) "$(MAKE)"
	@"$(MAKE)" --no-print-directory test-explorers
	@$(if $(KEEP_RUNS),,rm -rf $(CHECKED))
	@$(BIN)/python -m tests.machine.tools "$$LR_COURSE_LACKS"

test-code:
	@echo "== 3/7 pytest: unit, property and browser tests"
	@$(PYTEST) -n 3 --dist=loadfile --no-loadscope-reorder --ignore=$(IN_LAB) $(addprefix --ignore=,$(HOSTILE))
	@echo "== 4/7 grader: hostile, broken and odd submissions, in the sandbox"
	@$(PYTEST) -p no:hypothesispytest -n 4 --dist=load $(HOSTILE)

test-notebooks:
	@echo "== 5/7 nbval: every cell of lessons and solutions shows what it showed, pictures as well"
	@rm -rf $(CHECKED)
	@LR_COURSE_PROGRESS= LR_COURSE_CACHE=$(CHECKED) LOKY_MAX_CPU_COUNT=1 $(BIN)/python -m pytest \
		-p course_tools.authoring.nbval_checks --nbval --nbval-current-env $(NOTEBOOKS) \
		-n logical --maxprocesses=4 --dist=loadfile --no-loadscope-reorder
	@echo "== 6/7 papermill: with FAST, lessons that take long come to the same conclusions"
	@LR_COURSE_CACHE=$(CHECKED) $(BIN)/lr-course run --fast \
		$$(grep -rl --include='*.ipynb' --exclude-dir='.*' '"FAST = False' $(NOTEBOOKS) | sort)

test-explorers:
	@echo "== 7/7 explorers: every control by keyboard, in the lessons, in a real JupyterLab"
	@LR_COURSE_CHECKED_RUNS=$(CHECKED) $(PYTEST) -p no:hypothesispytest -n 2 --dist=load $(IN_LAB)

folders: $(STAMP)
	@$(BIN)/lr-course doctor --folders

# One choice of OpenBLAS's kernels, where the processor has it, so that a rebuild elsewhere changes few
# digits. The checks need none: docs/portability.md.
ifneq ($(shell grep -sm1 avx2 /proc/cpuinfo),)
build: export OPENBLAS_CORETYPE = Haswell
endif
build: $(STAMP)
	@$(BIN)/lr-course build $(ARGS)

run: $(STAMP)
	@$(BIN)/lr-course run notebooks solutions $(ARGS)

portable: $(STAMP)
	@$(BIN)/lr-course portable notebooks solutions $(ARGS)

grade-demo: $(STAMP)
	@$(SETUP) writable
	@[ -e grade-demo/submissions ] || $(BIN)/python -m course_tools.grading.sample_class grade-demo/submissions
	@$(BIN)/lr-course grade grade-demo/submissions --out grade-demo/grades $(ARGS)

bench: $(STAMP)
	@$(SETUP) add bench
	@$(BIN)/python -m benchmarks $(ARGS)

frameworks: $(STAMP)
	@$(SETUP) add frameworks,cluster,postgresql,bench,tensorboard,filters

versions: export TORCH_INDEX := $(TORCH_INDEX)
versions: $(STAMP)
	@$(SETUP) add versions
	@$(BIN)/python tests/machine/versions.py --oldest "$(OLDEST)" --newest "$(NEWEST)" $(ARGS)

clean:
	rm -rf .venv

anew:

# If a Python is asked for by name and is not .venv's, the call stops and says so.
ifneq ($(filter command environment,$(firstword $(origin PYTHON))),)
$(STAMP): | same-python
endif
same-python:
	@$(SETUP) same

# The stamp is written last, so a set-up that failed or was interrupted starts again.
$(STAMP): pyproject.toml $(CONSTRAINTS) $(ANEW)
	@$(SETUP)
