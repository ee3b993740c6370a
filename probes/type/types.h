/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: types - all kinds of probes, one file each
 *
 * Adding one is a file that ends in its constant, and a line here.
 */

#include "probes/probe.h"

extern const struct probe_type probe_udp;
extern const struct probe_type probe_tcp;
extern const struct probe_type probe_icmp;
extern const struct probe_type probe_dns;
extern const struct probe_type probe_http;
extern const struct probe_type probe_pmtu;
extern const struct probe_type probe_bulk;
extern const struct probe_type probe_leak;
extern const struct probe_type probe_ra;
extern const struct probe_type probe_local;
extern const struct probe_type probe_spread;
