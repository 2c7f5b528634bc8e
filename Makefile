# The shipping build of the extension:
#
#   make && make install && make installcheck
#
# PG_CONFIG=...   the PostgreSQL to build for (default: the pg_config in the PATH)
# CXX=clang++     another compiler; PGXS compiles with the one that built PostgreSQL
# WERROR=         warnings stay warnings, for a compiler newer than this release
# EXTRA_CXXFLAGS= flags that follow all others
# with_llvm=no    no bitcode for the JIT
# REGRESS="a b" ISOLATION=   only these tests
# STORES=KIND     the isolation specs that say so, on stores of this kind: test/isolation/stores/KIND.sql

vend_dir := $(patsubst %/,%,$(dir $(lastword $(MAKEFILE_LIST))))
vend_version := $(shell sed -n "s/^default_version *= *'\(.*\)'/\1/p" $(vend_dir)/pg_vend.control)
vend_part_names := $(shell cat $(vend_dir)/sql/install.list)
vend_parts := $(addprefix $(vend_dir)/sql/parts/,$(vend_part_names))
vend_overloads := $(vend_dir)/sql/overloads.awk
vend_script := build/pg_vend--$(vend_version).sql
vend_archive := build/pg_vend-$(vend_version).zip

include $(vend_dir)/extension/flags.mk

MODULE_big = pg_vend
OBJS = $(patsubst $(vend_dir)/%.cpp,%.o,$(sort $(wildcard $(addprefix $(vend_dir)/extension/src/,*.cpp */*.cpp))))
EXTENSION = pg_vend
DATA = $(patsubst $(vend_dir)/%,%,$(wildcard $(vend_dir)/sql/upgrades/*.sql))
DATA_built = $(vend_script)
EXTRA_CLEAN = build tmp_check $(OBJS:=.d) $(OBJS:.o=.bc.d)

# Each test makes what it needs, so that it can also run alone and in any order; all it finds is
# the extension.
REGRESS = $(basename $(notdir $(sort $(wildcard $(vend_dir)/test/regress/sql/*.sql))))
REGRESS_OPTS = --inputdir=$(vend_dir)/test/regress --outputdir=build/regress --load-extension=pg_vend
STORES = plain
isolation_specs := $(sort $(wildcard $(vend_dir)/test/isolation/specs/*.spec))
ISOLATION = $(basename $(notdir $(if $(filter plain,$(STORES)),$(isolation_specs),$(shell grep -lE '^# Also on:.*\b$(STORES)\b' $(isolation_specs)))))
ISOLATION_OPTS = --inputdir=$(vend_dir)/test/isolation --outputdir=build/$(STORES:plain=isolation) --use-existing
REGRESS_PREP = vend-output $(if $(strip $(ISOLATION)),isolation-database)

WERROR = -Werror
vend_cxxflags = $(VEND_CXXFLAGS) $(WERROR) $(EXTRA_CXXFLAGS)

PG_CONFIG ?= pg_config
PGXS := $(shell $(PG_CONFIG) --pgxs)
$(if $(PGXS),,$(error $(PG_CONFIG) does not run: install postgresql-server-dev, or set PG_CONFIG=/path/to/pg_config))
# Server headers as system headers: they use what C++ has dropped.
PG_CPPFLAGS = -I$(vend_dir)/extension/src $(addprefix -isystem ,$(shell $(PG_CONFIG) --includedir-server))
PG_CXXFLAGS = $(vend_cxxflags)
include $(PGXS)
ISOLATION_TESTDB = isolation_regression_$(STORES)

# PostgreSQL hands down the flags of the compiler that built it.
ifneq (,$(findstring clang,$(shell $(CXX) --version)))
override CXXFLAGS += -Wno-unknown-warning-option
endif

%.o: %.cpp
	@$(MKDIR_P) $(@D)
	$(COMPILE.cc) -MMD -MP -MF $@.d -o $@ $<

# test/mutants/run compiles the same headers again and again.
%.hpp.gch: %.hpp
	$(COMPILE.cc) -o $@ $<

ifeq ($(with_llvm), yes)
# PGXS gives PG_CXXFLAGS to the compiler but not to the bitcode.
COMPILE.cxx.bc += $(vend_cxxflags) -MMD -MP -MF $@.d

$(OBJS:.o=.bc): %.bc: %.cpp
	@$(MKDIR_P) $(@D)
	$(COMPILE.cxx.bc) -o $@ $<

-include $(OBJS:.o=.bc.d)
endif
-include $(OBJS:=.d)

$(vend_script): $(vend_parts) $(vend_overloads) $(vend_dir)/sql/install.list $(vend_dir)/pg_vend.control
	@$(MKDIR_P) $(@D)
	{ printf '%s\n' '\echo Use "CREATE EXTENSION pg_vend" to load this file. \quit'; awk -f $(vend_overloads) $(vend_parts); } >$@.new
	mv $@.new $@

# What PGXN distributes: the committed sources.
.PHONY: dist
dist:
	@$(MKDIR_P) build
	git -C $(vend_dir) archive --format=zip --prefix=pg_vend-$(vend_version)/ --output=$(CURDIR)/$(vend_archive) HEAD

# Crash, restart, dump and restore: scripts that start servers of their own.
.PHONY: tapcheck
PROVE_TESTS = test/tap/*.pl
# How long pg_ctl waits for a server, in seconds.
tapcheck: export PGCTLTIMEOUT ?= 180
tapcheck:
	$(prove_installcheck)

.PHONY: vend-output
vend-output:
	@$(MKDIR_P) build

.PHONY: isolation-database
isolation-database:
	$(bindir)/psql -Xq -d postgres -c 'DROP DATABASE IF EXISTS $(ISOLATION_TESTDB)' -c 'CREATE DATABASE $(ISOLATION_TESTDB)'
	$(bindir)/psql -Xq -v ON_ERROR_STOP=1 -d $(ISOLATION_TESTDB) -c 'CREATE EXTENSION pg_vend' $(addprefix -f ,$(vend_dir)/test/isolation/common.sql $(wildcard $(vend_dir)/test/isolation/stores/$(STORES).sql))
