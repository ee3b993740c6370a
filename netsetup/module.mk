# SPDX-License-Identifier: Apache-2.0
progs += netsetup
# A CNI plugin; it lies beside the others of the machine where it is installed.
progs += cni-settled
srcs-cni-settled := netsetup/cni/settled.c
# The formats need their core, emit.c.
srcs-netsetup := $(wildcard netsetup/*.c netsetup/kind/*.c) \
	$(if $(wildcard netsetup/emit/emit.c),$(wildcard netsetup/emit/*.c))
# profile.c takes them in by .incbin, which the compiler's list does not name.
$(obj)/netsetup/profile.o: $(wildcard netsetup/profiles/*.json)

# What stays for months holds no library for metadata, resolving and TLS.
progs += netsetup-watch
srcs-netsetup-watch := $(wildcard netsetup/watch/*.c netsetup/kind/*.c \
	netsetup/emit/*.c) \
	$(addprefix netsetup/, clat.c conf.c conf_links.c conf_nat64.c early.c engine.c execute.c field.c gone.c hints.c \
	intent.c journal.c list.c lower.c model.c \
	nat64_option.c nat64_table.c note.c options.c owner.c owner_dhcp.c plan.c ra_owner.c renew.c rest.c \
	stack.c state.c strings.c txn.c uplink.c veth.c)
