/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/report/report.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "scenarios/report/formats.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

const struct report_format *const report_formats[] = {
	&report_json, &report_html, &report_junit,
	&report_tap,  &report_svg,  &report_table,
};
const size_t n_report_formats = ARRAY_SIZE(report_formats);

/**
 * report_init() - Begin a report: it started now, on this machine
 * @report:	Report; ended by report_release()
 */
void report_init(struct report *report)
{
	struct utsname u;

	*report = (struct report){ .version = "" };
	(void)clock_gettime(CLOCK_REALTIME, &report->started);
	(void)snprintf(report->version, sizeof(report->version), "%s",
		       SHOOT6_VERSION);
	if (uname(&u) < 0)
		return;
	(void)snprintf(report->kernel, sizeof(report->kernel), "%s %s",
		       u.sysname, u.release);
	(void)snprintf(report->machine, sizeof(report->machine), "%s",
		       u.machine);
}

/**
 * cmp_results() - Order of results of one vantage
 * @a:		One
 * @b:		Other
 *
 * Return: below, equal to or above 0
 */
static int cmp_results(const void *a, const void *b)
{
	const struct result *x = a, *y = b;
	int r = report_order(x, y);

	return r ? r : strcmp(x->dst, y->dst);
}

/**
 * sort_results() - Order the results of each vantage by their checks
 * @all:	Results, vantage by vantage
 *
 * Checks end in any order; two reports of one lab are to be alike.
 */
static void sort_results(struct results *all)
{
	size_t n;

	for (size_t i = 0; i < all->n; i += n) {
		for (n = 1; i + n < all->n; n++)
			if (strcmp(all->items[i].vantage,
				   all->items[i + n].vantage) != 0)
				break;
		qsort(all->items + i, n, sizeof(*all->items), cmp_results);
	}
}

/**
 * report_finish() - Order, diagnose, block what is only a consequence, and count
 * @report:	Report with all its results
 *
 * Return: 0 or -ENOMEM
 */
int report_finish(struct report *report)
{
	size_t i;
	int r;

	sort_results(&report->results);
	diagnosis_release(&report->diagnosis);
	r = diagnose(&report->results, &report->diagnosis);
	if (r < 0)
		return r;
	(void)diagnosis_block(&report->diagnosis, &report->results);
	memset(report->summary, 0, sizeof(report->summary));
	for (i = 0; i < report->results.n; i++)
		report->summary[report->results.items[i].verdict]++;
	return 0;
}

/**
 * report_release() - End a report and all that it owns
 * @report:	Report
 */
void report_release(struct report *report)
{
	results_release(&report->results);
	topology_release(&report->topology);
	diagnosis_release(&report->diagnosis);
}

/**
 * report_exit_code() - What a run that made this report exits with
 * @report:	Finished report
 *
 * Return: EXIT_OK; EXIT_FAILED where a check failed or nothing was checked at all
 */
int report_exit_code(const struct report *report)
{
	return report->summary[VERDICT_FAIL] || !report->summary[VERDICT_PASS] ?
		       EXIT_FAILED :
		       EXIT_OK;
}

/**
 * report_format() - The format of a name
 * @name:	e.g. "html"
 *
 * Return: it, or NULL
 */
const struct report_format *report_format(const char *name)
{
	size_t i;

	for (i = 0; i < n_report_formats; i++)
		if (strcmp(report_formats[i]->name, name) == 0)
			return report_formats[i];
	return NULL;
}

/**
 * report_render() - Write a report into a buffer
 * @report:	Finished report
 * @format:	Name of a format
 * @options:	How; NULL: plain
 * @out:	Buffer
 *
 * Return: 0, -EINVAL for an unknown format, -ENOMEM, -EFBIG
 */
int report_render(const struct report *report, const char *format,
		  const struct report_options *options, struct buf *out)
{
	static const struct report_options plain = { .width = 0 };
	const struct report_format *f = report_format(format);

	if (!f)
		return -EINVAL;
	return f->render(report, options ? options : &plain, out);
}

/**
 * write_all() - Write a buffer to a descriptor
 * @fd:		Descriptor
 * @b:		Buffer
 *
 * Return: 0 or what write() said
 */
static int write_all(int fd, const struct buf *b)
{
	size_t done = 0;
	ssize_t n;

	while (done < b->len) {
		n = write(fd, b->data + done, b->len - done);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		done += (size_t)n;
	}
	return 0;
}

/**
 * write_special() - Write to what is there and is no ordinary file
 * @path:	Terminal, pipe, /dev/null, ...
 * @b:		What to write
 *
 * Return: 0 or the errno of the call that failed
 */
static int write_special(const char *path, const struct buf *b)
{
	_cleanup_close_ int fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY);

	return fd < 0 ? -errno : write_all(fd, b);
}

/**
 * write_file() - Write a file whole or not at all
 * @path:	File; replaced where it is there
 * @b:		Its content
 *
 * A device or a pipe cannot be replaced: root would make a file of /dev/null.
 *
 * Return: 0 or the errno of the call that failed
 */
static int write_file(const char *path, const struct buf *b)
{
	_cleanup_close_ int fd = -1;
	char beside[PATH_MAX];
	struct stat st;
	mode_t mask;
	int r;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_special(path, b);

	if (snprintf(beside, sizeof(beside), "%s.XXXXXX", path) >=
	    (int)sizeof(beside))
		return -ENAMETOOLONG;
	fd = mkostemp(beside, O_CLOEXEC);
	if (fd < 0)
		return -errno;
	mask = umask(0);
	(void)umask(mask);
	r = fchmod(fd, 0666 & ~mask) < 0 ? -errno : write_all(fd, b);
	if (r == 0 && rename(beside, path) < 0)
		r = -errno;
	if (r < 0)
		(void)unlink(beside);
	return r;
}

/**
 * report_check() - Whether a report could be written to a file
 * @path:	File, or "-" for standard output
 *
 * For the time before there is a report, so that none is lost for a misspelt folder.
 *
 * Return: 0, or what report_write() would say
 */
int report_check(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	if (strcmp(path, "-") == 0)
		return 0;
	if (snprintf(folder, sizeof(folder), "%s", path) >= (int)sizeof(folder))
		return -ENAMETOOLONG;
	if (stat(path, &st) == 0 && S_ISDIR(st.st_mode))
		return -EISDIR;
	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return access(path, W_OK) < 0 ? -errno : 0;
	return access(dirname(folder), W_OK | X_OK) < 0 ? -errno : 0;
}

/**
 * report_write() - Write a report to a file
 * @report:	Finished report
 * @format:	Name of a format
 * @path:	File, or "-" for standard output
 *
 * Return: 0, what report_render() returns, or what the file system said
 */
int report_write(const struct report *report, const char *format,
		 const char *path)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	int r;

	r = report_render(report, format, NULL, &b);
	if (r < 0)
		return r;
	if (strcmp(path, "-") == 0)
		return write_all(STDOUT_FILENO, &b);
	return write_file(path, &b);
}
