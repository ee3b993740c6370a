/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/session.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#define EARLY_MIN (64 << 10) /* bytes of a document that is worth a thread */

/**
 * session_print() - Problems on standard error, each as a message
 * @level:	Level
 * @text:	Lines; cut up
 */
void session_print(enum log_level level, char *text)
{
	char *rest = text, *line;

	while (rest && (line = strsep(&rest, "\n")))
		if (*line)
			log_print(level, "%s", line);
}

/**
 * session_end() - End a session
 * @s:		Session
 */
void session_end(struct session *s)
{
	early_end(&s->early);
	if (s->is_reserved)
		txn_close(&s->txn);
	conf_release(&s->conf);
	engine_close(&s->e);
	if (s->provider)
		provider_free(s->provider);
}

/**
 * point_of() - Point that a test has set for us
 * @name:	Environment variable
 *
 * Return: its number; 0: none
 */
static unsigned int point_of(const char *name)
{
	const char *text = getenv(name);

	return text ? (unsigned int)strtoul(text, NULL, 10) : 0;
}

/**
 * session_begin() - Open the engine
 * @s:		Session
 * @c:		Options
 *
 * Return: 0, or a negative errno after saying why
 */
int session_begin(struct session *s, const struct config *c)
{
	struct engine_options o = {
		.state = c->state ? c->state : STATE_DIR,
		.root = c->root,
		.offline = c->from != NULL,
		.crash_at = point_of("SHOOT6_CRASH_AT"),
		.stop_at = point_of("SHOOT6_STOP_AT"),
	};
	int r;

	*s = (struct session){ .config = c };
	if (c->verbose)
		log_set_level(LOG_LEVEL_DEBUG);
	r = engine_open(&s->e, &o);
	if (r < 0)
		log_error("%s",
			  s->e.why.len ? buf_text(&s->e.why) : strerror(-r));
	return r;
}

/**
 * save_document() - Write the provider form's document where `--save` says
 * @c:		Options
 * @text:	Document
 *
 * Return: 0, or a negative errno after saying why
 */
static int save_document(const struct config *c, const struct buf *text)
{
	_cleanup_fclose_ FILE *f = c->save ? fopen(c->save, "we") : NULL;

	if (!c->save)
		return 0;
	if (f && fwrite(text->data, 1, text->len, f) == text->len &&
	    fflush(f) == 0)
		return 0;
	log_error("%s: %s", c->save, strerror(errno));
	return errno ? -errno : -EIO;
}

/**
 * provider_text() - Document of the provider form
 * @s:		Session
 * @text:	Gets the document
 *
 * Return: 0, or a negative errno after saying why
 */
static int provider_text(struct session *s, struct buf *text)
{
	const struct config *c = s->config;
	const struct provider_request req = {
		.provider = c->provider,
		.shoot = c->shoot,
		.node_name = c->node_name,
		.metadata = c->metadata,
		.nat64 = c->nat64,
		.profiles = c->profiles,
		.dad = c->dad,
		.deadline_ns = c->deadline,
		.offline = s->reads,
	};
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	int r;

	if (!c->shoot) {
		log_error("option '--provider' needs '--shoot'");
		return -EINVAL;
	}
	r = provider_new(&req, &s->provider);
	if (r == 0)
		r = provider_document(s->provider, text, &s->hints, &errors);
	if (errors.len)
		session_print(LOG_LEVEL_ERROR, errors.data);
	else if (r < 0)
		log_error("provider '%s': %s", c->provider, strerror(-r));
	return r < 0 ? r : save_document(c, text);
}

/**
 * read_check() - What `--check` was given
 * @s:		Session; gets .reach
 *
 * Return: 0; -EINVAL after saying why
 */
static int read_check(struct session *s)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	const struct config *c = s->config;
	int r;

	if (!c->check)
		return 0;
	r = reach_parse(c->check, &s->hints, &s->reach, &why);
	if (r < 0)
		log_error("option '--check': %s", buf_text(&why));
	s->reach.deadline_ns = c->deadline;
	return r;
}

/**
 * session_reach() - Run the checks that were asked for
 * @s:		Session
 *
 * Return: 0, or a negative errno after saying why
 */
int session_reach(struct session *s)
{
	_cleanup_(buf_release) struct buf why = BUF_INIT;
	int r = s->reach.text ? reach_run(&s->reach, &why) : 0;

	if (r < 0)
		log_error("%s", buf_text(&why));
	return r;
}

/**
 * look_early() - Have our routes listed while the document is read
 * @s:		Session
 * @name:	File of the document; nothing is done for what is no file
 */
static void look_early(struct session *s, const char *name)
{
	struct stat st;

	if (!s->plans || s->e.options.offline || stat(name, &st) < 0 ||
	    st.st_size < EARLY_MIN)
		return;
	s->is_reserved = s->locks && txn_reserve(&s->e, s->locks, &s->txn);
	if (s->locks && !s->is_reserved)
		return;
	early_begin(&s->early);
	s->e.early = &s->early;
}

/**
 * session_read() - Document by argument, standard input or provider
 * @s:		Session
 * @n:		Arguments
 * @args:	The document's path, or nothing in the provider form
 *
 * Return: 0, or a negative errno after saying why
 */
int session_read(struct session *s, int n, char **args)
{
	_cleanup_(buf_release) struct buf text = { .max = 1UL << 30 };
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	const char *name = n ? args[0] : "provider";
	int r;

	if (n > 1 || (n == 1) == (s->config->provider != NULL)) {
		log_error(
			"needs a document, '-' for standard input, or --provider and --shoot");
		return -EINVAL;
	}
	if (n)
		look_early(s, name);
	if (n == 0)
		r = provider_text(s, &text);
	else
		r = strcmp(name, "-") == 0 ? buf_read_fd(&text, 0) :
					     buf_read_file(&text, name);
	if (r < 0) {
		if (n)
			log_error("%s: %s", name, strerror(-r));
		return r;
	}
	r = conf_read(s->e.strings, s->e.caps,
		      strcmp(name, "-") == 0 ? "stdin" : name, text.data,
		      text.len, &s->conf, &errors);
	if (errors.len)
		session_print(LOG_LEVEL_ERROR, errors.data);
	if (r == 0 && !s->provider &&
	    hints_read(s->config->hints ? s->config->hints : HINTS_PATH,
		       &s->hints) < 0)
		s->hints = (struct hints){ 0 };
	return r < 0 ? r : read_check(s);
}

/**
 * session_why() - The engine's line
 * @s:		Session
 * @r:		Negative errno
 * @after:	What follows from it, or ""
 */
void session_why(struct session *s, int r, const char *after)
{
	log_error("%s%s", s->e.why.len ? buf_text(&s->e.why) : strerror(-r),
		  after);
}

/**
 * session_peek() - Learn what is ours, and say that a transaction is open
 * @s:		Session; gets .seen
 *
 * Return: 0, or a negative errno after saying why
 */
int session_peek(struct session *s)
{
	int r = txn_peek(&s->e, &s->seen);

	if (r < 0)
		session_why(s, r, "");
	else if (s->seen.is_open)
		log_warning(
			"a transaction is open: 'netsetup recover' takes it back");
	else if (s->seen.awaits_s)
		log_warning(
			"a transaction awaits confirmation for %lld s more: 'netsetup confirm' keeps it, 'netsetup undo' takes it back",
			(long long)s->seen.awaits_s);
	return r;
}

/**
 * session_is_open() - Whether a transaction waits to be taken back or confirmed
 * @s:		Session, after session_peek()
 *
 * Return: true if one does: what there is may go again
 */
bool session_is_open(const struct session *s)
{
	return s->seen.is_open || s->seen.awaits_s;
}

/**
 * session_plan() - Plan for a verb that only reads
 * @s:		Session
 * @n:		Arguments
 * @args:	Arguments
 * @w:		Work
 *
 * Return: 0, or a negative errno after saying why
 */
int session_plan(struct session *s, int n, char **args, struct work *w)
{
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	struct model have;
	int r;

	s->reads = true;
	s->plans = true;
	r = session_read(s, n, args);
	if (r < 0)
		return r;
	if (s->config->from) {
		r = conf_read_state(s->e.strings, s->config->from, &have,
				    &errors);
		if (r < 0) {
			session_print(LOG_LEVEL_ERROR, errors.data);
			return r;
		}
		r = engine_plan_offline(&s->e, &s->conf, &have, w);
	} else {
		r = session_peek(s);
		if (r < 0)
			return r;
		r = engine_plan(&s->e, &s->conf, 0, w);
	}
	if (r < 0)
		session_why(s, r, "");
	return r;
}

/**
 * session_open_failed() - Say why there is no transaction
 * @s:		Session
 * @t:		Transaction
 * @r:		From txn_open()
 *
 * Return: exit code
 */
int session_open_failed(struct session *s, const struct txn *t, int r)
{
	session_why(s, r, "");
	return t->stuck          ? EXIT_STUCK :
	       r == -EINPROGRESS ? EXIT_FAILED :
				   EXIT_USAGE;
}
