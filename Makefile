# PreviewSet: make help prints the menu. CI runs only these targets.
SHELL := /bin/bash
GO ?= go
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/previewset
TOOLS := $(GO) tool -modfile=tools.mod
# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(shell command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 && echo -race)
# Without cgo, because Argo CD's programs are built without it: its packages are then compiled only once.
E2E := CGO_ENABLED=0 $(GO)
ARGOCD ?= 2.14.21 3.2.11
GORELEASER := $(GO) run github.com/goreleaser/goreleaser/v2@v2.15.1

.PHONY: help build test lint unit contract guards fuzz vulncheck generate e2e tools stories e2e-packages lifetimes monitoring systems browser e2e-ui bench scale demo sandbox image release release-snapshot release-tools

help: ## print this menu
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-13s %s\n", $$1, $$2}'

build: ## build both programs, stripped, into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/ ./cmd/...

test: lint unit contract ## run linters and all tests that need no servers

lint: ## run golangci-lint, which includes go vet, on all three modules
	$(TOOLS) golangci-lint run ./...
	linter=$$($(TOOLS) -n golangci-lint) && for module in e2e e2e/browser; do (cd $$module && CGO_ENABLED=0 $$linter run ./...) || exit 1; done

# The domain, the configuration and Kustomize's builds run in one goroutine, and so do tests that compute much: the race
# detector makes them up to ten times slower. The generator's tests run the domain and the configuration with it.
ONE_GOROUTINE := /internal/(overlay|preview|config)(/|$$)
COMPUTATIONS := ^(TestScripts|TestStateFitsIntoConfigMap|TestHourWithoutChangesCostsNothing|TestUnpackCutPackIsAnError|TestRemovedPartMovesOthers|TestDecodingRestoresEnvironments|TestMemberHasTextOfItsChunks)$$
# With the race detector, the first one is skipped, because it needs too much memory, and the second one runs 40 of its
# sequences.
AGAIN := ^(TestReadFitsIntoContainer|TestNoPreviewIsLost)$$

unit: ## run the main module's tests
ifeq ($(RACE),)
	@echo "no C compiler found: running without the race detector"
	$(GO) test -shuffle=on -timeout 80m ./...
else
	$(GO) test -race -shuffle=on -timeout 80m -skip '$(COMPUTATIONS)' $$($(GO) list ./... | grep -vE '$(ONE_GOROUTINE)')
	$(GO) test -race -run TestCheckPassesTheExample ./internal/overlay
	$(GO) test -shuffle=on -timeout 40m $$($(GO) list ./... | grep -E '$(ONE_GOROUTINE)')
	$(GO) test -run '$(COMPUTATIONS)|$(AGAIN)' -timeout 40m ./internal/cli ./internal/configbranch ./internal/github ./internal/gitrepo \
	  ./generator ./generator/store/rowtemplate ./generator/gzipchunks
endif

contract: ## Argo CD's plugin client and template code against the generator's handler; attacks on the programs
	cd e2e && $(E2E) test -timeout 30m ./contract/... ./standtest
	cd e2e && $(E2E) test -parallel 8 -timeout 20m ./attack/programs

guards: ## disable each guard in the source, in an overlay: the random sequences must then fail
	@$(GO) run ./internal/guards

fuzz: ## run each fuzz target for FUZZTIME (default 60s)
	@GO=$(GO) .ci/fuzz $(or $(FUZZTIME),60s)

vulncheck: ## check both programs against the Go vulnerability database, which must be reachable
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./...

generate: ## write the files that are generated from code: JSON Schemas, golden files, docs/reference
	$(GO) test ./internal/preview ./internal/overlay ./internal/reference ./cmd/preview-generator -update

e2e: ## test everything on a real Kubernetes API and Argo CD: stories on each version of ARGOCD, lifetimes, monitoring, browser
	@ARGOCD="$(ARGOCD)" .ci/run e2e

tools: ## build the programs that the end-to-end tests start; half an hour the first time
	cd e2e && $(E2E) run ./cmd/tools

stories: ## run the stories on each version of ARGOCD, one after the other (make stories ARGOCD=3.2.11)
	@for v in $(ARGOCD); do echo "== Argo CD $$v"; \
	  (cd e2e && $(E2E) test -count=1 -timeout 60m $(if $(SKIP),-skip '$(SKIP)') ./stories -argocd=$$v) || exit 1; done

e2e-packages: lifetimes monitoring ## run the end-to-end tests that aren't stories

lifetimes: ## run the end-to-end tests of lifetimes and activity; their time is short, so they need an idle machine
	cd e2e && $(E2E) test -p 1 -timeout 20m ./activity ./lifetimes

monitoring: ## run the end-to-end tests of alerts and dashboard, stores, attacks and systems, and the tests of the test stand's parts
	cd e2e && $(E2E) test -p 1 -timeout 20m ./process ./gitserver ./toolchain ./argocd ./stand ./stores ./attack ./replicas ./systems ./monitoring

systems: ## run the GitOps repositories in the folder DIR on a real Kubernetes API: baseline and previews
	cd e2e && PREVIEWSET_SYSTEMS=$(abspath $(DIR)) $(E2E) test -count=1 -v -timeout 60m ./systems

browser: ## test all pages in a real browser, and the sign-in at a real dex
	mkdir -p $(CACHE)/pictures && cd e2e/browser && $(E2E) test -count=1 -artifacts -outputdir=$(CACHE)/pictures . ./dex

e2e-ui: ## test previews in the real Argo CD's web pages, built once: from npm packages and github.com, in a quarter of an hour
	mkdir -p $(CACHE)/pictures && cd e2e && $(E2E) run ./cmd/tools && cd browser && $(E2E) test -count=1 -timeout 90m -artifacts \
	  -outputdir=$(CACHE)/pictures -tags e2e_ui -run TestRealArgoCD . -argocd-ui=$(lastword $(ARGOCD))

bench: ## measure the promised figures and print one table at the end; takes about 15 minutes
	set -o pipefail; ($(GO) test -run '^$$' -bench . -benchtime 3s ./generator ./generator/previewspage && \
	  $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/... ./generator/report && \
	  cd e2e && $(E2E) run ./cmd/tools && \
	  $(E2E) test -count=1 -timeout 30m -run '^$$' -p 1 -bench . -benchtime 1x ./stories ./bench ./gitops) | $(GO) run ./internal/benchtable

scale: ## measure 200 environments that are requested at once, on each version of ARGOCD; half an hour for each
	cd e2e && $(E2E) run ./cmd/tools && for v in $(ARGOCD); do \
	  $(E2E) test -count=1 -timeout 3h -run '^$$' -bench . -benchtime 1x ./scale -argocd=$$v -environments=$(or $(ENVIRONMENTS),200) || exit 1; done

# Built first, because `go run` fails after Ctrl-C even if the program ended well.
demo: ## run the generator on a simulated GitHub in this terminal
	@$(GO) build -o $(CACHE)/demo ./internal/demo && exec $(CACHE)/demo

sandbox: ## run the demo with a real Kubernetes API and Argo CD; with UI=1 also Argo CD's web pages
	@cd e2e && $(E2E) run ./cmd/tools && $(E2E) build -o $(CACHE)/sandbox ./cmd/sandbox && exec $(CACHE)/sandbox $(if $(UI),-ui -argocd=$(lastword $(ARGOCD)))

release-tools: # the program for lists of modules, into bin/
	@GOBIN=$(CURDIR)/bin $(GO) install github.com/CycloneDX/cyclonedx-gomod@v1.10.0

release-snapshot: release-tools ## make the files of a release in dist/ and check them; publish nothing; 30 minutes the first time
	PATH=$(CURDIR)/bin:$$PATH $(GORELEASER) release --snapshot --clean --skip=publish,sign,ko
	.ci/release-check

release: release-tools ## publish a release of the current tag; only the workflow release.yml does that
	PATH=$(CURDIR)/bin:$$PATH $(GORELEASER) release --clean

image: ## build the generator's image with ko and push it to KO_DOCKER_REPO
	$(GO) run github.com/google/ko@v0.18.0 build ./cmd/preview-generator
