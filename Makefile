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
	-Wimplicit-fallthrough -fno-common $(if $(WERROR),-Werror)
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

clean: ## remove all that was built
	rm -rf build

help: ## print this
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/  \1\t\2/p' $(MAKEFILE_LIST) | \
		sort | expand -t 24

-include $(shell find $(obj) -name '*.d' 2>/dev/null)
.PHONY: all deps clean help
.DELETE_ON_ERROR:
