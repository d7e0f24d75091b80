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
test: check staticcheck suites canaries dialects ## run every test, installing what it needs when it can

# The race detector needs a C compiler; without one the same tests run without it. Looked up late, as CI installs one.
RACE = $(shell command -v $${CC:-gcc} >/dev/null 2>&1 && echo -race)

# On a user's machine a test that needs a missing program skips with a reason; in CI a skip is a failure.
# Vet looks at everything once, with all its analyzers: -vet=off, as go test would look again at each package.
GOTEST := $(if $(CI),$(BIN)/noskips,$(GO) test) -vet=off

$(BIN)/noskips: $(wildcard tools/noskips/*.go)
	$(GO) build -o $@ ./tools/noskips

# Tests whose rounds differ only in their seeds make a part of them under the race detector (internal/race).
ROUNDS    := TestAKilledAgentIsNamedWithItsPart TestAgentsThroughAPassingBuild TestAnotherAgentTakesOver TestAtomicState TestBrokenPromisesFailLint \
	TestBrokenStateIsNoticed TestCalmIsCalm TestCompareIsRightOftenEnough TestCompareRealBuilds TestDialectTroubled TestDialects TestDialectsOfAMix \
	TestDialectsOfEveryKindOfLoad TestEveryFaultAtEverySurface TestEveryFaultInEveryDialect TestFaultsBelowSurfaces TestFindMax TestFindMaxOfUnsoundBuilds TestFourAgentsAreAsOne \
	TestHostileDoors TestHostilePosters TestHostilePostings TestJudgeFindsExactlyWhatWasSeeded TestKeysAreNoGrowth TestMixedFailures \
	TestNamedWithoutIdentifiers TestOneSeedOneJournal TestPatchedFlows TestPatchedIsWhatTheDialectSays TestPostingWhileSettling TestPostingsInPieces \
	TestRelationsOfFlows TestRepeats TestRunsKeepOurOwnContracts TestSearchFindsKnownCapacities TestSearchLimits TestSearchLooksAgainAboveWhatItFound \
	TestSearchOfBuildsThatSway TestSearchOfBuildsThatTire TestSettledLedgerForgetsNothing TestSoak TestSoundBuildHoldsUnderEveryFault TestSpokenDialects \
	TestWhatBecomesOfBatches TestWholeCatalogRepeats
ROUNDS_IN := ./chaos ./chaos/faults ./harness ./harness/catalog ./harness/load ./harness/memory

.PHONY: check
check: tools-for-tests $(if $(CI),$(BIN)/noskips) ## format, vet, import order and unit tests with the race detector; long series of rounds without it
	@files="$$(gofmt -l $$(git ls-files '*.go'))"; test -z "$$files" || { echo "not gofmt-clean: $$files"; exit 1; }
	$(GO) vet ./... && $(GO) vet -tags suites ./harness/suite/... ./harness/sut/... ./harness/load/... && $(GO) vet -tags odataclient ./simulators/dialects/...
	CGO_ENABLED=$(if $(RACE),1,0) $(GOTEST) $(RACE) -shuffle=on -timeout 20m ./...
	$(MAKE) --no-print-directory rounds contracts
	cd tools/bench/peers && $(GO) vet ./...
	cd examples/poller && $(GO) vet ./... && CGO_ENABLED=$(if $(RACE),1,0) $(GO) test $(RACE) -shuffle=on -timeout 5m ./...

.PHONY: rounds
rounds: $(if $(CI),$(BIN)/noskips) ## all rounds of the tests that make only some of them under the race detector, without it
	$(GOTEST) -count=1 -shuffle=on -timeout 10m -run '^($(subst $(eval ) ,|,$(strip $(ROUNDS))))$$' $(ROUNDS_IN)

.PHONY: contracts
contracts: ## hold what our own endpoints promise against what was released (docs/contracts); breaking it needs a new version
	$(GO) run . contracts lint --book docs/contracts
	$(GO) run . contracts lint --book examples/bridge/contracts

# So CI installs what tests need.
.PHONY: tools-for-tests
tools-for-tests:
	@if [ -n "$$CI" ] && command -v apt-get >/dev/null 2>&1; then \
		missing=; \
		command -v gcc >/dev/null 2>&1 || missing="$$missing gcc libc6-dev"; \
		command -v chromium >/dev/null 2>&1 || missing="$$missing chromium"; \
		command -v dockerd >/dev/null 2>&1 || missing="$$missing docker.io"; \
		command -v docker-compose >/dev/null 2>&1 || missing="$$missing docker-compose"; \
		command -v sftp >/dev/null 2>&1 || missing="$$missing openssh-client"; \
		ls /usr/lib/*/faketime/libfaketime.so.1 >/dev/null 2>&1 || missing="$$missing libfaketime"; \
		command -v npm >/dev/null 2>&1 || missing="$$missing npm"; \
		command -v curl >/dev/null 2>&1 || missing="$$missing curl"; \
		command -v python3 >/dev/null 2>&1 || missing="$$missing python3"; \
		command -v xmllint >/dev/null 2>&1 || missing="$$missing libxml2-utils"; \
		command -v psql >/dev/null 2>&1 && ls /usr/lib/postgresql/*/bin/postgres >/dev/null 2>&1 || missing="$$missing postgresql postgresql-client"; \
		test -x /usr/lib/rabbitmq/bin/rabbitmq-server || missing="$$missing rabbitmq-server"; \
		perl -MSOAP::Lite -e 1 >/dev/null 2>&1 || missing="$$missing libsoap-lite-perl"; \
		/usr/bin/python3 -c 'import zeep' >/dev/null 2>&1 || missing="$$missing python3-zeep"; \
		[ -z "$$missing" ] || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy $$missing; }; \
	fi
	@[ -z "$$CI" ] || $(MAKE) --no-print-directory pact-cli

PACT_CLI := @pact-foundation/pact-cli@18.1.2

.PHONY: pact-cli
pact-cli: $(BIN)/node_modules/.bin/pact ## install the official Pact verifier and broker client below bin/ by its npm package, as tests and verify find it

$(BIN)/node_modules/.bin/pact: Makefile
	npm install --prefix $(BIN) --no-save --no-audit --no-fund --ignore-scripts --loglevel=error $(PACT_CLI)
	@touch $@

# The native library that pact-go links, by its npm package: linux-x64-glibc, linux-arm64-glibc, linux-x64-musl, darwin-arm64, …
# It has a folder of its own, as npm removes what else it finds beside it.
PACT_PLATFORM ?= linux-x64-glibc
PACT_FFI      := @pact-foundation/pact-core-$(PACT_PLATFORM)@20.2.0
FFI_AT        := $(BIN)/pact-ffi/node_modules/@pact-foundation/pact-core-$(PACT_PLATFORM)

$(FFI_AT)/package.json: Makefile
	npm install --prefix $(BIN)/pact-ffi --no-save --no-audit --no-fund --ignore-scripts --loglevel=error $(PACT_FFI)
	@touch $@

.PHONY: pact-go
pact-go: build $(BIN)/staticcheck ## consumer tests and provider verification with pact-go inside Ginkgo (build tag pact, cgo); installs libpact_ffi below bin/ by its npm package
	@for tool in npm $${CC:-gcc}; do command -v $$tool >/dev/null 2>&1 || { \
		echo "pact-go needs npm and a C compiler, and $$tool is not there"; [ -z "$$CI" ]; exit; }; done; \
	$(MAKE) --no-print-directory $(FFI_AT)/package.json && \
	lib=$$(dirname $(abspath $(FFI_AT))/prebuilds/*/libpact_ffi.*) && \
	export CGO_ENABLED=1 CGO_LDFLAGS=-L$$lib LD_LIBRARY_PATH=$$lib DYLD_LIBRARY_PATH=$$lib PACT_DO_NOT_TRACK=true PACT_LOG_LEVEL=ERROR && \
	cd examples/pact-go && $(GO) vet -race -tags pact ./... && GOFLAGS=-race $(abspath $(BIN))/staticcheck -tags pact ./... && \
	$(GO) test -vet=off -tags pact -race -count=1 -timeout 5m ./...

SAP_CLIENT    := $(patsubst %,@sap-cloud-sdk/%@4.5.1,generator odata-v2 odata-v4 http-client connectivity)
SAP_CLIENT_AT := $(BIN)/sap-client

$(SAP_CLIENT_AT)/node_modules/.package-lock.json: Makefile
	npm install --prefix $(SAP_CLIENT_AT) --no-save --no-audit --no-fund --ignore-scripts --loglevel=error $(SAP_CLIENT)
	@touch $@

.PHONY: odata-client
odata-client: $(SAP_CLIENT_AT)/node_modules/.package-lock.json ## have SAP's Cloud SDK generate clients from the $metadata of simulated SAP and D365, and read and post with them; installs it below bin/ by its npm packages
	SAP_CLIENT=$(abspath $(SAP_CLIENT_AT))/node_modules $(GO) test -tags odataclient -count=1 -timeout 5m -run GeneratedClient -v ./simulators/dialects/saps4 ./simulators/dialects/d365

.PHONY: staticcheck
staticcheck: $(BIN)/staticcheck ## look for mistakes that compile
	$(BIN)/staticcheck ./...
	cd examples/poller && $(abspath $(BIN))/staticcheck ./...

$(BIN)/staticcheck: Makefile
	GOBIN=$(abspath $(BIN)) CGO_ENABLED=0 $(GO) install $(STATICCHECK)

.PHONY: suites
suites: build poller-canary pact-go $(if $(CI),odata-client $(BIN)/noskips) ## the smoke pack as a Ginkgo suite against the bundled integration, a few scenarios against it as a container, against the polling one, and pact-go against a simulated ERP
	$(GO) run github.com/onsi/ginkgo/v2/ginkgo run --procs=4 --tags=suites --vet=off --timeout=20m ./harness/suite -- -test.run='^TestSmoke$$'
	$(GOTEST) -p 1 -tags suites -count=1 -timeout 20m ./harness/sut/container/... ./harness/sut/compose/...
	$(GOTEST) -tags suites -count=1 -timeout 20m -run Container ./harness/load

.PHONY: canaries
canaries: ## one planted defect per oracle, which it must name, and a few sound runs that nobody may blame
	$(GO) run ./tools/detection -canaries -build bridge -lanes 2 -sound 6 -scenarios CNF-09,LOT-01,NET-02,ORD-06,MDM-08,QUA-02

.PHONY: dialects
dialects: ## at the ERP of each other dialect: a few scenarios in which the sound build holds, and planted defects that are blamed; prints a table
	$(GO) run ./tools/detection -dialects -lanes 3

SOUND    ?= 300
CAMPAIGN ?= 300
REPS     ?= 1
SHRINK   ?= 40

.PHONY: detection
detection: ## plant every defect, gate it and shrink what it shows, count false alarms in SOUND randomised runs of each sound build; writes docs/track-record.md
	$(GO) run ./tools/detection -sound $(SOUND) -campaign 0 -reps $(REPS) -shrink $(SHRINK) -write docs/track-record.md

.PHONY: surface-defects
surface-defects: ## plant every defect at the ERP of every dialect that the bundled build has a side for; writes docs/surface-defects.md
	$(GO) run ./tools/detection -surfaces -shrink 0 -write docs/surface-defects.md

.PHONY: surface-faults
surface-faults: ## play every fault of connections, brokers, folders, tables and the build's process at an ERP of every dialect; writes its table into docs/surfaces.md
	$(GO) test ./harness -run '^TestFaultsBelowSurfaces$$' -count=1 -timeout 20m -everything -update

.PHONY: surface-scenarios
surface-scenarios: ## play every scenario with the sound build at the ERP of every dialect that it has a side for; writes docs/surface-scenarios.md, keeps the bundles of what does not hold in andon-runs
	$(GO) run ./tools/detection -everywhere -keep andon-runs/surface-scenarios -write docs/surface-scenarios.md

SEED ?= 20261120

.PHONY: campaign
campaign: ## CAMPAIGN runs of each sound build, at all of its rigs, under random schedules from all faults: nobody may be blamed; writes docs/random-trouble.md, keeps the bundles of who is in andon-runs
	$(GO) run ./tools/detection -defects - -sound 0 -shrink 0 -rest=false -campaign $(CAMPAIGN) -keep andon-runs/campaign -seed $(SEED) -write docs/random-trouble.md

.PHONY: soak
soak: ## a simulated day of random trouble around the bundled integration: what it and the rig take up at each hour, which must not grow (nine minutes)
	$(GO) run ./tools/soak

.PHONY: shrink-proof
shrink-proof: ## shrink what 16 planted defects show, and print how small it gets (DEFECTS=M01,M05)
	$(GO) run ./tools/shrinkproof -defects "$(DEFECTS)"

.PHONY: bench
bench: tools-for-bench ## figures beside named peers in the same run (half an hour on a quiet machine); writes docs/performance.md
	$(GO) run ./tools/bench -write docs/performance.md

.PHONY: tools-for-bench
tools-for-bench: ## install the peers that Debian has, where that can be done
	@if [ "$$(id -u)" = 0 ] && command -v apt-get >/dev/null 2>&1; then \
		missing=; \
		command -v wrk >/dev/null 2>&1 || missing="$$missing wrk"; \
		command -v h2load >/dev/null 2>&1 || missing="$$missing nghttp2-client"; \
		[ -z "$$missing" ] || { apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy $$missing; }; \
	fi

.PHONY: profiles
profiles: ## derive the nist-box profile from the recorded run (FROM=folder with operations.csv and inspection.csv)
	$(GO) run ./tools/nistbox -from $(FROM) -to simulators/plant/profiles/nist-box.json

.PHONY: own-log
own-log: build ## replay a recorded event log of 1,200 rows through the bundled build; its dirty rows are listed first
	$(GO) run ./tools/eventlog > examples/own-log/log.csv
	$(BIN)/andon check --rig examples/own-log/andon.yaml
	$(BIN)/andon gate --rig examples/own-log/andon.yaml --scenario CNF-01,DUP-01

.PHONY: fuzz
fuzz: ## fuzz every decoder and file reader for a short while each (FUZZTIME=10s)
	@FUZZTIME=$${FUZZTIME:-10s} sh tools/fuzz.sh

.PHONY: poller
poller: build $(BIN)/poller ## gate the second sound build, which polls and works from a table, with the smoke pack
	$(BIN)/andon gate --rig examples/poller/andon.yaml

.PHONY: poller-canary
poller-canary: build $(BIN)/poller
	$(BIN)/andon gate --rig examples/poller/andon.yaml --scenario CNF-02,LOT-01,NET-03,QUA-02

$(BIN)/poller: $(wildcard examples/poller/*.go) examples/poller/go.mod examples/poller/go.sum
	cd examples/poller && $(GO) build -o $(abspath $(BIN))/poller .

$(BIN)/bento: examples/bento/build/go.mod examples/bento/build/go.sum examples/bento/build/main.go
	cd examples/bento/build && $(GO) build -p 2 -o $(abspath $(BIN))/bento .

.PHONY: bento
bento: build $(BIN)/bento ## gate Bento, a real middleware product, in two configurations; findings do not fail the target
	$(BIN)/bento lint --skip-env-var-check examples/bento/naive.yaml examples/bento/hardened.yaml
	@for v in naive hardened; do \
		echo "== Bento with $$v.yaml"; rc=0; \
		$(BIN)/andon gate --rig examples/bento/andon.$$v.yaml --out andon-runs/$$(date +%Y%m%d-%H%M%S)-bento-$$v || rc=$$?; \
		case $$rc in 0|1|4) ;; *) exit $$rc ;; esac; \
	done
