/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: session - one command under way: its options, engine and document
 *
 * A verb begins one by session_begin() and has it ended by the cleanup attribute. What
 * fails is said on standard error by the function that fails, in one line.
 */

#include "netsetup/conf.h"
#include "netsetup/early.h"
#include "netsetup/provider.h"
#include "netsetup/reach.h"
#include "netsetup/txn.h"
#include "netsetup/verb_emit.h"
#include "lib/log.h"
#include "lib/opt.h"

#define STATE_DIR "/var/lib/netsetup"

struct config {
	const char *state, *root, *from, *hints, *metadata;
	const char *provider, *shoot, *node_name, *nat64, *profiles, *dad;
	const char *check, *save, *metrics;
	struct emit_options emit;
	struct opt_list snippets; /* FORMAT=FILE */
	int64_t deadline, confirm, audit;
	unsigned int burst;
	char **argv; /* all of the command, for `watch` */
	bool json, clat, toggle;
	unsigned int verbose;
};

extern const struct opt netsetup_options[];
extern const size_t netsetup_n_options;

/* One command under way. */
struct session {
	const struct config *config;
	struct engine e;
	struct conf conf;
	struct hints hints;
	struct reach reach; /* .text NULL: no check is asked for */
	struct provider *provider;
	bool reads; /* a verb that sends nothing but questions */
	const char *locks; /* verb that is the only one at a time, or NULL */
	bool plans; /* a verb that compares the document with the node */
	struct early early;
	bool is_reserved; /* .txn is, for .locks */
	struct txn txn;
	struct txn_seen seen; /* somebody's transaction */
};

must_check int session_begin(struct session *s, const struct config *c);
void session_end(struct session *s);
must_check int session_read(struct session *s, int n, char **args);
void session_print(enum log_level level, char *text);
must_check int session_reach(struct session *s);
must_check int session_peek(struct session *s);
bool session_is_open(const struct session *s);
must_check int session_plan(struct session *s, int n, char **args,
			    struct work *w);
int session_open_failed(struct session *s, const struct txn *t, int r);
void session_why(struct session *s, int r, const char *after);

int verb_verify(void *config, int n, char **args); /* verb_verify.c */

/* verb_apply.c */
int verb_apply(void *config, int n, char **args);
int verb_adopt(void *config, int n, char **args);
int verb_confirm(void *config, int n, char **args);
int verb_undo(void *config, int n, char **args);
int verb_recover(void *config, int n, char **args);
