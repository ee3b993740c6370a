/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/report/formats.h"

#include <string.h>

const struct report_layer report_layers[] = {
	{ "CFG-", "Node state" }, { "LNK-", "Link" },
	{ "ADR-", "Addresses" },  { "RND-", "Routers and neighbours" },
	{ "RTE-", "Routes" },     { "MTU-", "Packet sizes" },
	{ "POD-", "Pods" },       { "SVC-", "Services" },
	{ "DNS-", "DNS" },        { "N64-", "DNS64 and NAT64" },
	{ "EGR-", "Egress" },     { "API-", "API server" },
	{ "SEC-", "Security" },   { "", "Others" },
};
const size_t n_report_layers = ARRAY_SIZE(report_layers);

/**
 * report_layer_of() - The layer a check belongs to
 * @id:		"N64-2"
 *
 * Return: its layer; the last one where no other fits
 */
const struct report_layer *report_layer_of(const char *id)
{
	size_t i;

	for (i = 0; i + 1 < n_report_layers; i++)
		if (strncmp(report_layers[i].prefix, id,
			    strlen(report_layers[i].prefix)) == 0)
			break;
	return &report_layers[i];
}

/**
 * report_order() - Order of checks: by layer, number and variant
 * @a:		One
 * @b:		Other
 *
 * Return: below, equal to or above 0
 */
int report_order(const struct result *a, const struct result *b)
{
	const struct report_layer *x = report_layer_of(a->id);
	const struct report_layer *y = report_layer_of(b->id);
	int r = (x > y) - (x < y);

	if (r == 0)
		r = strverscmp(a->id, b->id);
	return r ? r : strcmp(a->variant, b->variant);
}

/**
 * report_time() - A point in time as reports write it
 * @t:		Seconds and nanoseconds since 1970
 * @text:	Where it goes: "2026-11-24T01:02:03Z"
 */
void report_time(const struct timespec *t, char text[32])
{
	struct tm tm;

	text[0] = '\0';
	if (gmtime_r(&t->tv_sec, &tm))
		(void)strftime(text, 32, "%Y-%m-%dT%H:%M:%SZ", &tm);
}

/**
 * report_escape() - Append text to HTML or XML
 * @out:	Buffer
 * @text:	Any bytes; what XML 1.0 forbids becomes U+FFFD
 */
void report_escape(struct buf *out, const char *text)
{
	const char *p;

	for (p = text; *p; p++) {
		switch (*p) {
		case '&':
			buf_puts(out, "&amp;");
			break;
		case '<':
			buf_puts(out, "&lt;");
			break;
		case '>':
			buf_puts(out, "&gt;");
			break;
		case '"':
			buf_puts(out, "&quot;");
			break;
		default:
			if ((unsigned char)*p < 0x20 && !strchr("\t\n", *p))
				buf_puts(out, "\xef\xbf\xbd");
			else
				buf_putc(out, *p);
		}
	}
}
