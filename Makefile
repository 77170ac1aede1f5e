# The two commands are `make run` and `make test`. Everything else is for developers: `make help`.

GO            ?= go
REPOS         ?=
REPO          ?=
GOTESTFLAGS   ?=
PKGS          ?= ./...
FUZZTIME      ?= 10s
VERSION       ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo unknown)
# Beside the build cache: warm in every clone, removed by `go clean -cache`.
export GOLANGCI_LINT_CACHE ?= $(shell $(GO) env GOCACHE)/golangci-lint

.DEFAULT_GOAL := help

.PHONY: help
help: ## Print this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-16s %s\n", $$1, $$2}' $(firstword $(MAKEFILE_LIST))

.PHONY: run
run: ## Install what is missing, build, collect REPOS=file.csv (default: this checkout) and print a summary
	@if [ -z "$$AUGUR_DB" ]; then scripts/install-postgres.sh; fi
	@$(MAKE) --no-print-directory build
	@bin/augur run $(if $(REPOS),--repos "$(REPOS)")

.PHONY: build
build: ## Build bin/augur
	$(GO) build -trimpath -ldflags '-X main.version=$(VERSION)' -o bin/augur ./cmd/augur

.PHONY: test
test: postgres ## Run all tests (real PostgreSQL, no network, no preparation)
	$(GO) test -timeout 10m $(GOTESTFLAGS) $(PKGS)

.PHONY: postgres
postgres:
	@scripts/install-postgres.sh

.PHONY: race
race: postgres ## Run the tests with the race detector (needs a C compiler)
	CGO_ENABLED=1 $(GO) test -race -timeout 20m $(GOTESTFLAGS) $(PKGS)

.PHONY: test-pgbouncer
test-pgbouncer: postgres ## Run the program through pgbouncer in transaction mode, which is installed when it is missing
	@scripts/install-pgbouncer.sh
	$(GO) test -tags pgbouncer -run Pgbouncer -timeout 5m $(GOTESTFLAGS) ./cmd/augur

.PHONY: shuffle
shuffle: postgres ## Run the tests three times in random order
	$(GO) test -shuffle=on -count=3 -timeout 30m $(GOTESTFLAGS) $(PKGS)

.PHONY: fuzz
fuzz: postgres ## Run each fuzz target for FUZZTIME=10s
	GO='$(GO)' scripts/fuzz.sh $(FUZZTIME)

.PHONY: lint
lint: bin/golangci-lint ## Check style, layers and habits
	bin/golangci-lint config verify
	bin/golangci-lint run $(PKGS)

.PHONY: fmt
fmt: bin/golangci-lint ## Format the Go files
	bin/golangci-lint fmt

.PHONY: sqlc
sqlc: bin/sqlc ## Make package db from queries/*.sql
	bin/sqlc generate

.PHONY: generate
generate: sqlc postgres ## Make all generated files: package db and the reference pages
	$(GO) generate $(PKGS)

.PHONY: check-generated
check-generated: postgres ## Fail with the difference when a generated file is not current
	@MAKE='$(MAKE)' scripts/check-generated.sh

.PHONY: vet-sql
vet-sql: bin/sqlc postgres ## Prepare every query on a throwaway database with the migrations applied
	$(GO) run ./tools/vetsql bin/sqlc

.PHONY: bench-facade
bench-facade: ## Measure the reading of history against git: REPO=<git directory>
	@test -n "$(REPO)" || { echo "usage: make $@ REPO=<git directory>" >&2; exit 2; }
	@$(GO) run ./tools/benchfacade -repo "$(REPO)"

.PHONY: verify-facade
verify-facade: ## Compare every row of a history with git's own numbers: REPO=<git directory>
	@test -n "$(REPO)" || { echo "usage: make $@ REPO=<git directory>" >&2; exit 2; }
	@$(GO) run ./tools/benchfacade -repo "$(REPO)" -verify

.PHONY: bench-update
bench-update: postgres ## Measure what a stored repository costs, with and without news, and COPY against psql: REPO=<git directory>
	@test -n "$(REPO)" || { echo "usage: make $@ REPO=<git directory>" >&2; exit 2; }
	@$(GO) run ./tools/benchupdate -repo "$(REPO)" $(BENCHFLAGS)

.PHONY: bench-queue
bench-queue: postgres ## Measure the monitor and the queue: BENCHFLAGS='-only noop -jobs 50000'
	@$(GO) run ./tools/benchqueue $(BENCHFLAGS)

.PHONY: bench-github
bench-github: postgres ## Measure what a repository costs at GitHub, against a fake one: BENCHFLAGS='-storm'
	@$(GO) run ./tools/benchgithub $(BENCHFLAGS)

.PHONY: bench-memory
bench-memory: build postgres ## Measure the memory that 1,000,000 commits, and one commit of 1,000,000 files, need: BENCHFLAGS='-commits 100000'
	@$(GO) run ./tools/benchmemory $(BENCHFLAGS)

.PHONY: bench-contributors
bench-contributors: postgres ## Let 16 writers upsert the same people, sorted and not, and count deadlocks: BENCHFLAGS='-for 1m'
	@$(GO) run ./tools/benchcontributors $(BENCHFLAGS)

.PHONY: bench-insights
bench-insights: postgres ## Measure the daily run of insights: BENCHFLAGS='-repos 1000 -workers 2'
	@$(GO) run ./tools/benchinsights $(BENCHFLAGS)

.PHONY: chaos
chaos: postgres ## Break the queue on purpose and count what is lost: CYCLES=10 of each fault; SEED=n for the same order again
	@$(GO) build -o bin/chaos ./tools/chaos
	@exec bin/chaos -cycles $(or $(CYCLES),10) $(if $(SEED),-seed $(SEED)) $(CHAOSFLAGS)

.PHONY: verify
verify: build test check-generated vet-sql ## Build, test, and check what is generated

.PHONY: clean
clean: ## Remove what was built (repositories, logs and databases stay)
	rm -rf bin

# Tools have module files of their own, so that go.mod lists only what the program needs. A new pin is a new binary.
bin/sqlc: tools/sqlc/go.mod tools/sqlc/go.sum
	@echo "building $@ ..." >&2
	@cd tools/sqlc && $(GO) build -o ../../$@ github.com/sqlc-dev/sqlc/cmd/sqlc
	@touch $@

bin/golangci-lint: tools/golangci-lint/go.mod tools/golangci-lint/go.sum
	@echo "building $@ ..." >&2
	@cd tools/golangci-lint && $(GO) build -o ../../$@ github.com/golangci/golangci-lint/v2/cmd/golangci-lint
	@touch $@
