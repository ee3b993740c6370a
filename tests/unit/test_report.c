/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "scenarios/report/matrix.h"
#include "scenarios/report/report.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/**
 * make_report() - A small report with one broken thing and hostile text
 * @report:	Where it goes; the caller ends it by report_release()
 */
static void make_report(struct report *report)
{
	static const char status[] =
		"{\"members\":[{\"name\":\"router\",\"kind\":\"router\","
		"\"label\":\"radvd & co\","
		"\"addresses\":[\"fe80::1\",\"2001:db8:10::1/64\"]},"
		"{\"name\":\"node1\",\"kind\":\"node\",\"addresses\":[]},"
		"{\"name\":\"node1/a\",\"kind\":\"pod\",\"node\":\"node1\","
		"\"addresses\":[\"2001:db8::a\"]}],"
		"\"links\":[{\"a\":\"router\",\"b\":\"node1\",\"mtu\":1460}]}";
	_cleanup_(json_freep) struct json *j = NULL;
	struct result r;

	report_init(report);
	(void)snprintf(report->name, sizeof(report->name), "<lab> & \"co\"");
	CHECK_INT("json", 0, json_parse(status, strlen(status), &j));
	CHECK_INT("topology", 0, topology_from_json(j, &report->topology));

	result_init(&r, "N64-2", "pod:node1/a");
	r.verdict = VERDICT_FAIL;
	(void)snprintf(r.what, sizeof(r.what), "IPv4 <is> reached");
	(void)snprintf(r.reason, sizeof(r.reason), "net-unreachable");
	(void)snprintf(r.detail, sizeof(r.detail), "<script>&\x01");
	(void)snprintf(r.via.offender, sizeof(r.via.offender),
		       "2001:db8:10::1");
	r.via.error = 101;
	r.via.icmp_type = 1;
	r.via.icmp_code = 0;
	CHECK_INT("add", 0, results_add(&report->results, &r));
	result_init(&r, "MTU-5", "pod:node1/a");
	r.verdict = VERDICT_FAIL;
	(void)snprintf(r.reason, sizeof(r.reason), "timeout");
	CHECK_INT("add", 0, results_add(&report->results, &r));
	result_init(&r, "RTE-1", "host:node1");
	r.verdict = VERDICT_PASS;
	CHECK_INT("add", 0, results_add(&report->results, &r));
	CHECK_INT("finish", 0, report_finish(report));
}

/**
 * test_formats() - Each form says what it must, and lets no markup through
 */
static void test_formats(void)
{
	static const struct {
		const char *format, *has, *has_not;
	} cases[] = {
		{ "json", "\"primary\":\t\"nat64-no-route\"", "\x01" },
		{ "html", "nat64-no-route", "<script" },
		{ "html", "<td>IPv4 &lt;is&gt; reached</td>", "all is well" },
		{ "html", "<td class=\"v fail\" title=\"net-unreachable: &lt;",
		  NULL },
		{ "html", "<th class=\"from\">node1/a</th>", NULL },
		{ "junit", "<failure type=\"net-unreachable\"", "<script" },
		{ "tap", "not ok 2 N64-2 pod:node1/a", NULL },
		{ "svg", "class=\"box bad\"", NULL },
		{ "svg", ">radvd &amp; co</text>", "NaN" },
		{ "svg", ">MTU 1460</text>", NULL },
		{ "table", "FAIL nat64-no-route  router 2001:db8:10::1", NULL },
	};
	struct report report;
	size_t i;

	make_report(&report);
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf b = BUF_INIT;

		CHECK_INT(cases[i].format, 0,
			  report_render(&report, cases[i].format, NULL, &b));
		CHECK_HAS(cases[i].format, cases[i].has, buf_text(&b));
		CHECK_TRUE(cases[i].format,
			   !cases[i].has_not ||
				   !strstr(buf_text(&b), cases[i].has_not));
	}
	CHECK_INT("no such format", -EINVAL,
		  report_render(&report, "pdf", NULL, &(struct buf)BUF_INIT));
	CHECK_INT("exit code", EXIT_FAILED, report_exit_code(&report));
	CHECK_INT("blocked", 1, report.summary[VERDICT_BLOCKED]);
	report_release(&report);
}

/**
 * test_back() - A report read back from JSON makes the same page
 */
static void test_back(void)
{
	_cleanup_(buf_release) struct buf text = BUF_INIT, one = BUF_INIT;
	_cleanup_(buf_release) struct buf two = BUF_INIT;
	_cleanup_(json_freep) struct json *j = NULL;
	struct report report, back;

	make_report(&report);
	CHECK_INT("print", 0, report_render(&report, "json", NULL, &text));
	CHECK_INT("parse", 0, json_parse(text.data, text.len, &j));
	if (CHECK_INT("read", 0, report_from_json(j, &back))) {
		CHECK_INT("1st", 0, report_render(&report, "html", NULL, &one));
		CHECK_INT("2nd", 0, report_render(&back, "html", NULL, &two));
		CHECK_STR("same page", buf_text(&one), buf_text(&two));
		report_release(&back);
	}
	report_release(&report);
}

/**
 * test_nothing() - A run without any result is no success
 */
static void test_nothing(void)
{
	struct report report;

	_cleanup_(buf_release) struct buf page = BUF_INIT;

	report_init(&report);
	CHECK_INT("finish", 0, report_finish(&report));
	CHECK_INT("exit code", EXIT_FAILED, report_exit_code(&report));
	CHECK_INT("page", 0, report_render(&report, "html", NULL, &page));
	CHECK_HAS("says so", "nothing was checked", buf_text(&page));
	report_release(&report);
}

/**
 * add() - Add a result
 * @all:	Results
 * @id:		Check
 * @vantage:	From where
 * @verdict:	Verdict
 */
static void add(struct results *all, const char *id, const char *vantage,
		enum verdict verdict)
{
	struct result r;

	result_init(&r, id, vantage);
	r.verdict = verdict;
	CHECK_INT("add", 0, results_add(all, &r));
}

/**
 * test_matrix() - Rows by layer and number, the worst result in each cell
 */
static void test_matrix(void)
{
	struct results all = { 0 };
	struct matrix m;

	add(&all, "POD-10", "host:n", VERDICT_PASS);
	add(&all, "POD-2", "host:n", VERDICT_PASS);
	add(&all, "LNK-1", "pod:n/a", VERDICT_SKIP);
	add(&all, "POD-2", "host:n", VERDICT_BLOCKED);
	add(&all, "POD-2", "host:n", VERDICT_WARN);
	if (!CHECK_INT("init", 0, matrix_init(&all, &m)))
		return;
	CHECK_INT("rows", 3, m.n_rows);
	CHECK_INT("vantages", 2, m.n_vantages);
	CHECK_STR("first", "LNK-1", m.rows[0]->id);
	CHECK_STR("then", "POD-2", m.rows[1]->id);
	CHECK_STR("last", "POD-10", m.rows[2]->id);
	CHECK_STR("title", "n/a", matrix_title(m.vantages[1]));
	CHECK_TRUE("not checked", !matrix_cell(&m, 0, 0));
	CHECK_INT("worst", VERDICT_BLOCKED, matrix_cell(&m, 1, 0)->verdict);
	matrix_release(&m);
	results_release(&all);
}

/**
 * test_files() - A file is replaced; a pipe is written to, and stays what it is
 */
static void test_files(void)
{
	_cleanup_close_ int pipe = -1;
	const char *top = getenv("TMPDIR");
	char dir[128], path[160], text[8] = "";
	struct report report;
	struct stat st;

	(void)snprintf(dir, sizeof(dir), "%.100s/report.XXXXXX",
		       top ? top : "/tmp");
	if (!CHECK_TRUE("folder", mkdtemp(dir)))
		return;
	make_report(&report);
	(void)snprintf(path, sizeof(path), "%s/file", dir);
	for (int i = 0; i < 2; i++)
		CHECK_INT("file", 0, report_write(&report, "json", path));
	CHECK_INT("file is there", 0, stat(path, &st));
	CHECK_INT("all may read it", S_IFREG | 0644, st.st_mode);
	(void)unlink(path);

	(void)snprintf(path, sizeof(path), "%s/pipe", dir);
	CHECK_INT("pipe", 0, mkfifo(path, 0600));
	pipe = open(path, O_RDWR | O_CLOEXEC | O_NONBLOCK);
	CHECK_INT("written", 0, report_write(&report, "tap", path));
	CHECK_INT("is still there", 0, stat(path, &st));
	CHECK_TRUE("and a pipe", S_ISFIFO(st.st_mode));
	CHECK_INT("holds the report", 4, read(pipe, text, 4));
	CHECK_STR("from its beginning", "KTAP", text);
	(void)unlink(path);

	CHECK_INT("no folder", -ENOENT,
		  report_write(&report, "json", "/nowhere/report.json"));
	CHECK_INT("nothing is left beside", 0, rmdir(dir));
	report_release(&report);
}

UNIT_SUITE(report, { "formats", test_formats }, { "read back", test_back },
	   { "no results", test_nothing }, { "matrix", test_matrix },
	   { "files", test_files });
