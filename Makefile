# The project's commands. Each installs what it needs first; `make` alone lists them.
SHELL := /bin/bash
.SHELLFLAGS := -eu -o pipefail -c
.DEFAULT_GOAL := help
.PHONY: help demo deploy undeploy test components integration e2e conformance conformance-kubernetes bench synth drift build image sbom clean

INSTALLED := node_modules/.tooltrail-installed

help: ## list the commands
	@grep -hE '^[a-z0-9-]+:.*## ' Makefile | sed -E 's/^([a-z0-9-]+):.*## /  make \1\t/' | expand -t 32

# The lockfile brings Node 24 itself; npm and any Node from 20 on are enough to begin with.
$(INSTALLED): package.json package-lock.json
	@command -v npm > /dev/null || { echo 'tooltrail needs npm and Node.js 20 or later: https://nodejs.org' >&2; exit 1; }
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

demo: $(INSTALLED) synth ## take a real tool call through the gateway and show its trail (DEMO_EXIT=1: then stop)
	@npm run --silent demo

test: $(INSTALLED) ## type check, lint, and all tests that need only npm
	npm run --silent check
	npm run --silent lint
	npm test --silent

components: $(INSTALLED) ## build etcd, Kubernetes and the Gateway API's suite from pinned Go modules, once; needs Go
	@npm run --silent components

integration: $(INSTALLED) ## tests against a real Kubernetes API; builds what of it is not there yet
	@npm run --silent integration

deploy: $(INSTALLED) synth ## bring dist/ into kubectl's cluster, and wait until it runs (GITHUB_PAT= CRDS=folder|none WITHOUT=grafana,…)
	@npm run --silent deploy

undeploy: $(INSTALLED) ## take it out again, its namespaces and definitions included
	@npm run --silent undeploy

e2e: $(INSTALLED) ## tests in a whole cluster: of kind, or of the driver that E2E_DRIVER names
	@npm run --silent e2e

conformance: $(INSTALLED) ## run the cases of the Gateway API suite, alone and over sockets, and print a table
	@npm run --silent conformance

conformance-kubernetes: $(INSTALLED) ## run the Gateway API's own suite in a whole cluster, as e2e has one, and write its report
	@npm run --silent conformance-kubernetes

bench: $(INSTALLED) ## print what routes and spans cost
	@npm run --silent bench

synth: $(INSTALLED) ## write the Kubernetes objects of lib/main.ts to dist/
	@npm run --silent synth

drift: $(INSTALLED) ## fail if dist/ is not what lib/main.ts says, by cdk8s's own command
	@npx --no-install cdk8s synth --check-upgrade=false > /dev/null
	@test -z "$$(git status --porcelain -- dist)" || { git --no-pager diff -- dist; git status --short -- dist; \
	  echo 'dist/ is out of date: run make synth and commit it' >&2; exit 1; }

build: $(INSTALLED) ## compile the library and bundle the gateway into build/
	npm run --silent build

image: $(INSTALLED) ## make the gateway's image, with docker, podman, buildah or none of them
	@npm run --silent image

sbom: build ## list what the gateway's bundle is made of (CycloneDX), in build/gateway/sbom.cdx.json
	@node -e "console.log(JSON.parse(fs.readFileSync('build/gateway/sbom.cdx.json', 'utf8')).components.length + ' packages: build/gateway/sbom.cdx.json')"

clean: ## remove what was built and installed
	rm -rf build node_modules
