# `make` lists the commands. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PORT ?= 8000
PROCESSES ?= api relay worker beat
STAMP := $(VENV)/.installed

.DEFAULT_GOAL := help
.PHONY: help setup demo demo-erp erp run secrets serve browser compose pictures openapi test test-erp spark test-spark check contract consent corpus audit sbom faults soak peak work bench notebooks docs reference hooks starter lock clean

help: ## List the commands
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

setup: $(STAMP) ## Make .venv with everything pinned in requirements.lock

$(STAMP): requirements.lock pyproject.toml
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' || { echo "Python 3.11 or newer is needed: make PYTHON=python3.12 …"; exit 1; }
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --require-hashes --only-binary :all: -r requirements.lock
	$(BIN)/python -m pip install --quiet --no-deps --no-build-isolation --editable .
	@touch $@

demo: setup ## Four systems' files to golden profiles, and a loyalty platform that follows, on made-up people
	$(BIN)/identity demo

demo-erp: setup ## The same with a real ERP: installs Tryton, once, in .erp
	$(BIN)/python -m erp
	$(BIN)/identity demo

erp: setup ## A Tryton server to try the ERP connector on, in an environment of its own (made once, in .erp)
	$(BIN)/python -m erp serve

work: setup ## A worker for nightly jobs, with the clock that sends them (IDENTITY_BROKER_URL names the broker)
	$(BIN)/celery --app identity.jobs worker --beat --schedule .celerybeat-schedule

run: setup ## The processes of the service, without Docker: PROCESSES="api relay" for some; docs/operations.md
	PATH="$(CURDIR)/$(BIN):$$PATH" $(BIN)/honcho start $(PROCESSES)

secrets: ## Make the secrets that docker-compose.yml names, in secrets/; those that are there stay
	@ops/make-secrets

serve: setup ## The demo data over HTTP, and on the review screen, on this machine
	@test -f demo-data/identity.db || $(BIN)/identity demo > /dev/null
	IDENTITY_DATABASE_URL=sqlite:///demo-data/identity.db $(BIN)/identity serve --port $(PORT)

browser: ## Chromium for the tests of the screen, where there is none (Debian)
	@tests/install browser

compose: ## docker compose for the test that has it read docker-compose.yml, where there is none (Debian)
	@tests/install compose

pictures: setup browser ## Take the pictures of the review screen anew, into docs/img
	MAKE_PICTURES=1 $(BIN)/python -m pytest tests/ui/test_appearance.py

openapi: setup ## Write docs/openapi.json anew, and say what would break callers of the released one
	$(BIN)/python -m api.openapi docs/openapi.json
	$(BIN)/python -m tests.contract.breaking

test: setup ## Run the whole test suite
	$(BIN)/python -m pytest tests -n auto --maxprocesses 8 --dist loadfile

test-erp: setup ## The tests that need a real ERP: installs Tryton, once, in .erp
	IDENTITY_TEST_ERP=1 $(BIN)/python -m pytest tests/erp

spark: setup ## Spark beside what is installed, for re-matches that outgrow a machine, and Java where there is none (Debian)
	@tests/install java
	$(BIN)/python -m pip install --quiet --no-deps --require-hashes -r requirements.spark.lock

test-spark: spark ## The tests that need Spark: the same answer as on one machine
	IDENTITY_TEST_SPARK=1 $(BIN)/python -m pytest tests/spark

check: setup ## Format, lint, types, import directions, and the quick tests: under a minute
	$(BIN)/ruff format --check .
	$(BIN)/ruff check .
	$(BIN)/mypy
	$(BIN)/lint-imports --no-cache
	$(BIN)/python -m pytest tests/steps tests/comparators tests/features tests/architecture

contract: setup ## Ask the API 25,000 things over both databases; no answer may be undocumented: about 17 minutes
	$(BIN)/python -m tests.contract

consent: setup ## Live 50,000 random lives; nobody may be reached against their last word: about 2 minutes
	$(BIN)/python -m tests.consent

corpus: setup ## The corpus of bad input on every way in, and a table of it: some minutes
	$(BIN)/python -m tests.corpus

audit: setup ## Known mistakes in the code (bandit) and known vulnerabilities of what is pinned (pip-audit; needs the internet)
	$(BIN)/python -m tests.supply code
	$(BIN)/python -m tests.supply packages

sbom: setup ## Write the bill of materials (CycloneDX) of what is pinned, into sbom.json
	$(BIN)/python -m tests.supply sbom sbom.json

faults: setup ## Break everything, so many times each, and print a table; then kill at random moments: over an hour (TIMES=, ONLY=)
	$(BIN)/python -m tests.faults $(if $(TIMES),--times $(TIMES)) $(if $(ONLY),--only $(ONLY))
	$(BIN)/python -m pytest tests/faults/kills.py tests/faults/consumers.py

soak: setup ## The whole system for MINUTES=10 under load while parts of it are killed, frozen and wiped (SEED=N repeats one)
	$(BIN)/python -m tests.soak --minutes $(or $(MINUTES),10) $(if $(SEED),--seed $(SEED))

peak: setup ## Look-ups at ten times the normal rate beside the usual load, for SECONDS=120
	$(BIN)/python -m tests.soak.peak --seconds $(or $(SECONDS),120)

bench: setup ## Accuracy, seconds, memory and real time beside plain Splink, at 100k and 1M records
	$(BIN)/python -m bench

notebooks: setup ## Carry out the notebooks, in order; they have to print what is committed (WRITE=1 keeps what they print)
	$(BIN)/python -m tests.notebooks $(if $(WRITE),--write)

docs: setup ## Build the documentation into site/, strictly and without a network
	NO_MKDOCS_2_WARNING=1 $(BIN)/python -m mkdocs build --strict --quiet

reference: setup ## Write what the documentation has from the code: commands, events, Python, rules, imports
	$(BIN)/python -m tools.commands docs/reference/cli.md
	$(BIN)/python -m tools.events docs/reference/events.md
	$(BIN)/python -m tools.schemas docs/reference/schemas
	$(BIN)/python -m tools.diagram docs/architecture.md
	$(BIN)/python -m identity.face.reference docs/reference/python.md

hooks: setup ## Let git run the quick checks before each commit (pre-commit has to be installed)
	pre-commit install

starter: setup ## Train the model that an empty database begins with, on made-up people
	@rm -rf bench/results/starter && mkdir -p bench/results/starter
	$(BIN)/identity sample --people 5000 --seed 11 --canonical --out bench/results/starter
	$(BIN)/identity train bench/results/starter/records.parquet --out matching_rules/starter.model.json

lock: ## Pin the newest versions with their hashes (needs uv)
	echo "pyspark>=4.1" | uv pip compile - --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.spark.lock
	uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes --no-emit-index-url --no-emit-find-links --no-header --output-file requirements.lock

clean: ## Remove what the commands made
	rm -rf $(VENV) demo-data site bench/results .mypy_cache .ruff_cache .hypothesis
