# SPDX-License-Identifier: Apache-2.0
# The kubernetes engine and the live runner: their libraries, the pause program.
srcs-kube := $(filter-out scenarios/kube/pause.c,$(wildcard scenarios/kube/*.c)) \
	$(filter-out scenarios/live/suite.c,$(wildcard scenarios/live/*.c))
libs-kube := libcrypto libcurl liblzma zlib

# Static, so that a pod's sandbox needs no library.
$(out)/libexec/pause: scenarios/kube/pause.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=gnu11 $(warn) -Os -s -static -o $@ $<
all: $(out)/libexec/pause
