/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "scenarios/report/report.h"
#include "scenarios/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define REPORT_MAX \
	(64 * 1024 * 1024) /* of a report.json: 100 nodes have 20 MB */
#define FILES_MAX 6

/* Where one form of the report goes. */
struct file {
	const char *option, *format, *path;
};

/**
 * list_files() - The files that the options ask for
 * @s:		Options
 * @json:	Room for a path, PATH_MAX bytes
 * @ret:	Files
 *
 * Return: how many there are
 */
static size_t list_files(const struct scenario *s, char *json,
			 struct file ret[static FILES_MAX])
{
	const struct file all[FILES_MAX] = {
		{ "out", "json", s->out ? json : NULL },
		{ "json", "json", s->json ? "-" : NULL },
		{ "html", "html", s->html },
		{ "junit", "junit", s->junit },
		{ "tap", "tap", s->tap },
		{ "svg", "svg", s->svg },
	};
	size_t n = 0;

	(void)snprintf(json, PATH_MAX, "%s/report.json", s->out ? s->out : "");
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		if (all[i].path)
			ret[n++] = all[i];
	return n;
}

/**
 * scenario_check_files() - Whether the report could be written where it is to go
 * @s:		Options
 *
 * Asked before anything is made: what was found in minutes is not to be lost for a
 * folder that is misspelt.
 *
 * Return: EXIT_OK, or EXIT_USAGE after a line for each that could not
 */
int scenario_check_files(const struct scenario *s)
{
	char json[PATH_MAX];
	struct file files[FILES_MAX];
	size_t n = list_files(s, json, files);
	const char *printed = NULL;
	int code = EXIT_OK;

	if (s->out)
		(void)mkdir(s->out, 0777);
	for (size_t i = 0; i < n; i++) {
		int r = report_check(files[i].path);

		if (r < 0) {
			log_error("option '--%s': report '%s': %s",
				  files[i].option, files[i].path, strerror(-r));
			code = EXIT_USAGE;
		} else if (strcmp(files[i].path, "-") != 0) {
			continue;
		} else if (printed) {
			log_error("option '--%s': '--%s' goes to standard "
				  "output already",
				  files[i].option, printed);
			code = EXIT_USAGE;
		} else {
			printed = files[i].option;
		}
	}
	return code;
}

/**
 * print_table() - Results for people
 * @s:		Options
 * @report:	Finished report
 *
 * Return: 0, or an errno
 */
static int print_table(const struct scenario *s, const struct report *report)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT;
	const struct report_options options = {
		.colour = log_colour(STDOUT_FILENO),
		.width = log_columns(STDOUT_FILENO),
		.all = s->verbose,
	};
	int r = report_render(report, "table", &options, &text);

	if (r < 0)
		return r;
	return fwrite(buf_text(&text), 1, text.len, stdout) == text.len &&
			       fflush(stdout) == 0 ?
		       0 :
		       -EIO;
}

/**
 * scenario_write() - Write every form of the report that was asked for
 * @s:		Options
 * @report:	Finished report
 *
 * The table first, and then where the files are, unless standard output has another form.
 *
 * Return: 0, or an errno after saying why
 */
int scenario_write(const struct scenario *s, const struct report *report)
{
	char json[PATH_MAX];
	struct file files[FILES_MAX];
	size_t n = list_files(s, json, files);
	bool table = true;
	int r = 0;

	for (size_t i = 0; i < n; i++)
		table = table && strcmp(files[i].path, "-") != 0;
	if (table)
		r = print_table(s, report);
	for (size_t i = 0; i < n && r == 0; i++) {
		r = report_write(report, files[i].format, files[i].path);
		if (r < 0)
			log_error("report '%s': %s", files[i].path,
				  strerror(-r));
		else if (table)
			printf("report: %s\n", files[i].path);
	}
	return r;
}

/**
 * scenario_report() - scenario report FILE
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * Return: exit code, as that of the run
 */
int scenario_report(void *config, int n_args, char **args)
{
	_cleanup_(json_freep) struct json *json = NULL;
	struct report report;
	int code, r;

	if (n_args != 1) {
		log_error("usage: scenario report FILE");
		return EXIT_USAGE;
	}
	code = scenario_check_files(config);
	if (code != EXIT_OK)
		return code;
	r = json_parse_file(strcmp(args[0], "-") == 0 ? "/dev/stdin" : args[0],
			    REPORT_MAX, &json);
	if (r == 0)
		r = report_from_json(json, &report);
	if (r < 0) {
		log_error("report '%s': %s", args[0],
			  r == -EBADMSG ? "no report.json of 'scenario run'" :
					  strerror(-r));
		return EXIT_USAGE;
	}
	r = scenario_write(config, &report);
	code = r < 0 ? EXIT_ROLLED_BACK : report_exit_code(&report);
	report_release(&report);
	return code;
}
