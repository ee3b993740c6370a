# SPDX-License-Identifier: Apache-2.0
progs += scenario
srcs-scenario := $(wildcard scenarios/*.c scenarios/report/*.c \
	scenarios/cases/*.c scenarios/fault/*.c \
	scenarios/fabric/*.c)
libs-scenario := libnl-3.0 libnl-route-3.0
include $(wildcard scenarios/*/module.mk)
