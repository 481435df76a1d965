# Every target does its own set-up. Node runs from the package's own copy, whatever version is installed.
.PHONY: build demo test check static audit bench fuzz soak tools
.DEFAULT_GOAL := build

INSTALLED := node_modules/.package-lock.json

build: $(INSTALLED)
	@npm run -s build

# The main job in a minute, without a cluster: serves a saved cluster state and sends it changes.
demo: build
	@npm run -s demo

test: build
	@npm run -s test

# What CI runs.
check: static audit test

static: build
	@npm run -s lint
	@npm run -s types
	@npm run -s layers
	@npm run -s docs:check

# Advisories about dependencies; says so when the registry has none to give.
audit: build
	@npm run -s audit

bench: build
	@npm run -s bench

fuzz: build
	@npm run -s fuzz

soak: build
	@npm run -s soak

$(INSTALLED): package.json package-lock.json
	@$(MAKE) -s tools
	@echo "installing packages (once)"
	@npm ci
	@touch $@

tools:
	@command -v node >/dev/null || { echo "Node 20 or later is needed: https://nodejs.org/en/download" >&2; exit 1; }
	@node -e 'if (parseInt(process.versions.node) < 20) { console.error("Node 20 or later is needed, this is " + process.version + ": https://nodejs.org/en/download"); process.exit(1) }'
	@command -v npm >/dev/null || { echo "npm is needed; it comes with Node: https://nodejs.org/en/download" >&2; exit 1; }
