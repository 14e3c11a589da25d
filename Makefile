# `make test` is everything CI runs. It needs Python 3.11 to 3.13 (with venv), git, make, bash and PyPI; no Galaxy, no containers.
SHELL := /bin/bash
.SHELLFLAGS := -euo pipefail -c
.DEFAULT_GOAL := help
.DELETE_ON_ERROR:

PYTHON ?= python3
BIN := .venv/bin
REQUIREMENTS := requirements.txt lab/requirements.txt tests/requirements.txt
STAGES := sanity integration molecule unit later lint types
LATER := 2.20 2.21

# Stamps: the environment is made again only when a requirement changes, the collections only when their script does.
INSTALLED := .venv/.installed-$(shell cat $(REQUIREMENTS) | cksum | cut -d' ' -f1)
VENDORED := .vendor/.vendored-$(shell cksum < tests/tools/vendor_collections.py | cut -d' ' -f1)
TREE := .tree/ansible_collections/sfb/cloud_connector
READY := $(INSTALLED) $(VENDORED) $(TREE)

# A developer's own ANSIBLE_* settings must not decide a test.
unexport $(filter ANSIBLE_%,$(.VARIABLES))
export ANSIBLE_CONFIG := $(CURDIR)/ansible.cfg
export ANSIBLE_HOME := $(CURDIR)/.ansible
export ANSIBLE_COLLECTIONS_PATH := $(CURDIR)/.tree:$(CURDIR)/.vendor
export PATH := $(CURDIR)/$(BIN):$(PATH)
export TIMEFORMAT = == $@: %0lR

# What talks to the lab talks to loopback addresses; a proxy would be asked for them otherwise. (Only there: pip may need the proxy.)
LOOPBACK := no_proxy='*' NO_PROXY='*'

.PHONY: help test $(STAGES) build demo lab chaos format ready clean distclean

help: ## what can be made
	@grep -hE '^[a-z]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z]+):.*## /  make \1\t/' | expand -t 22

test: ready ## everything CI runs: all stages below, two at a time, each reporting for itself
	@time $(MAKE) --no-print-directory --jobs=2 --keep-going --output-sync=target $(STAGES)

sanity: build ## ansible-test sanity on the built collection, nothing ignored
	@time tests/tools/sanity.sh build/sfb-cloud_connector-*.tar.gz .venv .ansible/sanity

later: build ## sanity and the use of private API on later releases of ansible-core, where a Python for them is at hand
	@time tests/tools/later_cores.sh build/sfb-cloud_connector-*.tar.gz .ansible/later $(LATER)

integration: $(READY) ## playbooks and tools against the lab
	@time $(LOOPBACK) pytest -n 2 --dist loadscope tests/integration

molecule: $(READY) ## the molecule scenarios against the lab
	@time $(LOOPBACK) molecule test --all

unit: $(READY) ## unit tests of plugins, lab and tools; the lab against recorded PowerShell
	@time $(LOOPBACK) pytest -n 2 tests/unit tests/conformance

lint: $(READY) ## ruff, yamllint, ansible-lint (production), changelog: all of them, also after a failure
	@time { failed=; for check in "ruff check" "ruff format --check" "yamllint --strict ." ansible-lint "antsibull-changelog lint"; do \
	  $$check || failed+=" '$$check'"; done; [ -z "$$failed" ] || { echo "failed:$$failed" >&2; exit 1; }; }

types: $(READY) ## mypy --strict on plugins, lab and tools
	@time { mypy && mypy tests/tools tests/conformance; }

build: $(READY) ## the collection's tarball, in build/
	@rm -f build/*.tar.gz
	@ansible-galaxy collection build --output-path build

demo: $(READY) ## a simulated fleet is upgraded before your eyes
	@$(LOOPBACK) python -m lab demo

lab: $(READY) ## the simulated fleet on loopback addresses, until Ctrl-C; its files are in .lab/
	@$(LOOPBACK) python -m lab serve --dir .lab --speed 600

chaos: $(READY) ## upgrades fifty random fleets under random faults, then every case of the matrices of patch, rollback and upgrade (hours), judged by the lab's record
	@$(LOOPBACK) python -m lab chaos
	@$(LOOPBACK) pytest -n 2 -m whole $(addprefix tests/unit/plugins/action/,test_patch_runs.py test_rollback_runs.py test_tenant_flag.py)
	@$(LOOPBACK) PYTHONPATH=.tree python -m tests.play_matrix --processes 2

format: $(READY) ## let ruff write the code its way
	@ruff check --fix && ruff format

ready: $(READY) ## the environment in .venv, the other collections in .vendor

$(INSTALLED): | .venv/pyvenv.cfg
	$(BIN)/python -m pip install --quiet --disable-pip-version-check $(REQUIREMENTS:%=-r %)
	@rm -f .venv/.installed-* && touch $@

.venv/pyvenv.cfg:
	@$(PYTHON) -c 'import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 13))' || \
	  { echo "$(PYTHON) must be Python 3.11, 3.12 or 3.13 (ansible-core 2.19 is tested on these); choose one: make PYTHON=python3.12 …" >&2; exit 1; }
	$(PYTHON) -m venv .venv

$(VENDORED): $(INSTALLED)
	rm -rf .vendor
	python tests/tools/vendor_collections.py .vendor
	@touch $@

$(TREE):
	@mkdir -p $(@D) && ln -s ../../.. $@

clean: ## remove what builds and runs leave behind
	rm -rf build .ansible .cloud_connector .demo .lab .mypy_cache .ruff_cache .hypothesis

distclean: clean ## … and the environment
	rm -rf .venv .vendor .tree
