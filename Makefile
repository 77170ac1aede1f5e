.DEFAULT_GOAL := help
GO ?= go

.PHONY: help
help:
	@echo sqlc

.PHONY: sqlc
sqlc: bin/sqlc
	bin/sqlc generate

bin/sqlc: tools/sqlc/go.mod
	cd tools/sqlc && $(GO) build -o ../../bin/sqlc github.com/sqlc-dev/sqlc/cmd/sqlc
	@touch $@
