# SPDX-License-Identifier: Apache-2.0
# The kubernetes engine and the live runner, the image tool, the pause program.
progs += scenario-image
srcs-scenario-image := scenarios/patience.c $(addprefix scenarios/kube/,\
	image_main.c images.c oci.c tar.c store.c bin.c unpack.c)
libs-scenario-image := libcrypto liblzma zlib

# Static, so that a pod's sandbox needs no library.
$(out)/libexec/pause: scenarios/kube/pause.c
	@mkdir -p $(@D)
	$(call say,CC,$@)$(CC) -std=gnu11 $(warn) -Os -s -static -o $@ $<
all: $(out)/libexec/pause

image: all ## write the suite's container image, build/image/shoot6.tar
	@mkdir -p $(out)/image
	@$(bin)/scenario-image -o $(out)/image/shoot6.tar

kube-bin: ## fetch or build the Kubernetes programs into build/kube/bin
	@ci/kube-bin $(out)/kube/bin
.PHONY: image kube-bin
