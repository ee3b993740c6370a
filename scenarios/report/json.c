/* SPDX-License-Identifier: Apache-2.0 */
/*
 * json: the whole report as one object, the form that programs read
 *
 * shoot6-report(5) describes it. Every other form can be made again from it.
 */
#include "lib/cleanup.h"
#include "scenarios/report/formats.h"

#include <errno.h>
#include <string.h>

/* Text members of a report, by their name in JSON. */
#define TEXT(key, member)                                       \
	{                                                       \
		key, offsetof(struct report, member),           \
			sizeof(((struct report *)NULL)->member) \
	}

#define SCHEMA 1 /* shoot6-report(5) */

static const struct {
	const char *key;
	size_t offset, size;
} texts[] = {
	TEXT("name", name),       TEXT("case", case_name),
	TEXT("engine", engine),   TEXT("provider", provider),
	TEXT("profile", profile), TEXT("fault", fault),
	TEXT("version", version), TEXT("kernel", kernel),
	TEXT("machine", machine),
};

/**
 * render() - Write a report as JSON
 * @report:	Finished report
 * @options:	Not used
 * @out:	Buffer
 *
 * Return: 0, -ENOMEM or -EFBIG
 */
static int render(const struct report *report,
		  const struct report_options *options, struct buf *out)
{
	_cleanup_(json_freep) struct json *j = json_object();
	struct json *o;
	char started[32];
	size_t i;
	int r;

	(void)options;
	json_set_int(j, "schema", SCHEMA);
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		const char *text = (const char *)report + texts[i].offset;

		if (*text)
			json_set_string(j, texts[i].key, text);
		else
			json_set_null(j, texts[i].key);
	}
	report_time(&report->started, started);
	json_set_string(j, "started", started);
	json_set_number(j, "duration_s", (double)report->duration_ns / 1e9);
	json_set_number(j, "up_s", (double)report->up_ns / 1e9);
	o = json_set_object(j, "summary");
	for (i = 0; i < VERDICT_MAX; i++)
		json_set_int(o, verdict_name((enum verdict)i),
			     report->summary[i]);
	json_set(j, "diagnosis", diagnosis_to_json(&report->diagnosis));
	o = json_set_array(j, "results");
	for (i = 0; i < report->results.n; i++)
		json_append(o, result_to_json(&report->results.items[i]));
	json_set(j, "topology", topology_to_json(&report->topology));

	r = json_print(j, JSON_PRETTY, out);
	if (r < 0)
		return r;
	buf_putc(out, '\n');
	return buf_error(out);
}

/**
 * read_seconds() - A time that something took
 * @j:		Report
 * @key:	Of a number of seconds
 *
 * Return: nanoseconds; 0 for none, and for what no run can have taken
 */
static int64_t read_seconds(const struct json *j, const char *key)
{
	double seconds;

	if (json_number(json_get(j, key), &seconds) < 0)
		return 0;
	return seconds > 0 && seconds < 1e9 ? (int64_t)(seconds * 1e9) : 0;
}

/**
 * report_from_json() - Read a report back
 * @j:		As render() writes it
 * @ret:	Where it goes; ended by report_release()
 *
 * Return: 0, -EBADMSG where it is no report, -ENOMEM
 */
int report_from_json(const struct json *j, struct report *ret)
{
	struct report report = { .version = "" };
	const struct json *item;
	struct result result;
	struct tm tm = { 0 };
	const char *text;
	size_t i;
	int r;

	if (!json_is_array(json_get(j, "results")) ||
	    json_get_int(j, "schema", 0) != SCHEMA)
		return -EBADMSG;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		text = json_get_string(j, texts[i].key);
		(void)snprintf((char *)&report + texts[i].offset, texts[i].size,
			       "%s", text ? text : "");
	}
	text = json_get_string(j, "started");
	if (text && strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm))
		report.started.tv_sec = timegm(&tm);
	report.duration_ns = read_seconds(j, "duration_s");
	report.up_ns = read_seconds(j, "up_s");
	r = topology_from_json(json_get(j, "topology"), &report.topology);
	if (r == 0)
		r = diagnosis_from_json(json_get(j, "diagnosis"),
					&report.diagnosis);
	for (item = json_first(json_get(j, "results")); item && r == 0;
	     item = json_next(item)) {
		r = result_from_json(item, &result);
		if (r == 0)
			r = results_add(&report.results, &result);
		if (r == 0)
			report.summary[result.verdict]++;
	}
	if (r < 0) {
		report_release(&report);
		return r == -ENOMEM ? r : -EBADMSG;
	}
	*ret = report;
	return 0;
}

const struct report_format report_json = {
	.name = "json",
	.summary = "one object with everything, for programs",
	.render = render,
};
