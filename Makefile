# `make train` and `make test` do all the set-up a fresh machine needs; the rest is for daily work.

SWIFT ?= swift
# Compiler flags for a machine of your own, e.g. SWIFTFLAGS="-Xswiftc -target-cpu -Xswiftc haswell".
SWIFTFLAGS ?=
HINDSIGHT = .build/release/hindsight
# What `make test` runs on tasks/ after the unit tests.
VALIDATE ?= $(HINDSIGHT) tasks validate
SOURCES = Package.swift Sources Tests

.DEFAULT_GOAL := help
.PHONY: help setup model build test tasks warm-start train format lint kernels clients bench clean

help: ## this list
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  make \1 \2/p' $(MAKEFILE_LIST) \
	  | awk '{ name = $$2; $$1 = $$2 = ""; printf "  make %-11s%s\n", name, $$0 }'

setup: ## install what is missing (Debian packages), check Swift
	@scripts/setup.sh

model: setup ## fetch SmolLM2-135M-Instruct into models/
	@scripts/fetch-model.sh

build: setup ## release build of the hindsight command
	$(SWIFT) build -c release $(SWIFTFLAGS)

# One test at a time: they compute on all cores themselves, and BLAS's threads are the process's.
test: setup model ## unit and parity tests in release mode, then every task before and after its fix
	$(SWIFT) test -c release --no-parallel $(SWIFTFLAGS)
	$(VALIDATE)
	$(VALIDATE) --tasks tasks/made
	$(VALIDATE) --tasks tasks/small

tasks: build ## make thousands of repair tasks from pinned packages into runs/tasks
	$(HINDSIGHT) tasks make --sources scripts/sources.toml --output runs/tasks

warm-start: setup model build ## make the adapter that training begins with: tasks, demonstrations, training, evaluation
	scripts/warm-start.sh

train: setup model build ## the whole loop: evaluate, train, evaluate again, show a transcript
	scripts/train.sh

format: ## rewrite the sources in the project's format
	$(SWIFT) format --in-place --recursive $(SOURCES)

lint: ## fail on anything the formatter would change or warn about
	$(SWIFT) format lint --strict --recursive $(SOURCES)

kernels: setup ## test the C kernels on their own, under the sanitizers too
	Tests/CKernels/run.sh

clients: build model ## what other programs make of ours: OpenAI's client, mini-swe-agent, llama.cpp's server, Harbor
	scripts/check-clients.sh

bench: build model ## time generation and training on this machine, beside its limits
	$(HINDSIGHT) bench

clean: ## remove build products; models/ and runs/ stay
	$(SWIFT) package clean
