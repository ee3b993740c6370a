# SPDX-License-Identifier: Apache-2.0
# The kubernetes engine and the live runner, the image tool, the pause program.
progs += scenario-image
srcs-scenario-image := $(filter-out scenarios/kube/pause.c,\
	$(wildcard scenarios/kube/*.c scenarios/live/*.c))
libs-scenario-image := libcrypto libcurl liblzma zlib

# Static, so that a pod's sandbox needs no library.
$(out)/libexec/pause: scenarios/kube/pause.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=gnu11 $(warn) -Os -s -static -o $@ $<
all: $(out)/libexec/pause

image: all ## write the suite's container image, build/image/shoot6.tar
	@mkdir -p $(out)/image
	@$(bin)/scenario-image -o $(out)/image/shoot6.tar
.PHONY: image
