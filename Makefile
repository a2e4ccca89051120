# PreviewSet: make help shows the menu. CI calls nothing but this.
SHELL := /bin/bash
GO ?= go
CACHE := $(or $(XDG_CACHE_HOME),$(HOME)/.cache)/previewset
TOOLS := $(GO) tool -modfile=tools.mod
# The race detector needs a C compiler; without one the tests run without it, and say so.
RACE := $(shell command -v gcc >/dev/null 2>&1 || command -v clang >/dev/null 2>&1 && echo -race)
# Without cgo, as Argo CD's programs are built: its packages are then compiled once.
E2E := CGO_ENABLED=0 $(GO)
ARGOCD ?= 2.14.21 3.2.11

.PHONY: help build test lint unit contract guards fuzz vulncheck generate e2e bench demo sandbox image

help: ## this menu
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-10s %s\n", $$1, $$2}'

build: ## both programs, stripped, into bin/
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags '-s -w' -o bin/ ./cmd/...

test: lint unit contract ## lint, vet, unit, golden, contract and race tests

lint: ## golangci-lint, with go vet in it, of all three modules
	$(TOOLS) golangci-lint run ./...
	linter=$$($(TOOLS) -n golangci-lint) && for module in e2e e2e/browser; do (cd $$module && CGO_ENABLED=0 $$linter run ./...) || exit 1; done

unit: ## tests of the main module
	@[ -n "$(RACE)" ] || echo "no C compiler found: running without the race detector"
	$(GO) test $(RACE) -shuffle=on -timeout 20m ./...

contract: ## Argo CD's own plugin client and template code against our handler
	cd e2e && $(E2E) test ./contract/...

guards: ## each guard taken out of the source in an overlay: the random sequences must then fail
	@$(GO) run ./internal/guards

fuzz: ## each fuzz target for FUZZTIME (default 60s)
	@GO=$(GO) .ci/fuzz $(or $(FUZZTIME),60s)

vulncheck: ## what both programs link against the Go vulnerability database, which must be reachable
	$(GO) run golang.org/x/vuln/cmd/govulncheck@v1.8.0 ./...

generate: ## generated files: JSON Schemas, golden files, docs/reference
	$(GO) test ./internal/preview ./internal/overlay ./internal/reference -update

e2e: ## the stories, with a real Kubernetes API and real Argo CD, once for each version
	cd e2e && $(E2E) run ./cmd/tools
	cd e2e && $(E2E) test -p 1 -timeout 20m ./process ./gitserver ./toolchain ./monitoring ./activity ./lifetimes
	mkdir -p $(CACHE)/pictures && cd e2e/browser && $(E2E) test -count=1 -artifacts -outputdir=$(CACHE)/pictures .
	@for v in $(ARGOCD); do echo "== Argo CD $$v"; (cd e2e && $(E2E) test -count=1 -timeout 30m ./stories -argocd=$$v) || exit 1; done

bench: ## the figures that are promised, in one table at the end; some 15 minutes
	set -o pipefail; ($(GO) test -run '^$$' -bench . -benchtime 3s ./generator && \
	  $(GO) test -run '^$$' -bench . -benchtime 1x -timeout 30m ./cmd/... && \
	  cd e2e && $(E2E) run ./cmd/tools && \
	  $(E2E) test -count=1 -timeout 30m -run '^$$' -p 1 -bench . -benchtime 1x ./stories ./bench ./gitops) | $(GO) run ./internal/benchtable

# Built and then run: after Ctrl-C `go run` fails, however well the program ended.
demo: ## the service on a simulated GitHub, in this terminal
	@$(GO) build -o $(CACHE)/demo ./internal/demo && exec $(CACHE)/demo

sandbox: ## the demo with a real Kubernetes API and Argo CD
	@cd e2e && $(E2E) run ./cmd/tools && $(E2E) build -o $(CACHE)/sandbox ./cmd/sandbox && exec $(CACHE)/sandbox

image: ## the service's image, with ko; KO_DOCKER_REPO says where to
	$(GO) run github.com/google/ko@v0.18.0 build ./cmd/preview-generator
