# make             both modules, build/*.so, against the installed nginx
# make demo        a running refund, from a fresh machine
# make test        all tests, from a fresh machine; T=t/foo/bar.t: this file;
#                  SANITIZE=1: with AddressSanitizer and UBSan, and aborts
#                  where the event loop would have to wait
# make rules       that the latter are found
# make journal-check STORE=directory
#                  the journal of a store, replayed, against its payments
# make unit        the tests of the plain C core only
# make sim         SIM_HISTORIES random histories (100000) of refunds, with
#                  faults at every step; SEED=n: shows the one of this seed
# make sim-mutants breaks the core in many ways; sim has to notice each
# make fuzz        the core with random input, FUZZ_SECONDS (60) for each kind;
#                  0: only the inputs that are kept; T=flow: this kind only
# make chaos       real refunds while processes are killed and connections cut,
#                  for CHAOS_SECONDS (180) or of OPS=n refunds; SEED=n
# make chaos-mutants
#                  breaks the module in some ways; chaos has to notice each
# make crash-matrix
#                  each step of a refund that the system sees, broken in each
#                  way, for all that PortOne may do; SAMPLE=n: one case in n
# make browser     the pages, in Chromium; T=t/browser/foo.test.mjs: this file
# make bench       this module beside proxy_pass, a Lua handler and Express;
#                  BENCH="throughput latency": these parts only
# make bench-smoke a minute of it: fails if a ratio is far from what it was
# make scale       ten thousand and ten million payments: is it as fast? Takes
#                  10 GB of disk and half an hour
# make lint        warnings of two compilers, static analysis, style
# make deb         Debian packages of both modules, build/*.deb
# make deb-test    their life, from installation to purge, in a Debian of their
#                  own
# make matrix      all tests with the nginx, LMDB and libcurl of Debian 12, 13
#                  and unstable; T=trixie: of this one only, MODE=fresh: half
# make deps        installs with apt what the targets above need
# make clean       removes what was built
#
# BUILD is the directory of everything that is built, PORT the TCP port of the
# demo (8080) or the first of those that tests listen on (21984), NGINX_SRC a
# configured nginx source tree.

BUILD ?= build
NGINX_SRC ?= /usr/share/nginx/src
CFLAGS ?= -O2 -g
SANITIZE ?=
T ?=

ifeq ($(origin CC), default)
CC = gcc
endif

export BUILD PORT NGINX_SRC CC CFLAGS SANITIZE


.PHONY: all
all: build

.PHONY: build
build:
	t/tools/build

.PHONY: demo
demo:
	t/tools/deps demo
	t/tools/build
	t/tools/examples
	t/tools/demo.sh

.PHONY: test
test:
	t/tools/deps $(if $(SANITIZE),sanitize,test)
	$(if $(SANITIZE),t/tools/static,t/tools/build)
	$(if $(T),,$(MAKE) -s -C t/core all)
	t/tools/run-tests $(T)

.PHONY: rules
rules: export SANITIZE = 1
rules:
	t/tools/deps sanitize
	t/tools/static
	t/tools/run-tests t/rules/rules.t

.PHONY: unit
unit:
	t/tools/deps unit
	$(MAKE) -s -C t/core check

.PHONY: sim
sim:
	t/tools/deps sim
	$(MAKE) -s -C t/sim run

.PHONY: sim-mutants
sim-mutants:
	t/tools/deps sim
	t/sim/mutants.pl

.PHONY: fuzz
fuzz:
	t/tools/deps fuzz
	$(MAKE) -s -C t/fuzz check

.PHONY: chaos
chaos:
	t/tools/deps chaos
	t/tools/build
	$(MAKE) -s -C t/chaos all
	t/chaos/chaos.pl

.PHONY: chaos-mutants
chaos-mutants:
	t/tools/deps chaos
	t/tools/build
	$(MAKE) -s -C t/chaos all
	t/chaos/mutants.pl

.PHONY: crash-matrix
crash-matrix:
	t/tools/deps chaos
	t/tools/build
	$(MAKE) -s -C t/chaos all
	t/chaos/matrix.pl

.PHONY: scale
scale:
	t/tools/deps demo
	t/tools/build
	t/scale/run

.PHONY: browser
browser:
	t/tools/deps browser
	t/tools/build
	t/browser/run $(T)

.PHONY: journal-check
journal-check:
	t/tools/deps build
	@t/tools/journal-check "$(STORE)"

.PHONY: bench
bench:
	t/tools/deps bench express
	t/tools/build
	t/bench/run $(BENCH)

.PHONY: bench-smoke
bench-smoke:
	t/tools/deps bench
	t/tools/build
	t/bench/run --smoke

.PHONY: lint
lint:
	t/tools/deps lint
	t/tools/lint

.PHONY: deb
deb:
	t/tools/deps deb
	t/tools/package/deb

.PHONY: deb-test
deb-test:
	t/tools/deps chroot
	t/tools/package/deb-test

.PHONY: matrix
matrix:
	t/tools/deps chroot
	t/tools/package/matrix $(T)

.PHONY: deps
deps:
	t/tools/deps

.PHONY: clean
clean:
	rm -rf "$(BUILD)" "$(BUILD)-san" "$(BUILD)-lint" "$(BUILD)-fuzz" "$(BUILD)-chroot" t/servroot*
