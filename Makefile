# The front door: `make` lists what there is.
BUILD ?= build
PREFIX ?= /usr/local
SECONDS ?= 10
QUESTION ?= What is wrong with this host?

.PHONY: help up build bootstrap test vmtest soak interop bench fuzz lint format debian13 arm64 install package clean
.DEFAULT_GOAL := help

help: ## list the targets
	@sed -n 's/^\([a-z0-9]*\):.*## /\1\t/p' Makefile | expand -t 12

up: build ## install what is needed, build, start server and agent here, investigate this host
	@$(BUILD)/constable up $$(test -t 0 || echo --once) "$(QUESTION)"

build: bootstrap ## build everything into build/, runnable from there
	@scripts/build release

test: bootstrap ## everything a change must pass (some 35 minutes on 2 cores)
	@scripts/test

vmtest: build ## the tests that bring a kernel of their own (qemu without KVM); part of `make test`
	@tests=$$(grep -ld skip '^# beside emulated$$' tests/*) && scripts/test $$tests

soak: bootstrap ## the long versions: fuzzing, valgrind, kill runs, Debian 13, arm64
	@scripts/test --soak

interop: build ## against others: Kubernetes, OpenAPI, WebSocket, OCI; fetches them, skips out loud
	@scripts/interop

bench: build ## measure, one JSON line per figure, each beside its peer
	@scripts/bench

fuzz: bootstrap ## fuzz every decoder, SECONDS=10 each
	@scripts/fuzz $(SECONDS)

lint: bootstrap ## clang-tidy over the whole tree
	@scripts/lint

format: bootstrap ## let clang-format decide
	@git ls-files '*.c' '*.h' | xargs clang-format -i

debian13: bootstrap ## build and run the unit tests in a Debian 13 chroot
	@scripts/debian13

arm64: bootstrap ## cross-build for arm64, run the unit tests under qemu-user
	@scripts/arm64

install: build ## install below PREFIX=/usr/local (DESTDIR is honoured)
	@meson configure $(BUILD) --prefix=$(PREFIX)
	@meson install -C $(BUILD) --no-rebuild --quiet

package: build ## Debian packages, tarball and OCI image of what was built, into out/
	@scripts/bundle && scripts/package
	@rm -rf out/image && scripts/oci-image out/constable-$$(scripts/version)-*.tar.gz out/image

clean: ## remove everything that was built or fetched
	@rm -rf build build-* out

bootstrap:
	@scripts/bootstrap
