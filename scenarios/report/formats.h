/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: formats - one constant per form of a report; private to scenarios/report
 *
 * To add a form: a file that ends in its constant, a line here and one in
 * report_formats[]. The helpers here are shared by the forms.
 */

#include "scenarios/report/report.h"

extern const struct report_format report_json, report_html, report_junit,
	report_tap, report_svg, report_table;

/* Layers in the order in which reports show them: "N64" -> "NAT64". */
struct report_layer {
	const char *prefix; /* of the ids, with its dash */
	const char *title;
};

extern const struct report_layer report_layers[];
extern const size_t n_report_layers;

const struct report_layer *report_layer_of(const char *id);
int report_order(const struct result *a, const struct result *b);
void report_time(const struct timespec *t, char text[32]);
void report_escape(struct buf *out, const char *text);
void report_draw(const struct report *report, bool standalone, struct buf *out);
