/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: metrics - what watch has done and seen, in Prometheus' text format
 *
 * --metrics FILE writes them to a file, by rename, at most once a second and when
 * something has changed: for node_exporter's textfile collector. --metrics [ADDRESS]:PORT
 * answers HTTP GET, one request a connection. The server is forty lines of our own: the
 * library that the other programs use takes more memory than all of watch.
 */

#include "lib/buf.h"

struct watch;

must_check int metrics_open(struct watch *w);
void metrics_close(struct watch *w);
void metrics_print(struct watch *w, struct buf *out);
void metrics_touch(struct watch *w);
