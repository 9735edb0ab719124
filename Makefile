# SPDX-License-Identifier: GPL-3.0-or-later
# make            build/entcap, build/entcap-draw, build/libentcap.{a,so}
# make test lint demo bench fuzz cov examples install clean;  SAN=1 adds address and UB sanitizers

# ---- user settings
ifeq ($(origin CC),default)
CC        = gcc
endif
CFLAGS   ?= -O2 -g
PREFIX   ?= /usr/local
DESTDIR  ?=
BUILD    ?= build$(if $(SAN),/san)

# ---- flags
SOVERSION = 0
PKGS      = igraph lapacke openblas yaml-0.1 jansson zlib libmd gmp
DRAW_PKGS = libcgraph libgvc
WARN      = -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
            -Wpointer-arith -Wwrite-strings -Wvla
SANFLAGS  = $(if $(SAN),-fsanitize=address -fsanitize=undefined -fno-sanitize-recover=undefined)
SYSTEM    = $(subst -I,-isystem ,$(shell pkg-config --cflags-only-I $(PKGS)))
EC_CFLAGS = -std=c11 -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc $(SYSTEM) -fPIC \
            -fopenmp $(WARN) $(SANFLAGS) -MMD -MP
LIBS      = $(shell pkg-config --libs $(PKGS)) -lflint -lmpfr -lgmp -lm
LDFLAGS  += -fopenmp $(SANFLAGS)

# ---- files
LIB_SRC   = $(wildcard src/*/*.c)
LIB_OBJ   = $(LIB_SRC:%.c=$(BUILD)/%.o)
TOOL_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/entcap/*.c))
DRAW_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tools/entcap-draw/*.c src/core/*.c src/draw/*.c))
TEST_SRC  = $(wildcard tests/*/test_*.c)
TESTS     = $(TEST_SRC:%.c=$(BUILD)/%)
HELP_OBJ  = $(patsubst %.c,$(BUILD)/%.o,$(wildcard tests/oracle/*.c tests/*.c))
EXAMPLES  = $(patsubst %.c,$(BUILD)/%,$(wildcard examples/*.c))
BIN       = $(BUILD)/entcap $(BUILD)/entcap-draw
LIBRARY   = $(BUILD)/libentcap.a $(BUILD)/libentcap.so

# ---- rules
all: $(LIBRARY) $(BIN)

$(BUILD)/%.o: %.c
	@mkdir -p $(@D)
	$(CC) $(EC_CFLAGS) $(CPPFLAGS) $(CFLAGS) -c -o $@ $<

$(BUILD)/libentcap.a: $(LIB_OBJ)
	@rm -f $@
	ar rcs $@ $^

$(BUILD)/libentcap.so: $(LIB_OBJ)
	$(CC) -shared -Wl,-soname,libentcap.so.$(SOVERSION) -o $@ $^ $(LDFLAGS) $(LIBS)
	@ln -sf libentcap.so $@.$(SOVERSION)

$(BUILD)/entcap: $(TOOL_OBJ) $(BUILD)/libentcap.a
	$(CC) -o $@ $^ $(LDFLAGS) $(LIBS)

$(BUILD)/tools/entcap-draw/%.o: EC_CFLAGS += $(subst -I,-isystem ,$(shell pkg-config --cflags-only-I $(DRAW_PKGS)))
$(BUILD)/entcap-draw: $(DRAW_OBJ)
	$(CC) -o $@ $^ $(LDFLAGS) $(shell pkg-config --libs $(DRAW_PKGS)) -lgmp -lm

$(TESTS): EC_CFLAGS += -Itests
$(HELP_OBJ): EC_CFLAGS += -Itests
$(TESTS): $(BUILD)/%: $(BUILD)/%.o $(HELP_OBJ) $(BUILD)/libentcap.a
	$(CC) -o $@ $^ $(LDFLAGS) -lcmocka $(LIBS)

$(EXAMPLES): $(BUILD)/%: $(BUILD)/%.o $(BUILD)/libentcap.a
	$(CC) -o $@ $^ $(LDFLAGS) $(LIBS)

# ---- targets
examples: $(EXAMPLES)

test: all $(TESTS) examples
	@BUILD=$(BUILD) tools/run-tests $(TESTS)

lint:
	@tools/lint

clean:
	rm -rf build

.PHONY: all test lint clean examples
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
