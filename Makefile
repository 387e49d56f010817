# Everyday commands; `make help` lists them. Everything is installed in .venv, from hashed requirements.
SHELL := /bin/bash
PYTHON ?= python3
BIN := .venv/bin
.DEFAULT_GOAL := help

# uv trusts what this machine trusts (behind a company's proxy: also its certificate), where the machine has a store.
CERTIFICATES := /etc/ssl/certs/ca-certificates.crt /etc/pki/tls/certs/ca-bundle.crt /etc/ssl/ca-bundle.pem /etc/ssl/cert.pem
ifneq ($(wildcard $(CERTIFICATES)),)
export UV_SYSTEM_CERTS ?= 1
endif
# A terminal is shown what uv downloads and compiles; a log is not.
QUIET := $(if $(MAKE_TERMERR),,--quiet)

.PHONY: help
help: ## list these commands
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.venv/.installed: requirements/uv.txt requirements/dev.txt pyproject.toml payments-simulator/pyproject.toml
	@$(PYTHON) -c 'import sys; v=sys.version_info[:2]; sys.exit(0 if (3,11)<=v<(3,14) else f"Python {v[0]}.{v[1]} is too old or too new: this needs 3.11, 3.12 or 3.13. Say which: make PYTHON=python3.11 ...")'
	@$(PYTHON) -c 'import venv, ensurepip' 2>/dev/null || { echo "$(PYTHON) cannot make virtual environments: install its venv package (Debian: apt-get install python3-venv)"; exit 1; }
	@echo "installing into .venv (first time: one to three minutes) ..."
	@test -x $(BIN)/python || $(PYTHON) -m venv .venv
	@$(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes -r requirements/uv.txt
	@$(BIN)/uv pip sync $(QUIET) --python $(BIN)/python --compile-bytecode --require-hashes requirements/dev.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps --no-build-isolation --editable . --editable payments-simulator
	@$(BIN)/python -m compileall -q src payments-simulator/src airflow/dags airflow/config fraud-dashboard
	@touch $@

.PHONY: install
install: .venv/.installed ## make the virtual environment

PACE ?= 20
SCORER ?= auto
PORTS ?=
DATA_DIR ?=
STACK = $(BIN)/python -m fraud_stack
STACKS_DATA = $(if $(DATA_DIR),--data-dir "$(DATA_DIR)")
STACKS_FOLDER = $(or $(DATA_DIR),$(FRAUD_DATA_DIR),.data)

.PHONY: run
run: .venv/.installed ## start everything here (PACE=20 SCORER=auto DATA_DIR=.data PORTS=airflow=8081)
	@exec $(STACK) start $(STACKS_DATA) --pace $(PACE) --scorer $(SCORER) --ports "$(PORTS)" $(ARGS)

.PHONY: stop
stop: .venv/.installed ## end what `make run` started, from another terminal (DATA_DIR=...)
	@$(STACK) stop $(STACKS_DATA)

.PHONY: clean
clean: .venv/.installed ## list what `make run` wrote (DATA_DIR=..., ARGS=--leftovers: of removed clones); YES=1 removes it for good
	@$(STACK) clean $(STACKS_DATA) $(if $(YES),--yes) $(ARGS)

.PHONY: env
env: ## write .env from .env.example and fill its empty secrets, for docker compose (keeps what stands there)
	@$(PYTHON) -I src/fraud_stack/fill_env.py

.PHONY: airflow
airflow: .venv/.installed ## Airflow's command line on the stack that runs (ARGS="dags list-runs fraud_pipeline")
	@$(BIN)/python -m fraud_stack.airflow_cli "$(STACKS_FOLDER)" $(ARGS)

.PHONY: test
test: .venv/.installed ## run the whole suite (ARGS="-k name" for a part)
	@$(BIN)/python -m pytest $(ARGS)

.PHONY: test-fast
test-fast: .venv/.installed ## run the unit tests: no server, no process, under a minute where nothing else runs
	@$(BIN)/python -m pytest -m unit -n auto -q $(ARGS)

.PHONY: pictures
pictures: .venv/.installed ## take the documentation's pictures anew from the stack that runs (needs Chromium)
	@$(BIN)/python docs/pictures/take.py "$(STACKS_FOLDER)"

SEED ?= 20261120
SOAK ?= 300
.PHONY: faults
faults: .venv/.installed ## break it on purpose: the whole list of faults (SEED=1 ARGS="-k SMTP"), table in reports/faults.md
	@FAULTS=all FAULT_SEED=$(SEED) $(BIN)/python -m pytest tests/faults -q $(ARGS)

.PHONY: soak
soak: .venv/.installed ## 300 random faults in one world of virtual minutes (SEED=1 SOAK=300), figures in reports/soak.md
	@$(BIN)/python tests/faults/soak.py --seed $(SEED) --faults $(SOAK)

ROWS ?= 50000
.PHONY: bench
bench: .venv/.installed ## how our ways compare with others' and with the limit, as ratios (ROWS=50000 ARGS="--only storing")
	@$(BIN)/python -m benchmarks --rows $(ROWS) $(ARGS)

PAYMENTS ?= 1000000
.PHONY: bench-pages
bench-pages: .venv/.installed ## how long the dashboard's queries and pages take with a full day (PAYMENTS=1000000 ARGS=--no-browser)
	@$(BIN)/python -m benchmarks.pages --payments $(PAYMENTS) $(ARGS)

.PHONY: bench-purge
bench-purge: .venv/.installed ## how long purging takes beside loads, of twelve million payments (ARGS="--payments 1000000")
	@$(BIN)/python -m benchmarks.purging $(ARGS)

.PHONY: lint
lint: .venv/.installed ## ruff, types, import contracts, SQL, Dockerfiles, docker-compose.yml, the CI workflow
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/sqlfluff lint sql
	$(BIN)/squawk sql/migrations/*.sql
	$(BIN)/hadolint airflow/Dockerfile fraud-dashboard/Dockerfile payments-simulator/Dockerfile model/sagemaker/Dockerfile
	$(BIN)/check-jsonschema --builtin-schema vendor.compose-spec docker-compose.yml
	$(BIN)/check-jsonschema --builtin-schema vendor.github-workflows .github/workflows/*.yml
	$(BIN)/check-jsonschema --builtin-schema custom.github-workflows-require-timeout .github/workflows/*.yml
	$(BIN)/pre-commit validate-config

.PHONY: format
format: .venv/.installed ## format the code and mend what ruff can
	$(BIN)/ruff check --fix .
	$(BIN)/ruff format .

.PHONY: hooks
hooks: .venv/.installed ## check what is committed, from now on, by this .venv (git hooks of pre-commit)
	@$(BIN)/pre-commit install

.PHONY: lock
lock: .venv/.installed ## renew requirements/*.txt from pyproject.toml (one group a file)
	$(BIN)/python requirements/lock.py

.PHONY: audit
audit: .venv/.installed ## known vulnerabilities of the locked packages, and which were not checked (ARGS=--strict)
	@$(BIN)/python requirements/audit.py $(ARGS)

.PHONY: secrets
secrets: .venv/.installed ## look for keys and passwords in the whole history
	@$(BIN)/python requirements/scan_secrets.py

.PHONY: sbom
sbom: .venv/.installed ## write what each image is made of as CycloneDX into reports/ (from the locked requirements)
	@mkdir -p reports
	@for part in airflow dashboard endpoint simulator; do \
	  $(BIN)/cyclonedx-py requirements requirements/$$part.txt --output-reproducible --output-file reports/sbom-$$part.json && \
	  echo "reports/sbom-$$part.json" || exit 1; done

.PHONY: pin-images
pin-images: ## write the digests of foreign images into docker-compose.yml and the Dockerfiles (needs docker buildx)
	$(PYTHON) requirements/pin_images.py

MODEL_HISTORY := .data/model-history.parquet
.PHONY: model
model: .venv/.installed ## train the shipped model on the simulator's own past (3 minutes) and write its card
	@mkdir -p .data
	$(BIN)/payments-simulator history --days 60 --until 2026-01-01T00:00Z --seed 101 --out $(MODEL_HISTORY)
	$(BIN)/fraud-scorer train --data $(MODEL_HISTORY) --hold-out 0.15 --compare-without-history --out model/artifacts $(if $(SIGNING_KEY),--signing-key $(SIGNING_KEY))
	$(BIN)/fraud-scorer model-card
