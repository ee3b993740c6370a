# SPDX-License-Identifier: Apache-2.0
progs += scenario
srcs-scenario := $(wildcard scenarios/*.c scenarios/report/*.c \
	scenarios/cases/*.c scenarios/fault/*.c \
	scenarios/fabric/*.c scenarios/live/*.c) \
	$(filter-out scenarios/kube/pause.c scenarios/kube/image_main.c,\
	$(wildcard scenarios/kube/*.c))
libs-scenario := libnftables libnl-3.0 libnl-route-3.0 libcrypto libcurl liblzma zlib
include $(wildcard scenarios/*/module.mk)
