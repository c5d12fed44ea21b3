# sesbounced. `make run` to see it work, `make check` to test it, `make help` for the rest.

VERSION := 0.1.0
PREFIX  ?= /usr/local
DESTDIR ?=
SYSCONFDIR ?= /etc
CC      ?= cc
CFLAGS  ?= -O2 -g

# Each kind of build has a folder of its own, so that object files never mix.
comma   := ,
SANITIZER := $(patsubst address%,asan,$(patsubst thread,tsan,$(subst $(comma),-,$(SANITIZE))))
VARIANT := $(strip $(if $(findstring clang,$(notdir $(firstword $(CC)))),clang) \
                   $(SANITIZER) $(if $(COVERAGE),coverage))
empty   :=
BUILD   ?= build$(if $(VARIANT),/$(subst $(empty) $(empty),-,$(VARIANT)))

PKGS    := libmicrohttpd libcurl jansson sqlite3 libsystemd libcrypto libssl libidn2 libzstd zlib
# With LAYERS="base message" only these are compiled and tested (target `unit`).
LAYERS  ?= base message policy config store remote report daemon ctl
PROGRAM_LAYERS := daemon ctl
LIBRARY_LAYERS := $(filter-out $(PROGRAM_LAYERS),$(LAYERS))

# Until the libraries are installed this finds nothing: targets that install them first
# start a second make for the rest.
PKG_CFLAGS := $(shell pkg-config --cflags $(PKGS) 2>/dev/null)
PKG_LIBS   := $(shell pkg-config --libs $(PKGS) 2>/dev/null)

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings -Wcast-qual
# usage: $(call accepted,FLAG): the flag, where the compiler takes it without a word.
accepted = $(shell $(CC) -Werror -O2 $(1) -include stdio.h -x c -c -o /dev/null /dev/null \
                   2>/dev/null && echo '$(1)')
# Those that depend on the compiler, its version and the processor: variables begin as
# zeros, and jumps and returns go only where they may (x86; ARM).
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE \
             $(call accepted,-ftrivial-auto-var-init=zero) \
             $(call accepted,-fcf-protection) \
             $(call accepted,-mbranch-protection=standard)
FORTIFY := $(or $(call accepted,-D_FORTIFY_SOURCE=3),-D_FORTIFY_SOURCE=2)
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) $(PKG_CFLAGS) $(CFLAGS)
ALL_CPPFLAGS := -Iinclude -Isrc -I$(BUILD)/generated $(CPPFLAGS)
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now,-z,noexecstack $(LDFLAGS)
LDLIBS  := $(PKG_LIBS) -lpthread

ifdef SANITIZE
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else ifdef COVERAGE
ALL_CFLAGS += -O0 --coverage
ALL_LDFLAGS += --coverage
else ifeq ($(filter -O0,$(CFLAGS)),)
ALL_CPPFLAGS += -U_FORTIFY_SOURCE $(FORTIFY)
endif
ifdef WERROR
ALL_CFLAGS += -Werror
endif

objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
LIBRARY_OBJ := $(call objects,$(foreach layer,$(LIBRARY_LAYERS),$(wildcard src/$(layer)/*.c src/$(layer)/*/*.c)))
DAEMON_OBJ  := $(call objects,$(filter-out %/main.c,$(wildcard src/daemon/*.c)))
CTL_OBJ     := $(call objects,$(filter-out %/main.c,$(wildcard src/ctl/*.c)))

# tests/unit/LAYER/test_*.c is a program each; the other files there help all of them.
UNIT_ALL  := $(foreach layer,$(LAYERS),$(wildcard tests/unit/$(layer)/*.c))
UNIT_SRC  := $(foreach file,$(UNIT_ALL),$(if $(filter test_%,$(notdir $(file))),$(file)))
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)
HELPER_OBJ := $(call objects,$(filter-out $(UNIT_SRC),$(UNIT_ALL)) $(wildcard tests/unit/*.c))

# tests/fuzz/fuzz_NAME.c is a target each: replayed by `make check`, fuzzed by `make fuzz`.
FUZZ_SRC   := $(if $(filter daemon,$(LAYERS)),$(wildcard tests/fuzz/fuzz_*.c))
FUZZ_NAMES := $(FUZZ_SRC:tests/fuzz/fuzz_%.c=%)
FUZZ_HELPER_OBJ := $(call objects,$(filter-out $(FUZZ_SRC) %/replay.c,$(wildcard tests/fuzz/*.c)))
REPLAYS    := $(FUZZ_NAMES:%=$(BUILD)/unit/fuzz/%)
UNIT_BIN   += $(REPLAYS)
# ThreadSanitizer finds what threads do to each other: it runs the tests that have several.
ifeq ($(SANITIZE),thread)
THREADED := $(filter tests/unit/daemon/% tests/unit/remote/%,$(UNIT_SRC)) \
            $(shell grep -l pthread_create $(UNIT_SRC))
UNIT_BIN := $(patsubst tests/unit/%.c,$(BUILD)/unit/%,$(sort $(THREADED)))
endif

PROGRAMS := $(BUILD)/sesbounced $(BUILD)/sesbouncectl
ALL_OBJ  := $(LIBRARY_OBJ) $(DAEMON_OBJ) $(CTL_OBJ) $(HELPER_OBJ) $(FUZZ_HELPER_OBJ) \
            $(call objects,src/daemon/main.c src/ctl/main.c $(UNIT_SRC) $(FUZZ_SRC) \
                           tests/fuzz/replay.c)

.DEFAULT_GOAL := all
.DELETE_ON_ERROR:
.SECONDARY: $(ALL_OBJ)
.PHONY: all run demo check unit unit-programs lint format fuzz bench coverage \
        install uninstall clean help FORCE

all: $(PROGRAMS)

# --- compiling ------------------------------------------------------------------------

# Rewritten only if the command line has changed, which recompiles everything.
FLAGS_NOW := $(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) $(ALL_LDFLAGS) $(LDLIBS)
$(BUILD)/flags: FORCE
	@if [ -z '$(PKG_LIBS)' ]; then \
	    echo 'make: libraries are missing (pkg-config finds not all of: $(PKGS)).' >&2; \
	    echo 'make: contrib/install-dependencies.sh build   installs them' >&2; exit 1; fi
	@mkdir -p $(@D)
	@printf '%s\n' '$(FLAGS_NOW)' | cmp -s - $@ || printf '%s\n' '$(FLAGS_NOW)' > $@

# SESBOUNCE_VERSION: the tag, or VERSION and the commit, or VERSION alone where there is no
# git (a release's archive). Kept as it is when git refuses, as under `sudo make install`.
VERSION_HEADER := $(BUILD)/generated/sesbounce_version.h
$(VERSION_HEADER): FORCE
	@mkdir -p $(@D)
	@version=$$( [ -e .git ] && git describe --tags --match 'v[0-9]*' 2>/dev/null) || \
	 { commit=$$( [ -e .git ] && git rev-parse --short=10 HEAD 2>/dev/null) && \
	   version=$(VERSION)+g$$commit; } || { [ ! -e $@ ] || exit 0; version=$(VERSION); }; \
	 line="#define SESBOUNCE_VERSION \"$${version#v}\""; \
	 printf '%s\n' "$$line" | cmp -s - $@ || printf '%s\n' "$$line" > $@

USES_VERSION := $(call objects,$(shell grep -rl --include='*.c' SESBOUNCE_VERSION src))
$(USES_VERSION): private ALL_CPPFLAGS += -include $(VERSION_HEADER)

# The migrations, embedded as text.
SCHEMA_SQL := $(sort $(wildcard schema/sqlite/*.sql))
SCHEMA_H   := $(BUILD)/generated/store/sqlite/schema_sql.h
$(SCHEMA_H): schema/embed.sh $(SCHEMA_SQL)
	@mkdir -p $(@D)
	@sh schema/embed.sh $(SCHEMA_SQL) > $@
$(BUILD)/obj/src/store/sqlite/db_migrate.o $(BUILD)/obj/tests/unit/store/test_store_migrate.o: $(SCHEMA_H)

# The dictionaries that bodies are packed with, embedded as bytes.
DICTIONARIES   := $(sort $(wildcard schema/dictionary/*.zdict))
DICTIONARIES_H := $(BUILD)/generated/store/dictionaries.h
$(DICTIONARIES_H): schema/dictionary/embed.sh $(DICTIONARIES)
	@mkdir -p $(@D)
	@sh schema/dictionary/embed.sh $(DICTIONARIES) > $@
$(BUILD)/obj/src/store/body.o $(BUILD)/obj/tests/unit/store/test_body.o: $(DICTIONARIES_H)

# usage: $(call text_header,NAME): a C header with the first prerequisite as a text.
text_header = @mkdir -p $(@D); \
              { echo 'static const char $(1)[] ='; \
                sed -e 's/\\/\\\\/g' -e 's/"/\\"/g' -e 's/.*/    "&\\n"/' $<; echo ';'; } > $@

# The description of the API, and what belongs to the page, embedded as text.
OPENAPI_H := $(BUILD)/generated/daemon/openapi.h
$(OPENAPI_H): src/daemon/openapi.json
	$(call text_header,openapi)
$(BUILD)/obj/src/daemon/api_openapi.o: $(OPENAPI_H)
PAGE_H := $(foreach kind,css js svg,$(BUILD)/generated/daemon/page_$(kind).h)
$(BUILD)/generated/daemon/page_%.h: src/daemon/page.%
	$(call text_header,page_$*)
$(BUILD)/obj/src/daemon/page_files.o: $(PAGE_H)

$(BUILD)/obj/%.o: %.c $(BUILD)/flags | $(VERSION_HEADER)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

archive = @rm -f $@; ar rcs $@ $^
$(BUILD)/libsesbounce.a: $(LIBRARY_OBJ)
	$(archive)
$(BUILD)/libdaemon.a: $(DAEMON_OBJ)
	$(archive)
$(BUILD)/libctl.a: $(CTL_OBJ)
	$(archive)
$(BUILD)/libhelpers.a: $(HELPER_OBJ)
	$(archive)

link = @echo "  LINK  $@"; mkdir -p $(@D); \
       $(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $(filter %.o,$^) \
             -Wl,--start-group $(filter %.a,$^) -Wl,--end-group $(LDLIBS)
$(BUILD)/sesbounced: $(BUILD)/obj/src/daemon/main.o $(BUILD)/libdaemon.a $(BUILD)/libsesbounce.a
	$(link)
$(BUILD)/sesbouncectl: $(BUILD)/obj/src/ctl/main.o $(BUILD)/libctl.a $(BUILD)/libsesbounce.a
	$(link)

$(filter $(BUILD)/unit/daemon/%,$(UNIT_BIN)): $(BUILD)/libdaemon.a
$(filter $(BUILD)/unit/ctl/%,$(UNIT_BIN)): $(BUILD)/libctl.a
$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libhelpers.a $(BUILD)/libsesbounce.a
	$(link) -lcmocka

# A target with a main() that reads files, and with libFuzzer's.
$(BUILD)/unit/fuzz/records $(BUILD)/fuzz/records: $(BUILD)/libctl.a
$(BUILD)/libfuzz.a: $(FUZZ_HELPER_OBJ)
	$(archive)
FUZZ_PARTS := $(BUILD)/libfuzz.a $(BUILD)/libdaemon.a $(BUILD)/libsesbounce.a
$(BUILD)/unit/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(BUILD)/obj/tests/fuzz/replay.o $(FUZZ_PARTS)
	$(link)
$(BUILD)/fuzz/%: $(BUILD)/obj/tests/fuzz/fuzz_%.o $(FUZZ_PARTS)
	$(link) -fsanitize=fuzzer

-include $(ALL_OBJ:.o=.d)

# --- seeing and testing it ---------------------------------------------------------------

# As many jobs as there are processors, unless -j was given.
SUBMAKE = $(MAKE) --no-print-directory $(if $(filter -j%,$(MAKEFLAGS)),,-j$(shell nproc))

run:
	@contrib/install-dependencies.sh build
	+@$(SUBMAKE) all
	@contrib/demo/demo.sh run $(BUILD)

demo:
	@contrib/install-dependencies.sh build
	+@$(SUBMAKE) all
	@contrib/demo/demo.sh demo $(BUILD)

check:
	@contrib/install-dependencies.sh check
	+@$(SUBMAKE) all unit-programs
	@SANITIZE='$(SANITIZE)' tests/run.sh $(BUILD) $(UNIT_BIN)

# The unit tests alone, one after the other, with their output.
unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t; done

unit-programs: $(UNIT_BIN)

lint:
	@contrib/install-dependencies.sh lint
	+@MAKE='$(SUBMAKE)' tests/lint/run.sh

format:
	clang-format -i $$(git ls-files -co --exclude-standard '*.c' '*.h')

coverage:
	@contrib/install-dependencies.sh check
	+@$(SUBMAKE) COVERAGE=1 coverage-report

.PHONY: coverage-report
coverage-report: all unit-programs
	@find $(BUILD) -name '*.gcda' -delete
	@tests/run.sh $(BUILD) $(UNIT_BIN)
	@tests/coverage.sh $(BUILD)

# FUZZ_SECONDS each; FUZZ_TARGETS="ses address": these only.
FUZZ_SECONDS ?= 60
fuzz:
	@contrib/install-dependencies.sh fuzz
	+@$(SUBMAKE) CC=clang SANITIZE=address,undefined BUILD=build/fuzz \
	    CFLAGS='-O1 -g -fsanitize=fuzzer-no-link' fuzz-programs
	@tests/fuzz/run.sh build/fuzz $(FUZZ_SECONDS) $(FUZZ_TARGETS)

# Which lines all inputs of the last `make fuzz` together executed.
fuzz-coverage:
	@contrib/install-dependencies.sh check
	+@$(SUBMAKE) COVERAGE=1 BUILD=build/fuzz-coverage fuzz-replays
	@tests/fuzz/coverage.sh build/fuzz-coverage build/fuzz/corpus

.PHONY: fuzz-programs fuzz-replays fuzz-coverage
fuzz-programs: $(FUZZ_NAMES:%=$(BUILD)/fuzz/%)
fuzz-replays: $(REPLAYS)

# tests/bench/*.c are programs that only `make bench` builds; messages.c helps all of them.
BENCH_OBJ := $(call objects,$(wildcard tests/bench/*.c))
BENCH_BIN := $(patsubst $(BUILD)/obj/tests/%.o,$(BUILD)/%,$(filter-out %/messages.o,$(BENCH_OBJ)))
$(BENCH_BIN): $(BUILD)/bench/%: $(BUILD)/obj/tests/bench/%.o \
              $(BUILD)/obj/tests/bench/messages.o $(BUILD)/libsesbounce.a
	$(link)
-include $(BENCH_OBJ:.o=.d)
.SECONDARY: $(BENCH_OBJ)

# tests/fault/fault_NAME.c is a program each; the other files there help all of them, and
# preload.c is loaded into the daemon from outside.
FAULT_SRC  := $(wildcard tests/fault/fault_*.c)
FAULT_BIN  := $(FAULT_SRC:tests/fault/fault_%.c=$(BUILD)/fault/%)
FAULT_HELPER_OBJ := $(call objects,$(filter-out $(FAULT_SRC) %/preload.c,$(wildcard tests/fault/*.c)))
$(BUILD)/libfault.a: $(FAULT_HELPER_OBJ)
	$(archive)
$(BUILD)/fault/memory $(BUILD)/fault/clock: $(BUILD)/libfuzz.a $(BUILD)/libdaemon.a
$(BUILD)/fault/%: $(BUILD)/obj/tests/fault/fault_%.o $(BUILD)/libfault.a \
                  $(BUILD)/libsesbounce.a
	$(link) $(FAULT_WRAP) -lcmocka
$(BUILD)/unit/store/test_store_fault: $(BUILD)/libfault.a
-include $(FAULT_HELPER_OBJ:.o=.d) $(FAULT_SRC:%.c=$(BUILD)/obj/%.d)
.SECONDARY: $(FAULT_HELPER_OBJ) $(call objects,$(FAULT_SRC))

# What a fault program takes the place of, in our own code.
$(BUILD)/fault/power: private FAULT_WRAP := -Wl,--wrap=fsync
$(BUILD)/fault/clock: private FAULT_WRAP := -Wl,--wrap=clock_wall_ms
$(BUILD)/fault/memory: private FAULT_WRAP := $(foreach f,malloc calloc realloc strdup strndup asprintf,-Wl,--wrap=$(f))

# FAULTS=short: a sample. FAULT_SEED=N: the same faults again.
FAULTS ?= full
check-faults:
	@contrib/install-dependencies.sh check
	+@$(SUBMAKE) all fault-programs
	@FAULTS='$(FAULTS)' tests/fault/run.sh $(BUILD) $(FAULT_BIN)

.PHONY: check-faults fault-programs
fault-programs: $(FAULT_BIN)

# The recipes of contrib with the real Postfix, Exim, …, in roots below build/system. As root.
check-system:
	@contrib/install-dependencies.sh check
	+@$(SUBMAKE) all
	@tests/system/run.sh $(BUILD)

.PHONY: check-system

# QUICK=1: under a minute, and figures to match. PREVIOUS=DIR: in turns with the sesbounced
# that lies in DIR. UPKEEP=N: what is done to a list of N addresses beside the deliveries.
# tests/bench/BENCHMARKS.md has the method.
bench:
	@contrib/install-dependencies.sh bench
	+@$(SUBMAKE) all bench-programs
	@/usr/bin/python3 -B tests/bench/$(if $(UPKEEP),upkeep.py $(BUILD) $(UPKEEP),$(if $(PREVIOUS),turns.py $(BUILD) $(PREVIOUS),bench.py $(BUILD)))

.PHONY: bench-programs
bench-programs: $(BENCH_BIN)

# --- installing -----------------------------------------------------------------------

INSTALL  := install
SBINDIR  := $(PREFIX)/sbin
BINDIR   := $(PREFIX)/bin
MANDIR   := $(PREFIX)/share/man
DOCDIR   := $(PREFIX)/share/doc/sesbounced
UNITDIR  := $(PREFIX)/lib/systemd/system
SYSUSERSDIR := $(PREFIX)/lib/sysusers.d
CONFIG   := $(SYSCONFDIR)/sesbounced/sesbounced.conf
# The pause before a restart grows from systemd 254 on; none here: the package's matter.
SYSTEMD  = $(or $(shell systemctl --version 2>/dev/null | sed -nE '1s/^systemd ([0-9]+).*/\1/p'),254)
OLDER_SYSTEMD = $(if $(shell [ $(SYSTEMD) -ge 254 ] || echo older),-f contrib/systemd/before-254.sed)
UNITS    := sesbounced.service sesbounced.socket
MANUALS  := $(wildcard contrib/man/*.[1-8])
manual_path = $(MANDIR)/man$(patsubst .%,%,$(suffix $(1)))/$(notdir $(1))

# The units name /usr/sbin; a configuration that is there is left alone.
install: all
	@[ -e $(DESTDIR)$(SBINDIR)/sesbounced ] && touch $(BUILD)/upgrade || rm -f $(BUILD)/upgrade
	$(INSTALL) -D -m 755 $(BUILD)/sesbounced $(DESTDIR)$(SBINDIR)/sesbounced
	$(INSTALL) -D -m 755 $(BUILD)/sesbouncectl $(DESTDIR)$(BINDIR)/sesbouncectl
	$(INSTALL) -d $(DESTDIR)$(UNITDIR)
	@set -e; for unit in $(UNITS); do \
	    echo "contrib/systemd/$$unit -> $(DESTDIR)$(UNITDIR)/$$unit"; \
	    sed $(OLDER_SYSTEMD) -e 's|/usr/sbin/|$(SBINDIR)/|' -e 's|/usr/bin/|$(BINDIR)/|' \
	        contrib/systemd/$$unit > $(BUILD)/$$unit; \
	    $(INSTALL) -m 644 $(BUILD)/$$unit $(DESTDIR)$(UNITDIR)/$$unit; done
	$(INSTALL) -D -m 644 contrib/systemd/sesbounced.sysusers \
	    $(DESTDIR)$(SYSUSERSDIR)/sesbounced.conf
	@set -e; $(foreach manual,$(MANUALS),echo '$(manual)'; \
	    $(INSTALL) -D -m 644 $(manual) $(DESTDIR)$(call manual_path,$(manual));)
	$(INSTALL) -D -m 644 schema/README.md $(DESTDIR)$(DOCDIR)/schema.md
	@if [ -e $(DESTDIR)$(CONFIG) ]; then echo 'kept: $(DESTDIR)$(CONFIG)'; \
	 else $(INSTALL) -D -m 644 config/sesbounced.conf $(DESTDIR)$(CONFIG); fi
	@[ -z '$(DESTDIR)' ] || exit 0; \
	if [ -e $(BUILD)/upgrade ]; then \
	    printf '%s\n' '' 'Installed over the version before. Next, as root:' \
	        '  systemctl daemon-reload' '  systemctl restart sesbounced'; \
	else \
	    printf '%s\n' '' 'Installed. Next, as root:' \
	        '  systemd-sysusers' '  systemctl daemon-reload' \
	        '  $${EDITOR:-vi} $(CONFIG)     # [sns] topic = …' \
	        '  systemctl enable --now sesbounced.socket sesbounced.service'; \
	fi

# The database stays, and so does a configuration that was changed.
uninstall:
	@[ -e $(DESTDIR)$(SBINDIR)/sesbounced ] || { \
	    echo 'make: no sesbounced in $(DESTDIR)$(SBINDIR): give the PREFIX= of its make install' >&2; \
	    exit 1; }
	@[ -z '$(DESTDIR)' ] || exit 0; for unit in $(UNITS); do \
	    if systemctl -q is-enabled $$unit 2>/dev/null || systemctl -q is-active $$unit 2>/dev/null; then \
	        echo 'make: stop it first: systemctl disable --now sesbounced.socket sesbounced.service' >&2; \
	        exit 1; \
	    fi; done
	rm -f $(DESTDIR)$(SBINDIR)/sesbounced $(DESTDIR)$(BINDIR)/sesbouncectl \
	    $(addprefix $(DESTDIR)$(UNITDIR)/,$(UNITS)) $(DESTDIR)$(SYSUSERSDIR)/sesbounced.conf \
	    $(foreach manual,$(MANUALS),$(DESTDIR)$(call manual_path,$(manual))) \
	    $(DESTDIR)$(DOCDIR)/schema.md
	@[ ! -d $(DESTDIR)$(DOCDIR) ] || rmdir --ignore-fail-on-non-empty $(DESTDIR)$(DOCDIR)
	@if cmp -s config/sesbounced.conf $(DESTDIR)$(CONFIG); then \
	    rm $(DESTDIR)$(CONFIG); rmdir --ignore-fail-on-non-empty $(dir $(DESTDIR)$(CONFIG)); \
	 elif [ -e $(DESTDIR)$(CONFIG) ]; then echo 'kept: $(DESTDIR)$(CONFIG) (changed)'; fi
	@[ -n '$(DESTDIR)' ] || printf '%s\n' \
	    'kept: /var/lib/sesbounced (the list), the user sesbounced, and what systemctl edit wrote' \
	    'next, as root: systemctl daemon-reload'

clean:
	rm -rf $(BUILD)

help:
	@printf '%s\n' \
	'make run        install what is missing, build, start it, show it at work, serve until Ctrl-C' \
	'make demo       the same, then stop; fails when anything differs from what is expected' \
	'make check      install what is missing, build, run all tests' \
	'make check-faults   power cuts, I/O errors, … and nothing acknowledged lost (FAULTS=short)' \
	'make check-system   contrib with the real Postfix, Exim, PHP, …: debootstrap, as root' \
	'make            build build/sesbounced and build/sesbouncectl' \
	'make lint       layers, banned functions, sizes, formatting, gcc, clang, analyzers, scripts' \
	'make format     clang-format every source file' \
	'make coverage   tests with gcov, one line per file' \
	'make bench      its speed, against Node and against the ceilings (QUICK=1: a minute)' \
	'                PREVIOUS=DIR: in turns with the earlier sesbounced in DIR' \
	'make fuzz       FUZZ_SECONDS=60 of libFuzzer each target; fuzz-coverage: what it reached' \
	'make install|uninstall   PREFIX=$(PREFIX) DESTDIR=$(DESTDIR)' \
	'make clean      remove $(BUILD)/' \
	'' \
	'Settings: SANITIZE=address,undefined | SANITIZE=thread | CC=clang (each builds in a folder' \
	'of its own below build/), WERROR=1, CFLAGS=…, LDFLAGS=…'
