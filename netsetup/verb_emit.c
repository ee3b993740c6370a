/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/verb_emit.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/json.h"
#include "lib/log.h"
#include "netsetup/emit/emit.h"
#include "netsetup/profile.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

/**
 * log_lines() - Problems on standard error, each as a message
 * @lines:	Lines
 */
static void log_lines(const struct buf *lines)
{
	const char *line, *end;

	for (line = buf_text(lines); (end = strchr(line, '\n')); line = end + 1)
		log_error("%.*s", (int)(end - line), line);
}

/**
 * list_formats_json() - netsetup emit --json, without a format
 *
 * Return: exit code
 */
static int list_formats_json(void)
{
	_cleanup_(json_freep) struct json *root = json_array();
	_cleanup_(buf_release) struct buf text = BUF_INIT;

	for (const struct emit_format *const *f = emit_formats; *f; f++) {
		struct json *o = json_append_object(root);
		struct json *types = json_set_array(o, "types");

		json_set_string(o, "name", (*f)->name);
		json_set_string(o, "summary", (*f)->summary);
		for (size_t i = 0; (*f)->types && (*f)->types[i]; i++)
			json_append_string(types, (*f)->types[i]);
	}
	if (json_print(root, JSON_PRETTY, &text) < 0)
		return EXIT_FAILED;
	puts(buf_text(&text));
	return EXIT_OK;
}

/**
 * list_formats() - netsetup emit, without a format
 *
 * Return: exit code
 */
static int list_formats(void)
{
	const struct emit_format *const *f;
	size_t i;

	for (f = emit_formats; *f; f++) {
		printf("%-16s %s", (*f)->name, (*f)->summary);
		for (i = 0; (*f)->types && (*f)->types[i]; i++)
			printf("%s%s", i ? "|" : " (--type ", (*f)->types[i]);
		printf("%s\n", (*f)->types ? ")" : "");
	}
	return EXIT_OK;
}

/**
 * verb_emit() - netsetup emit [FORMAT [NAME=VALUE]...]
 * @o:		Options
 * @n_args:	Arguments
 * @args:	Format and its own words
 *
 * Return: exit code
 */
int verb_emit(const struct emit_options *o, int n_args, char **args)
{
	_cleanup_(buf_release) struct buf out = BUF_INIT, errors = BUF_INIT;
	const char *path = o->hints ? o->hints : HINTS_PATH;
	struct emit_args a = {
		.type = o->type,
		.dir = o->dir,
		.n_more = n_args - 1,
		.more = args + 1,
		.errors = &errors,
	};
	struct hints h = HINTS_INIT;
	int r;

	if (n_args == 0)
		return o->json ? list_formats_json() : list_formats();
	r = hints_read(path, &h);
	if (r < 0) {
		log_error("hints '%s': %s", path,
			  r == -EBADMSG ? "not a hints file" :
					  strerrordesc_np(-r));
		return EXIT_USAGE;
	}
	r = emit_print(args[0], &h, &a, &out);
	if (r < 0) {
		log_lines(&errors);
		if (!errors.len)
			log_error("emit %s: %s", args[0], strerrordesc_np(-r));
		return EXIT_USAGE;
	}
	return fwrite(buf_text(&out), 1, out.len, stdout) == out.len ?
		       EXIT_OK :
		       EXIT_FAILED;
}

/**
 * list_profiles() - netsetup profiles
 * @json:	As JSON
 *
 * Return: exit code
 */
static int list_profiles(bool json)
{
	_cleanup_(json_freep) struct json *root = json_array();
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	size_t i, len;

	for (i = 0; profile_builtin_name(i); i++) {
		struct profile p = { 0 };
		const char *text = profile_builtin_text(i, &len);
		struct json *o;

		if (profile_parse(text, len, &p, &b) < 0)
			continue;
		o = json_append_object(root);
		json_set_string(o, "name", p.name);
		json_set_string(o, "summary", p.summary ? p.summary : "");
		if (!json)
			printf("%-12s %s\n", p.name,
			       p.summary ? p.summary : "");
		profile_release(&p);
	}
	buf_clear(&b);
	if (json && json_print(root, JSON_PRETTY, &b) == 0)
		printf("%s\n", buf_text(&b));
	return EXIT_OK;
}

/**
 * verb_profiles() - netsetup profiles [list | show NAME]
 * @json:	As JSON
 * @n_args:	Arguments
 * @args:	"list", or "show" and a name, or the name alone
 *
 * Return: exit code
 */
int verb_profiles(bool json, int n_args, char **args)
{
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	struct profile p = { 0 };
	const char *name, *text;
	size_t i, len;

	if (n_args == 0 || strcmp(args[0], "list") == 0)
		return list_profiles(json);
	name = args[n_args - 1];
	for (i = 0; profile_builtin_name(i); i++) {
		if (strcmp(profile_builtin_name(i), name) != 0)
			continue;
		text = profile_builtin_text(i, &len);
		printf("%.*s", (int)len, text);
		return EXIT_OK;
	}
	/* Words the error, with what is known. */
	if (profile_load(name, NULL, &p, &errors) < 0)
		log_lines(&errors);
	profile_release(&p);
	return EXIT_USAGE;
}
