/* SPDX-License-Identifier: Apache-2.0 */
/*
 * bench [NAME]... - run the entries, print them, write build/bench/report.json
 */
#include "tests/bench/bench.h"

#include "lib/exitcode.h"
#include "lib/json.h"

#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct bench *const benches[] = {
	&bench_ip_batch, &bench_raw_floor,  &bench_million, &bench_noop,
	&bench_networkd, &bench_gateway,    &bench_node,    &bench_repair,
	&bench_churn,    &bench_kubernetes,
};

/**
 * row_to_json() - A row as the report has it
 * @name:	Its name
 * @row:	The row
 * @j:		Object to fill
 */
static void row_to_json(const char *name, const struct bench_row *row,
			struct json *j)
{
	struct json *figures, *goals, *goal;

	json_set_string(j, "name", name);
	json_set_number(j, "ours", row->ours);
	if (row->peer > 0)
		json_set_number(j, "peer", row->peer);
	else
		json_set_null(j, "peer");
	json_set_string(j, "peer_name", row->peer_name);
	json_set_string(j, "unit", row->unit ? row->unit : "s");
	if (row->peer > 0 && row->ours > 0)
		json_set_number(j, "ratio", row->peer / row->ours);
	else
		json_set_null(j, "ratio");
	figures = json_set_object(j, "figures");
	goals = json_set_object(j, "goals");
	for (size_t i = 0; i < row->n_figures; i++) {
		const struct bench_figure *f = &row->figures[i];

		json_set_number(figures, f->name, f->value);
		if (f->most < 0)
			continue;
		goal = json_set_array(goals, f->name);
		json_append_string(goal, "<=");
		json_append_number(goal, f->most);
	}
	if (row->problem[0])
		json_set_string(j, "problem", row->problem);
}

/**
 * print_row() - A row for people
 * @name:	Its name
 * @row:	The row
 *
 * Return: number of goals missed
 */
static int print_row(const char *name, const struct bench_row *row)
{
	double ratio = row->ours > 0 ? row->peer / row->ours : 0;
	int missed = 0;

	printf("%s\n", name);
	if (row->problem[0]) {
		printf("    did not run: %s\n", row->problem);
		return 1;
	}
	if (row->peer > 0) {
		bool bad = row->least > 0 && ratio < row->least;

		missed += bad;
		printf("    ours %.3f %s, %s %.3f %s: ratio %.2f%s\n",
		       row->ours, row->unit, row->peer_name, row->peer,
		       row->unit, ratio, bad ? "  MISSED" : "");
	}
	for (size_t i = 0; i < row->n_figures; i++) {
		const struct bench_figure *f = &row->figures[i];
		bool bad = f->most >= 0 && !(f->value <= f->most);

		missed += bad;
		printf("    %-24s %12.3f", f->name, f->value);
		if (f->most >= 0)
			printf("  goal <= %g%s", f->most,
			       bad ? "  MISSED" : "");
		printf("\n");
	}
	return missed;
}

/**
 * wanted() - Whether an entry is to run
 * @name:	Its name
 * @argc:	Number of words
 * @argv:	Names behind the program's own; none: all entries
 *
 * Return: true if it is
 */
static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(argv[i], name) == 0)
			return true;
	return argc == 1;
}

/**
 * write_report() - Write build/bench/report.json at once
 * @report:	The rows
 *
 * Return: 0, or a negative errno
 */
static int write_report(const struct json *report)
{
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	_cleanup_fclose_ FILE *f = NULL;
	int r;

	r = json_print(report, JSON_PRETTY, &b);
	if (r < 0)
		return r;
	f = fopen("build/bench/report.json.tmp", "we");
	if (!f || fputs(buf_text(&b), f) == EOF || fflush(f) == EOF ||
	    rename("build/bench/report.json.tmp", "build/bench/report.json"))
		return -errno;
	return 0;
}

/**
 * main() - Run entries
 * @argc:	Number of words
 * @argv:	Names of entries; none: all
 *
 * Return: 0 also where a goal was missed (it is printed), 77 without privilege
 */
int main(int argc, char **argv)
{
	_cleanup_(json_freep) struct json *report = json_array();
	int missed = 0;

	if (unshare(CLONE_NEWNS | CLONE_NEWNET) < 0 ||
	    mount("", "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0) {
		fprintf(stderr, "bench: namespaces: %s\n", strerror(errno));
		return EXIT_SKIPPED;
	}
	(void)mkdir("build", 0755);
	(void)mkdir("build/bench", 0755);
	for (size_t i = 0; i < ARRAY_SIZE(benches); i++) {
		struct bench_row row = { .unit = "s" };

		if (!wanted(benches[i]->name, argc, argv))
			continue;
		if (benches[i]->run(&row) < 0 && !row.problem[0])
			(void)bench_problem(&row, "failed");
		missed += print_row(benches[i]->name, &row);
		(void)fflush(stdout);
		row_to_json(benches[i]->name, &row, json_append_object(report));
	}
	if (write_report(report) < 0) {
		fprintf(stderr, "bench: report: %s\n", strerror(errno));
		return 1;
	}
	printf("build/bench/report.json: %zu rows, %d goals missed\n",
	       json_count(report), missed);
	return 0;
}
