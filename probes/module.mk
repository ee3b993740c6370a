# SPDX-License-Identifier: Apache-2.0
#
# The three differ by their catalogue alone: probes/NAME.c holds it and main().
progs += probe-pod probe-service probe-egress probe-suite

srcs-probe := $(filter-out probes/probe-%.c,$(wildcard probes/*.c)) \
	$(wildcard probes/type/*.c)
srcs-probe-suite := probes/probe-suite.c
srcs-probe-pod := probes/probe-pod.c $(srcs-probe)
srcs-probe-service := probes/probe-service.c $(srcs-probe)
srcs-probe-egress := probes/probe-egress.c $(srcs-probe)

ifneq ($(wildcard probes/responder/*.c),)
progs += probe-responder
srcs-probe-responder := $(wildcard probes/responder/*.c) probes/nodestate.c
libs-probe-responder := libmicrohttpd
endif
