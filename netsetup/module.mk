# SPDX-License-Identifier: Apache-2.0
progs += netsetup
srcs-netsetup := $(wildcard netsetup/*.c netsetup/kind/*.c netsetup/watch/*.c \
	netsetup/emit/*.c)
