# SPDX-License-Identifier: Apache-2.0
#
# The whole build, not recursive: each folder's module.mk adds its programs.
#   progs += x            a program, build/bin/x
#   srcs-x := a.c b.c     its sources; $(srcs-lib) belongs to all of them
#   libs-x := pkg ...     its own pkg-config packages
# SANITIZE=address,undefined builds into a folder of its own; V=1 shows commands.

version := $(shell cat VERSION)
prefix ?= /usr/local
bindir ?= $(prefix)/bin
sbindir ?= $(prefix)/sbin
libexecdir ?= $(prefix)/libexec
datadir ?= $(prefix)/share
mandir ?= $(datadir)/man
DESTDIR ?=

comma := ,
out := build$(if $(SANITIZE),/san-$(subst $(comma),-,$(SANITIZE)))
bin := $(out)/bin
obj := $(out)/obj

CC ?= gcc
CFLAGS ?= -O2 -g
Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' $(1) $(2);)

std := -std=gnu11 -D_GNU_SOURCE -I. -DSHOOT6_VERSION='"$(version)"' \
	-DSHOOT6_DATADIR='"$(datadir)/shoot6"' -D_FILE_OFFSET_BITS=64
warn := -Wall -Wextra -Wshadow -Wstrict-prototypes -Wmissing-prototypes \
	-Wformat=2 -Wpointer-arith -Wwrite-strings -Wvla -Wundef \
	-Wimplicit-fallthrough -Wno-missing-field-initializers \
	-fno-common $(if $(WERROR),-Werror)
hard := -fstack-protector-strong -fPIE
san := $(if $(SANITIZE),-fsanitize=$(SANITIZE) -fno-omit-frame-pointer \
	-fno-sanitize-recover=all)
fortify := $(if $(SANITIZE),,-D_FORTIFY_SOURCE=2)

all:

progs :=
srcs-lib :=
libs-lib :=
include lib/module.mk netsetup/module.mk probes/module.mk \
	scenarios/module.mk tests/module.mk

objs-lib := $(srcs-lib:%.c=$(obj)/%.o)
pkgs := $(sort $(libs-lib) $(foreach p,$(progs),$(libs-$(p))))
pkg-cflags := $(shell pkg-config --cflags $(pkgs) 2>/dev/null)

all: $(progs:%=$(bin)/%) ## build all programs into build/bin
	@:

$(obj)/%.o: %.c Makefile
	@mkdir -p $(@D)
	$(call say,CC,$<)$(CC) $(std) $(warn) $(hard) $(fortify) $(san) \
		$(pkg-cflags) $(CPPFLAGS) $(CFLAGS) -MMD -MP -c -o $@ $<

$(out)/libshoot6.a: $(objs-lib)
	$(call say,AR,$@)rm -f $@ && ar rcs $@ $^

# $(1): a program. The archive drops what it does not use, and with it the libraries.
define prog-rule
$(bin)/$(1): $$(srcs-$(1):%.c=$(obj)/%.o) $(out)/libshoot6.a
	@mkdir -p $$(@D)
	$$(call say,LD,$$@)$$(CC) $$(CFLAGS) $$(san) -pie -Wl,-z,relro,-z,now \
		-Wl,--as-needed -o $$@ $$(srcs-$(1):%.c=$(obj)/%.o) \
		$(out)/libshoot6.a $$(LDFLAGS) \
		$$$$(pkg-config --libs $$(libs-$(1)) $$(libs-lib)) -lm $$(LDLIBS)
$(1): $(bin)/$(1)
.PHONY: $(1)
endef
$(foreach p,$(progs),$(eval $(call prog-rule,$(p))))

deps: ## install what Debian or Ubuntu lacks of packages (no apt if nothing)
	@ci/deps

lint: ## check what can be checked without running; each finding fails
	@ci/lint $(T)

format: ## lay out all C files as .clang-format says
	@clang-format -i $$(git ls-files '*.c' '*.h')

# make demo is one command on a fresh machine: packages, build, lab, proof, nothing left.
demo: deps ## bring a shoot up, prove it, take it down (FAULT=NAME breaks it first)
	@$(MAKE) --no-print-directory all
	@ci/demo $(bin) $(FAULT)

shoot: deps ## bring a real IPv6-only Kubernetes cluster up (NODES=3)
	@$(MAKE) --no-print-directory image
	@$(bin)/scenario up shoot $(if $(NODES),--nodes $(NODES))

manifests: all ## write ci/kubernetes anew
	@$(bin)/scenario manifests --out ci/kubernetes

docs-svg: all ## draw docs/topology.svg, the picture of the demo, anew
	@$(bin)/scenario run demo --svg docs/topology.svg >/dev/null

install: all man ## install into $(DESTDIR)$(prefix)
	install -d $(DESTDIR)$(bindir) $(DESTDIR)$(sbindir) \
		$(DESTDIR)$(mandir)/man1 $(DESTDIR)$(mandir)/man5 \
		$(DESTDIR)$(mandir)/man8
	$(foreach p,$(filter-out netsetup netsetup-watch,$(progs)),install -m 0755 $(bin)/$(p) \
		$(DESTDIR)$(bindir)/$(p) &&) true
	$(foreach p,$(filter netsetup netsetup-watch,$(progs)),install -m 0755 $(bin)/$(p) \
		$(DESTDIR)$(sbindir)/$(p) &&) true
	$(if $(wildcard netsetup/profiles/*.json),install -d \
		$(DESTDIR)$(datadir)/shoot6/profiles && install -m 0644 \
		netsetup/profiles/*.json $(DESTDIR)$(datadir)/shoot6/profiles)
	for page in $(out)/man/*.[158]; do [ -e $$page ] || continue; \
		install -m 0644 $$page $(DESTDIR)$(mandir)/man$${page##*.}; done

uninstall: ## remove what install put there
	rm -f $(progs:%=$(DESTDIR)$(bindir)/%) $(progs:%=$(DESTDIR)$(sbindir)/%) \
		$(progs:%=$(DESTDIR)$(mandir)/man1/%.1) \
		$(progs:%=$(DESTDIR)$(mandir)/man8/%.8) \
		$(pages:docs/man/%=$(DESTDIR)$(mandir)/man5/%)
	rm -rf $(DESTDIR)$(datadir)/shoot6

# A page is made of the program's own tables and the prose in docs/man/NAME.in.
# Pages of section 5 are written in docs/man.
pages := $(wildcard docs/man/*.5)

man: $(progs:%=$(out)/man/%.stamp) $(pages:docs/man/%=$(out)/man/%) ## make the manual pages in build/man

$(out)/man/%.stamp: $(bin)/% ci/man $(wildcard docs/man/*.in)
	@mkdir -p $(@D)
	$(call say,MAN,$*)ci/man $< $(@D) && touch $@

$(out)/man/%.5: docs/man/%.5 docs/man/reasons.mdoc $(bin)/netsetup ci/man
	@mkdir -p $(@D)
	$(call say,MAN,$*)BIN=$(bin) ci/man $< $(@D)

clean: ## remove all that was built
	rm -rf build

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | \
		sort | expand -t 24

-include $(shell find $(obj) -name '*.d' 2>/dev/null)
.PHONY: all deps lint format demo shoot manifests docs-svg install uninstall man clean help
.DELETE_ON_ERROR:
