# SPDX-License-Identifier: Apache-2.0
#
# The probe programs differ by their catalogue alone: probes/NAME.c holds it and main().

srcs-probe := $(filter-out probes/probe-%.c,$(wildcard probes/*.c)) \
	$(wildcard probes/type/*.c)
