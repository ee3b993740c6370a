/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/exitcode.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "scenarios/fault/fault.h"
#include "scenarios/scenario.h"

#include <inttypes.h>
#include <string.h>

/* What a run is made of. */
enum ground {
	LIVE = 1, /* --live: a cluster of others */
	CLUSTER = 2, /* a lab on engine 'kubernetes' */
	NETNS = 4,
};

/**
 * check_fault() - Whether there is such a fault, and it is made on this engine
 * @name:	As given, or NULL
 * @engine:	Of the lab; NULL: not known yet, or none
 *
 * Return: EXIT_OK, or EXIT_USAGE after saying what is wrong
 */
static int check_fault(const char *name, const char *engine)
{
	const struct fault *fault = name ? fault_find(name) : NULL;
	const char *names[128];
	char hint[OPT_HINT];
	size_t n = 0;

	if (!name)
		return EXIT_OK;
	if (fault && fault->engine && engine &&
	    strcmp(fault->engine, engine) != 0) {
		log_error("fault '%s' is made on engine '%s', not on '%s'",
			  name, fault->engine, engine);
		return EXIT_USAGE;
	}
	if (fault)
		return EXIT_OK;
	for (; n < n_faults && n < ARRAY_SIZE(names); n++)
		names[n] = faults[n]->name;
	log_error("no fault '%s'%s; see 'scenario list'", name,
		  opt_hint(name, names, n, hint));
	return EXIT_USAGE;
}

/**
 * is_label() - Whether a text may name a namespace and, with "-host", a second one
 * @text:	Text
 *
 * Return: whether, as Kubernetes wants it (RFC 1123 labels)
 */
static bool is_label(const char *text)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz0123456789-";
	size_t n = strlen(text);

	return n > 0 && n <= 63 - strlen("-host") && strspn(text, inner) == n &&
	       text[0] != '-' && text[n - 1] != '-';
}

/**
 * scenario_check_names() - Whether what goes into manifests is what it is to be
 * @s:		Options
 *
 * Return: EXIT_OK, or EXIT_USAGE after a line for each that is not
 */
int scenario_check_names(const struct scenario *s)
{
	static const char inner[] = "abcdefghijklmnopqrstuvwxyz"
				    "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				    "0123456789._-/:@+[]";
	int code = EXIT_OK;

	if (s->image && (!*s->image || s->image[strspn(s->image, inner)])) {
		log_error("image '%s': no reference such as "
			  "'registry.example/shoot6:1'",
			  s->image);
		code = EXIT_USAGE;
	}
	if (s->space && !is_label(s->space)) {
		log_error("namespace '%s': lower case letters, digits and '-' "
			  "between them, 58 at most",
			  s->space);
		code = EXIT_USAGE;
	}
	return code;
}

/**
 * scenario_check_options() - Whether each option means something to this run
 * @s:		Options
 * @engine:	Of the lab; NULL for --live
 *
 * An option that is passed over would have a run that breaks nothing pass for one that
 * shows that all is well though broken.
 *
 * Return: EXIT_OK, or EXIT_USAGE after a line for each that does not
 */
int scenario_check_options(const struct scenario *s, const char *engine)
{
	const struct {
		const char *option;
		bool given;
		unsigned int grounds;
	} rows[] = {
		{ "name", s->name, NETNS | CLUSTER },
		{ "engine", s->engine, NETNS | CLUSTER },
		{ "provider", s->provider, NETNS | CLUSTER },
		{ "control-plane", s->control_plane, CLUSTER },
		{ "fault", s->fault, NETNS | CLUSTER },
		{ "kubeconfig", s->kubeconfig, LIVE },
		{ "namespace", s->space, LIVE },
		{ "profile", s->profile, LIVE | CLUSTER },
		{ "image", s->image, LIVE | CLUSTER },
		{ "targets", s->targets, LIVE | CLUSTER },
		{ "cluster-domain", s->domain, LIVE | CLUSTER },
		{ "privileged-namespace", s->privileged, LIVE | CLUSTER },
	};
	unsigned int ground = !engine                           ? LIVE :
			      strcmp(engine, "kubernetes") == 0 ? CLUSTER :
								  NETNS;
	int code = check_fault(s->fault, engine);

	if (scenario_check_names(s) != EXIT_OK)
		code = EXIT_USAGE;
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (!rows[i].given || (rows[i].grounds & ground))
			continue;
		log_error("option '--%s': not with %s%s%s", rows[i].option,
			  engine ? "engine '" : "'--live'",
			  engine ? engine : "", engine ? "'" : "");
		code = EXIT_USAGE;
	}
	return code;
}

/**
 * count_nodes() - How many nodes a lab has
 * @status:	Of it
 *
 * Return: number
 */
static unsigned int count_nodes(const struct json *status)
{
	const struct json *m = json_first(json_get(status, "members"));
	unsigned int n = 0;

	for (; m; m = json_next(m)) {
		const char *kind = json_get_string(m, "kind");

		n += kind && strcmp(kind, "node") == 0;
	}
	return n;
}

/**
 * scenario_check_lab() - Whether a lab that is up is the one that the options describe
 * @s:		Options
 * @status:	Of the lab
 *
 * Return: EXIT_OK, or EXIT_USAGE after saying which is not
 */
int scenario_check_lab(const struct scenario *s, const struct json *status)
{
	const char *name = json_get_string(status, "name");
	const char *engine = json_get_string(status, "engine");
	const struct {
		const char *option, *wanted, *is;
	} rows[] = {
		{ "engine", s->engine, engine },
		{ "provider", s->provider,
		  json_get_string(status, "provider") },
		{ "control-plane", s->control_plane,
		  json_get_string(status, "kubernetes.control_plane") },
	};
	int code = scenario_check_options(s, engine);

	for (size_t i = 0; i < ARRAY_SIZE(rows) && code == EXIT_OK; i++) {
		const char *is = rows[i].is ? rows[i].is : "none";

		if (!rows[i].wanted || strcmp(rows[i].wanted, is) == 0)
			continue;
		log_error("option '--%s': lab '%s' is up, with '%s'",
			  rows[i].option, name, is);
		code = EXIT_USAGE;
	}
	/* Of a cluster it says how many nodes are probed from. */
	if (s->nodes && !json_get(status, "kubernetes") &&
	    s->nodes != count_nodes(status)) {
		log_error("option '--nodes': lab '%s' is up, with %u", name,
			  count_nodes(status));
		code = EXIT_USAGE;
	}
	return code;
}
