# `make help` lists what there is to do; the comments after ## are its text.

SHELL := /bin/sh
.DEFAULT_GOAL := help

BIN := .venv/bin

# Written when an installation is complete, so that the next `make` need not look again.
CAN_RUN := .venv/.can-run
CAN_TEST := .venv/.can-test
INSTALLATION := pyproject.toml constraints.txt $(wildcard scripts/setup.py scripts/install.py scripts/system_packages.py)

# The first Python that runs and is of a supported version (a shim on the path may do neither). Where none is,
# setup.py says so under the one there is.
PYTHON ?= $(shell for python in python3.11 python3.12 python3.10 python3; do \
	$$python -c 'import sys; sys.exit(not (3, 10) <= sys.version_info < (3, 13))' 2>/dev/null && echo $$python && exit; \
	done; echo python3)

define install
	@python="$(PYTHON)"; command -v "$$python" > /dev/null || \
		{ echo "No Python was found. Netarium needs Python 3.10, 3.11 or 3.12: install one and start again." >&2; exit 1; }; \
	"$$python" scripts/setup.py $(1)
endef

.PHONY: help
help: ## List what can be done
	@awk -F ':.*## ' '/^[a-z-]+:.*## / { printf "  make %-14s %s\n", $$1, $$2 }' $(MAKEFILE_LIST)

.PHONY: run
run: $(CAN_RUN) ## Open the window (installs what it needs into .venv the first time)
	$(BIN)/python app.py $(ARGS)

.PHONY: test
test: check ## Check the code and run all tests, without a screen
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest -n auto --maxprocesses 4 $(ARGS)

.PHONY: check
check: $(CAN_TEST) ## Check style, formatting, types and the direction of imports
	$(BIN)/ruff check
	$(BIN)/ruff format --check
	$(BIN)/mypy
	$(BIN)/lint-imports

.PHONY: setup
setup: $(CAN_TEST) ## Install into .venv what running and testing need
	@echo "Ready: make run opens the window, make test runs the tests."

.PHONY: repair
repair: ## Look at the whole installation again and mend it
	rm -f $(CAN_RUN) $(CAN_TEST)
	@$(MAKE) --no-print-directory setup

.PHONY: demo
demo: $(CAN_RUN) ## Play the five-minute tour by itself and keep screenshots of it
	$(BIN)/python scripts/demo.py $(ARGS)

.PHONY: bench-window
bench-window: $(CAN_RUN) ## Measure what the window costs training, and how fast a prediction comes
	$(BIN)/python benchmarks/window.py $(ARGS)

.PHONY: bench-startup
bench-startup: $(CAN_RUN) ## Measure how soon the window is there, and ready to train
	$(BIN)/python benchmarks/startup.py $(ARGS)

.PHONY: bench-memory
bench-memory: $(CAN_RUN) ## Measure what memory the window takes, and whether it grows while it trains
	$(BIN)/python benchmarks/memory.py $(ARGS)

.PHONY: bench-curves
bench-curves: $(CAN_RUN) ## Measure how fast curves with a million batches pan and zoom
	$(BIN)/python benchmarks/curves.py $(ARGS)

.PHONY: bench-network
bench-network: $(CAN_RUN) ## Measure how fast networks are drawn and edited
	$(BIN)/python benchmarks/diagram.py
	$(BIN)/python benchmarks/editor.py
	$(BIN)/python benchmarks/edits.py

.PHONY: bench-history
bench-history: $(CAN_RUN) ## Measure how fast a history of a thousand runs is opened, scrolled and compared
	$(BIN)/python benchmarks/history.py $(ARGS)

.PHONY: bench-scratch
bench-scratch: $(CAN_RUN) ## Measure the NumPy backend beside a textbook implementation
	$(BIN)/python benchmarks/scratch.py $(ARGS)

.PHONY: torture
torture: $(CAN_TEST) ## Kill 200 runs, resume 10 networks at 10 places, fail every write, flip 10,000 bits
	QT_QPA_PLATFORM=offscreen $(BIN)/python -m pytest --torture --timeout 3600 tests/engine/history/test_kills.py \
		tests/engine/history/test_exact_resume.py tests/engine/history/test_faults.py \
		tests/engine/storage/test_bit_flips.py $(ARGS)

.PHONY: bench
bench: $(CAN_RUN) ## Race our engine beside PyTorch and its own bare loops (benchmarks/README.md tells how)
	$(BIN)/python benchmarks/frameworks.py $(ARGS)

.PHONY: bench-recording
bench-recording: $(CAN_RUN) ## Measure what it costs training to record a run
	$(BIN)/python benchmarks/recording.py $(ARGS)

.PHONY: bench-growth
bench-growth: $(CAN_RUN) ## Measure how an epoch's cost grows with batch size, width and depth, and draw it
	$(BIN)/python benchmarks/growth.py --figure docs/images/cost-growth.png $(ARGS)

.PHONY: bench-cupy
bench-cupy: $(CAN_RUN) ## Measure the scratch backend with CuPy on a GPU beside NumPy on the CPU
	$(BIN)/python benchmarks/gpu.py $(ARGS)

.PHONY: pictures
pictures: $(CAN_RUN) ## Make the pictures of editor and diagrams in docs/images anew
	$(BIN)/python scripts/pictures.py $(ARGS)

.PHONY: history-pictures
history-pictures: $(CAN_RUN) ## Make the pictures of the history in docs/images anew
	$(BIN)/python scripts/history_pictures.py $(ARGS)

.PHONY: zoo-table
zoo-table: $(CAN_RUN) ## Train every scaled network for two epochs and write the table of docs/zoo.md
	$(BIN)/python scripts/zoo_table.py $(ARGS)

.PHONY: quick-networks
quick-networks: $(CAN_RUN) ## Train the two quickest networks with three seeds and print their times
	$(BIN)/python scripts/quick_networks.py $(ARGS)

.PHONY: check-estimates
check-estimates: $(CAN_RUN) ## Compare the estimates of memory and time with what training takes
	$(BIN)/python scripts/check_estimates.py $(ARGS)

.PHONY: clean
clean: ## Remove .venv and everything else that can be made again
	rm -rf .venv build demo-output *.egg-info .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	find app.py engine gui scripts tests benchmarks -name __pycache__ -type d -prune -exec rm -rf {} +

$(CAN_RUN): $(INSTALLATION)
	$(call install)
	@touch $@

$(CAN_TEST): $(INSTALLATION)
	$(call install,--test)
	@touch $(CAN_RUN) $@
