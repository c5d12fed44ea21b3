# sesbounced. `make run` to see it work, `make check` to test it, `make help` for the rest.

BUILD   ?= build
PREFIX  ?= /usr/local
DESTDIR ?=
CC      ?= cc

PKGS    := libmicrohttpd libcurl jansson sqlite3 libsystemd libcrypto libssl libidn2
LAYERS  ?= base message config store remote

WARNINGS := -Wall -Wextra -Wshadow -Wconversion -Wformat=2 -Wstrict-prototypes \
            -Wmissing-prototypes -Wvla -Wundef -Wwrite-strings -Wcast-qual
HARDENING := -fstack-protector-strong -fstack-clash-protection -fPIE
CFLAGS  ?= -O2 -g
ALL_CFLAGS := -std=gnu11 -D_GNU_SOURCE $(WARNINGS) $(HARDENING) \
              $(shell pkg-config --cflags $(PKGS) 2>/dev/null) $(CFLAGS)
ALL_CPPFLAGS := -Iinclude -Isrc -I$(BUILD)/generated $(CPPFLAGS)
LDLIBS  := $(shell pkg-config --libs $(PKGS) 2>/dev/null) -lpthread
ALL_LDFLAGS := -pie -Wl,-z,relro,-z,now $(LDFLAGS)

ifdef SANITIZE
ALL_CFLAGS += -fsanitize=$(SANITIZE) -fno-omit-frame-pointer -fno-sanitize-recover=all
ALL_LDFLAGS += -fsanitize=$(SANITIZE)
else
ALL_CPPFLAGS += -D_FORTIFY_SOURCE=2
endif
ifdef WERROR
ALL_CFLAGS += -Werror
endif

LAYER_SRC := $(foreach layer,$(LAYERS),$(wildcard src/$(layer)/*.c))
LAYER_OBJ := $(LAYER_SRC:%.c=$(BUILD)/obj/%.o)
UNIT_SRC  := $(foreach layer,$(LAYERS),$(wildcard tests/unit/$(layer)/test_*.c))
UNIT_BIN  := $(UNIT_SRC:tests/unit/%.c=$(BUILD)/unit/%)

.PHONY: all unit clean
all: $(BUILD)/sesbounced $(BUILD)/sesbouncectl

$(BUILD)/libsesbounce.a: $(LAYER_OBJ)
	@rm -f $@
	@ar rcs $@ $^

$(BUILD)/obj/%.o: %.c
	@mkdir -p $(dir $@)
	@echo "  CC    $<"
	@$(CC) $(ALL_CPPFLAGS) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/unit/%: $(BUILD)/obj/tests/unit/%.o $(BUILD)/libsesbounce.a
	@mkdir -p $(dir $@)
	@$(CC) $(ALL_CFLAGS) $(ALL_LDFLAGS) -o $@ $^ $(LDLIBS) -lcmocka

unit: $(UNIT_BIN)
	@set -e; for t in $(UNIT_BIN); do $$t; done

clean:
	rm -rf $(BUILD)

-include $(shell find $(BUILD)/obj -name '*.d' 2>/dev/null)
