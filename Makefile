# Everything a user or CI does. `make help` lists it.

GO      ?= go
BIN     := bin
export CGO_ENABLED ?= 0
STATICCHECK := honnef.co/go/tools/cmd/staticcheck@v0.8.2

.DEFAULT_GOAL := help

.PHONY: help
help: ## list the targets
	@awk -F ':.*## ' '/^[a-z-]+:.*## /{printf "  %-14s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/andon
	$(GO) build -o $(BIN)/andon .

.PHONY: run
run: build ## build, and gate the bundled integration with the smoke pack
	$(BIN)/andon gate

.PHONY: test
test: check suites ## run every test, installing what it needs when it can

.PHONY: check
check: ## format, vet, import order and unit tests with the race detector
	@test -z "$$(gofmt -l $$(git ls-files '*.go' 2>/dev/null || find . -name '*.go'))" || { echo "not gofmt-clean:"; gofmt -l .; exit 1; }
	$(GO) vet ./...
	CGO_ENABLED=1 $(GO) test -race -shuffle=on ./...

.PHONY: suites
suites: build ## the smoke pack as a Ginkgo suite against the bundled integration, and the command line end to end
	$(GO) test -tags suites -count=1 ./harness/suite/... ./cmd/...

.PHONY: fuzz
fuzz: ## fuzz every decoder for a short while each
	@./tools/fuzz.sh
