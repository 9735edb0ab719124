# SPDX-License-Identifier: GPL-3.0-or-later
# make            build/entcap, build/entcap-draw, build/libentcap.{a,so}
# make mpi        build/entcap-mpi, where Open MPI is installed
# make test       every test and example; ends with "N passed, M failed"
# make bench      entcap beside other tools; SECTION=sweep for a part (tools/bench)
# make deb        Debian packages, in build/deb; make deb-test looks at them
# make lint demo fuzz cov examples man install uninstall clean
# SAN=1           the same with address and undefined-behaviour sanitizers, under build/san

# ---- user settings
ifeq ($(origin CC),default)
CC          = gcc
endif
CFLAGS      ?= -O2 -g
PREFIX      ?= /usr/local
LIBDIR      ?= $(PREFIX)/lib
DESTDIR     ?=
FUZZ_SECONDS ?= 60
VARIANT     := $(if $(SAN),/san)$(if $(COV),/cov)$(if $(FUZZ),/fuzz)
BUILD       ?= build$(VARIANT)

# ---- flags (SAN, COV and FUZZ each build in a folder of their own, so all stay warm)
# names in the debug information do not depend on where this folder is
HERE        := -ffile-prefix-map=$(CURDIR)=.
VERSION     := $(shell sed -n 's/^.define EC_VERSION "\(.*\)"/\1/p' include/entcap/core.h)
PKGS        := igraph lapacke openblas yaml-0.1 jansson zlib libmd gmp
DRAW_PKGS   := libcgraph libgvc
# optional: entcap-mpi is built, and tested, where Open MPI is
MPI_PKGS    := $(shell command -v mpirun >/dev/null && pkg-config --exists ompi-c && echo ompi-c)
WARN        := -Wall -Wextra -Wshadow -Wconversion -Wstrict-prototypes -Wmissing-prototypes \
               -Wpointer-arith -Wwrite-strings -Wvla
# clang would link its own OpenMP runtime beside the one of igraph and OpenBLAS: fuzz without
OPENMP      := $(if $(FUZZ),-Wno-unknown-pragmas,-fopenmp)
INSTRUMENT  := $(if $(SAN)$(FUZZ),-fsanitize=address -fsanitize=undefined \
               -fno-sanitize-recover=undefined) $(if $(COV),--coverage -O0) \
               $(if $(FUZZ),-fsanitize=fuzzer-no-link)
system       = $(subst -I,-isystem ,$(shell pkg-config --cflags-only-I $(1)))
soname       = $(shell objdump -p $$($(CC) -print-file-name=lib$(2).so) | \
               sed -n 's/^ *SONAME *\(.*\)/-DEC_SONAME_$(1)=\\"\1\\"/p')
SONAMES     := $(call soname,IGRAPH,igraph) $(call soname,FLINT,flint) $(call soname,GLPK,glpk) \
               $(call soname,LAPACKE,lapacke) $(call soname,OPENBLAS,openblas) \
               $(call soname,METIS,metis)
EC_CFLAGS   := -std=c11 -D_DEFAULT_SOURCE -D_POSIX_C_SOURCE=200809L -Iinclude -Isrc \
               $(call system,$(PKGS)) -fPIC $(HERE) $(WARN) -MMD -MP $(SONAMES)
DRAW_CFLAGS := $(call system,$(DRAW_PKGS))
MPI_CFLAGS  := -Itools/entcap $(if $(MPI_PKGS),$(call system,$(MPI_PKGS)))
# a sanitizer's symbols come with the program
NO_UNDEFINED := $(if $(SAN)$(FUZZ),,-Wl,-z,defs)
LINK         = $(CC) $(CFLAGS) $(OPENMP) $(INSTRUMENT) $(LDFLAGS)
# Linked; the heavy ones are loaded when they are first needed (src/core/library.h), by the names
# that the linker would write into the program.
LINKED_PKGS := yaml-0.1 jansson zlib libmd gmp
LIBS        := $(shell pkg-config --libs $(LINKED_PKGS)) -lcsv -lm -ldl
MPI_LIBS    := $(if $(MPI_PKGS),$(shell pkg-config --libs $(MPI_PKGS)))
DRAW_LIBS   := $(shell pkg-config --libs $(DRAW_PKGS)) -lgmp -lm

# ---- files
objects      = $(patsubst %.c,$(BUILD)/%.o,$(wildcard $(1)))
programs     = $(patsubst %.c,$(BUILD)/%,$(wildcard $(1)))
LIB_OBJ     := $(call objects,src/*/*.c)
TOOL_OBJ    := $(call objects,tools/entcap/*.c)
MPI_OBJ     := $(call objects,tools/entcap-mpi/*.c) $(filter-out %/main.o,$(TOOL_OBJ))
DRAW_OBJ    := $(call objects,tools/entcap-draw/*.c src/core/*.c src/draw/*.c)
HELP_OBJ    := $(call objects,tests/*.c tests/oracle/*.c)
MPI_TESTS   := $(call programs,tests/mpi/test_*.c)
TESTS       := $(filter-out $(if $(MPI_PKGS),,$(MPI_TESTS)),$(call programs,tests/*/test_*.c))
FUZZERS     := $(call programs,tests/fuzz/fuzz_*.c)
EXAMPLES    := $(call programs,examples/*.c)
BENCHES     := $(call programs,tools/bench/*/*.c)
BIN         := $(BUILD)/entcap $(BUILD)/entcap-draw
SONAME      := libentcap.so.$(firstword $(subst ., ,$(VERSION)))
STATIC      := $(BUILD)/libentcap.a
SHARED      := $(BUILD)/libentcap.so

# ---- rules; V=1 prints whole commands
say          = $(if $(V),,@printf '%-5s %s\n' $(1) $@; )
all: $(STATIC) $(SHARED) $(BIN)

# changes when the flags do, and then all is compiled again
$(BUILD)/flags: FORCE
	@mkdir -p $(@D)
	@echo '$(CC) $(EC_CFLAGS) $(CPPFLAGS) $(CFLAGS)' | cmp -s - $@ || \
	    echo '$(CC) $(EC_CFLAGS) $(CPPFLAGS) $(CFLAGS)' >$@

$(BUILD)/%.o: %.c $(BUILD)/flags
	@mkdir -p $(@D)
	$(call say,CC)$(CC) $(EC_CFLAGS) $(CPPFLAGS) $(CFLAGS) $(OPENMP) $(INSTRUMENT) -c -o $@ $<

$(STATIC): $(LIB_OBJ)
	@rm -f $@
	$(call say,AR)ar rcs $@ $^

$(SHARED).$(VERSION): $(LIB_OBJ)
	$(call say,LINK)$(LINK) -shared -Wl,-soname,$(SONAME) $(NO_UNDEFINED) -o $@ $^ $(LIBS)

$(SHARED): $(SHARED).$(VERSION)
	@ln -sf $(<F) $(BUILD)/$(SONAME)
	@ln -sf $(<F) $@

$(BUILD)/entcap: $(TOOL_OBJ) $(STATIC)
	$(call say,LINK)$(LINK) -o $@ $^ $(LIBS)

$(BUILD)/entcap-mpi: $(MPI_OBJ) $(STATIC)
	$(call say,LINK)$(LINK) -o $@ $^ $(LIBS) $(MPI_LIBS)

# Graphviz (EPL) and igraph (GPL) may not meet in one program: core and draw only
$(BUILD)/entcap-draw: $(DRAW_OBJ)
	$(call say,LINK)$(LINK) -o $@ $^ $(DRAW_LIBS)

$(BUILD)/tools/entcap-draw/%.o: private EC_CFLAGS += $(DRAW_CFLAGS)
$(BUILD)/tools/entcap-mpi/%.o: private EC_CFLAGS += $(MPI_CFLAGS)
# short loops over channels, which gcc leaves scalar at -O2
$(BUILD)/src/train/pass_%.o: private CFLAGS += $(if $(SAN),-O1,-O3) -ffp-contract=fast
$(BUILD)/src/linalg/small.o $(BUILD)/src/state/four.o: private CFLAGS += -O3 -ffp-contract=fast
# loops of double-doubles likewise; contracted, their roundings would not be those that are meant
$(BUILD)/src/linalg/dd.o: private CFLAGS += -O3 -ffp-contract=off
$(BUILD)/tests/%.o: private EC_CFLAGS += -Itests

$(TESTS): %: %.o $(HELP_OBJ) $(STATIC)
	$(call say,LINK)$(LINK) -o $@ $^ -lcmocka $(LIBS)

$(BUILD)/tests/examples/test_examples: | $(EXAMPLES)
$(BUILD)/tests/house/test_completion: | $(BUILD)/completion
$(BUILD)/tests/house/test_manuals: | $(BUILD)/man
$(MPI_TESTS): | $(BUILD)/entcap-mpi
$(EXAMPLES) $(BENCHES): %: %.o $(STATIC)
	$(call say,LINK)$(LINK) -o $@ $^ $(LIBS)

# a fuzz target is driven by libFuzzer, or else replays its corpus as an ordinary test
$(FUZZERS): %: %.o $(if $(FUZZ),,$(BUILD)/tests/fuzz/replay.o) $(STATIC)
	$(call say,LINK)$(LINK) $(if $(FUZZ),-fsanitize=fuzzer) -o $@ $^ $(if $(FUZZ),,-lcmocka) $(LIBS)

# ---- targets
examples: $(EXAMPLES)

mpi: $(if $(MPI_PKGS),$(BUILD)/entcap-mpi,no-mpi)

no-mpi:
	@echo 'entcap-mpi needs Open MPI: apt-get install libopenmpi-dev openmpi-bin' >&2; exit 2

test: all $(TESTS) $(FUZZERS) examples
	@BUILD=$(BUILD) NOT_RUN="$(if $(MPI_PKGS),,$(MPI_TESTS:$(BUILD)/%=%): no Open MPI)" \
	    tools/run-tests $(TESTS) $(FUZZERS)

lint:
	@LINT_FLAGS="$(filter-out -MMD -MP,$(EC_CFLAGS)) -Itests $(DRAW_CFLAGS) $(MPI_CFLAGS)" tools/lint $(FILES)

demo: all
	@BUILD=$(BUILD) tools/demo $(BUILD)/demo

bench: all $(BENCHES)
	@BUILD=$(BUILD) tools/bench/run $(SECTION)

# entropy of data against shuffling, and what it costs a trained network: about 15 minutes
experiment-data: all
	@tools/experiment-data $(BUILD)/entcap $(BUILD)/experiment-data examples/findings

# entanglement while networks learn; with MNIST=FOLDER on digits, too: 15 minutes
.PHONY: experiment-growth
experiment-growth: all
	@tools/experiment-growth $(BUILD)/entcap $(BUILD)/experiment-growth examples/findings \
	    $(if $(MNIST),--mnist $(MNIST))

# wide base against wide tip, on clothes and, with MNIST=FOLDER, on digits: 15 minutes
experiment-width: all
	@tools/experiment-width $(BUILD)/entcap $(BUILD)/experiment-width examples/findings \
	    $(if $(MNIST),--mnist $(MNIST))

# accuracy of ConvACs on Fashion-MNIST, from several starts and with several steps: about 15 minutes
experiment-training: all
	@tools/experiment-training $(BUILD)/entcap $(BUILD)/experiment-training examples/findings

# the pictures of the README, in examples/figures
.PHONY: figures
figures: all
	@tools/figures $(BUILD)/entcap examples/figures

fuzz:
	@$(MAKE) --no-print-directory FUZZ=1 CC=clang fuzz-run

fuzz-run: $(FUZZERS)
	@FUZZ_SECONDS=$(FUZZ_SECONDS) tools/fuzz $(FUZZERS)

cov:
	@$(MAKE) --no-print-directory COV=1 test
	gcovr --root . --filter src/ --object-directory build/cov --sort-percentage

# man pages and completion are made from the tables that parse
$(BUILD)/man: $(BIN) $(wildcard $(BUILD)/entcap-mpi) tools/manuals tools/entcap-mpi/entcap-mpi.1
	$(call say,MAN)tools/manuals $(BUILD) $@ && touch $@

$(BUILD)/completion: $(BUILD)/entcap tools/completion.bash
	$(call say,BASH){ $(BUILD)/entcap help --format bash && cat tools/completion.bash; } >$@

man: $(BUILD)/man
completion: $(BUILD)/completion

# PREFIX, LIBDIR: where the files will be found; DESTDIR: a folder that stands for / now
set_out      = BUILD='$(BUILD)' VERSION='$(VERSION)' SONAME='$(SONAME)' LIBS='$(LIBS) $(OPENMP)' \
               PREFIX='$(PREFIX)' LIBDIR='$(LIBDIR)' DESTDIR='$(DESTDIR)' tools/install
install: all man completion
	@$(set_out) install
uninstall: man
	@$(set_out) uninstall

# Debian packages, built in a copy of this tree
deb:
	@tools/deb/build $(BUILD)/deb

deb-test: deb
	@tools/deb/check $(BUILD)/deb

clean:
	rm -rf build

.PHONY: all examples mpi no-mpi test lint demo bench experiment-data experiment-width \
        experiment-training fuzz fuzz-run cov man completion install uninstall deb deb-test clean FORCE
.SECONDARY:
-include $(shell find $(BUILD) -name '*.d' 2>/dev/null)
