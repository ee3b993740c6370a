# SPDX-License-Identifier: Apache-2.0
progs += netsetup
# A CNI plugin; it lies beside the others of the machine where it is installed.
progs += cni-settled
srcs-cni-settled := netsetup/cni/settled.c
# The formats need their core, emit.c.
srcs-netsetup := $(wildcard netsetup/*.c netsetup/kind/*.c netsetup/watch/*.c) \
	$(if $(wildcard netsetup/emit/emit.c),$(wildcard netsetup/emit/*.c))
# profile.c takes them in by .incbin, which the compiler's list does not name.
$(obj)/netsetup/profile.o: $(wildcard netsetup/profiles/*.json)
