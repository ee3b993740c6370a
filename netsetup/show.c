/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/show.h"

#include "netsetup/conf.h"
#include "netsetup/sysctl.h"

#include <stdio.h>
#include <string.h>

static const struct {
	char sign;
	const char *name, *inverse;
} ops[OP_MAX] = {
	[OP_ADD] = { '+', "add", "remove" },
	[OP_CHANGE] = { '~', "change", "change back" },
	[OP_REMOVE] = { '-', "remove", "add" },
	[OP_SIDE] = { '.', "follows", "change back" },
	[OP_RUN] = { '!', "restart", "restart" },
};

/**
 * is_data() - Whether a field of links is one of a kind that can change
 * @f:		Field without a bit of its own
 *
 * Return: true if it is
 */
static bool is_data(const struct field *f)
{
	return f->offset == offsetof(struct link, mode) ||
	       f->offset == offsetof(struct link, local) ||
	       f->offset == offsetof(struct link, remote);
}

/**
 * describe_change() - What differs, field by field
 * @s:		Step
 * @w:		Work
 * @out:	Gets ": mtu 1500 -> 1460, ..."
 */
static void describe_change(const struct step *s, const struct work *w,
			    struct buf *out)
{
	const struct kind *k = kinds[s->kind];
	const void *want = step_want(s, &w->want),
		   *have = step_have(s, &w->have);
	const char *sep = ":";

	if (!want || !have)
		return;
	for (const struct field *f = k->fields; f->name; f++) {
		if (field_equal(f, want, have) ||
		    (f->set && field_is_initial(f, want)) ||
		    (s->kind == KIND_LINK && !f->set && !is_data(f)))
			continue;
		buf_printf(out, "%s %s ", sep, f->name);
		sep = ",";
		if (strcmp(f->name, "content") == 0) {
			buf_puts(out, "differs");
			continue;
		}
		field_print(f, w->have.strings, have, out);
		buf_puts(out, " -> ");
		field_print(f, w->want.strings, want, out);
	}
	if (k->protocol && object_protocol(k, want) != object_protocol(k, have))
		buf_printf(out, "%s owner %s -> %s", sep, OWNER_NAME(k, have),
			   OWNER_NAME(k, want));
}

/**
 * is_silent() - Whether a step is there for undo alone, and changes nothing
 * @s:		Step
 * @w:		Work
 *
 * Return: true where a sysctl follows one of conf/all to what it holds
 */
static bool is_silent(const struct step *s, const struct work *w)
{
	const struct sysctl *have = step_have(s, &w->have), *all;
	struct sysctl key = { 0 };

	if (s->op != OP_SIDE)
		return false;
	key.path = sysctl_all_of(w->want.strings, have->path);
	all = key.path ? model_find(&w->want, KIND_SYSCTL, &key) : NULL;
	return all && all->value == have->value;
}

/**
 * show_plan_lines() - One line a step
 * @w:		Work
 */
void show_plan_lines(const struct work *w)
{
	for (size_t i = 0; i < w->plan.n; i++) {
		const struct step *s = &w->plan.steps[i];
		const struct kind *k = kinds[s->kind];
		_cleanup_(buf_release) struct buf b = BUF_INIT;
		const void *have = step_have(s, &w->have);

		if (is_silent(s, w))
			continue;
		buf_printf(&b, "%c %s ", ops[s->op].sign, k->name);
		object_describe(k, w->want.strings,
				have ? have : step_want(s, &w->want), &b);
		describe_change(s, w, &b);
		puts(buf_text(&b));
	}
}

/**
 * step_to_json() - One step
 * @s:		Step
 * @w:		Work
 *
 * Return: JSON object, owned by the caller
 */
static struct json *step_to_json(const struct step *s, const struct work *w)
{
	const struct kind *k = kinds[s->kind];
	const void *have = step_have(s, &w->have),
		   *want = step_want(s, &w->want);
	_cleanup_(buf_release) struct buf b = BUF_INIT;
	struct json *j = json_object();

	object_describe(k, w->want.strings, want ? want : have, &b);
	json_set_string(j, "op", ops[s->op].name);
	json_set_string(j, "kind", k->name);
	json_set_string(j, "object", buf_text(&b));
	if (have)
		json_set(j, "before", object_to_json(k, w->have.strings, have));
	else
		json_set_null(j, "before");
	if (want)
		json_set(j, "after", object_to_json(k, w->want.strings, want));
	else
		json_set_null(j, "after");
	json_set_string(j, "inverse", ops[s->op].inverse);
	return j;
}

/**
 * show_plan() - A plan on standard output
 * @e:		Engine
 * @w:		Work
 * @json:	As JSON
 * @seen:	Somebody's transaction
 * @results:	What verify found beside it, or NULL
 */
void show_plan(const struct engine *e, const struct work *w, bool json,
	       const struct txn_seen *seen, const struct results *results)
{
	_cleanup_(buf_release) struct buf b = { .max = 2UL << 30 };
	_cleanup_(json_freep) struct json *j = NULL;
	struct json *steps, *list;

	(void)e;
	if (!json) {
		show_plan_lines(w);
		if (w->plan.n == 0)
			puts("nothing to do");
		else
			printf("%zu to add, %zu to change, %zu to remove\n",
			       w->plan.n_op[OP_ADD], w->plan.n_op[OP_CHANGE],
			       w->plan.n_op[OP_REMOVE]);
		for (size_t i = 0; results && i < results->n; i++)
			printf("%s %s %s\n",
			       verdict_name(results->items[i].verdict),
			       results->items[i].id, results->items[i].detail);
		return;
	}
	j = json_object();
	json_set_int(j, "version", 1);
	json_set_int(j, "changes",
		     (int64_t)(w->plan.n - w->plan.n_op[OP_SIDE]));
	json_set_int(j, "add", (int64_t)w->plan.n_op[OP_ADD]);
	json_set_int(j, "change", (int64_t)w->plan.n_op[OP_CHANGE]);
	json_set_int(j, "remove", (int64_t)w->plan.n_op[OP_REMOVE]);
	json_set_bool(j, "transaction_open", seen->is_open);
	json_set_int(j, "awaits_confirmation_s", seen->awaits_s);
	steps = json_set_array(j, "steps");
	for (size_t i = 0; i < w->plan.n; i++)
		if (!is_silent(&w->plan.steps[i], w))
			json_append(steps, step_to_json(&w->plan.steps[i], w));
	list = results ? json_set_array(j, "results") : NULL;
	for (size_t i = 0; results && i < results->n; i++)
		json_append(list, result_to_json(&results->items[i]));
	if (json_print(j, JSON_PRETTY, &b) == 0)
		puts(buf_text(&b));
}

/**
 * owner_of() - Who owns an observed object
 * @e:		Engine
 * @kind:	Kind
 * @object:	Object
 * @text:	Room for a number
 *
 * Return: name
 */
static const char *owner_of(const struct engine *e, enum kind_id kind,
			    const void *object, char text[OWNER_SIZE])
{
	const struct link *l = object;

	if (kind == KIND_LINK)
		return l->owned ? "netsetup" : "other";
	if (kinds[kind]->protocol)
		return owner_name(kinds[kind], object, text);
	return model_find(&e->owned_keys, kind, object) ? "netsetup" : "other";
}

/**
 * show_json() - A state as `plan --from` reads it
 * @e:		Engine
 * @have:	State
 * @seen:	Somebody's transaction
 */
static void show_json(const struct engine *e, const struct model *have,
		      const struct txn_seen *seen)
{
	printf("{\"version\":1,\"transaction_open\":%s,\"awaits_confirmation_s\":%lld",
	       seen->is_open ? "true" : "false", (long long)seen->awaits_s);
	for (size_t k = 0; k < KIND_MAX; k++) {
		printf(",\n\"%s\":[", kinds[k]->plural);
		for (size_t i = 0; i < have->tables[k].n; i++) {
			const void *o = model_at(have, k, kinds[k]->size, i);
			_cleanup_(json_freep) struct json *j =
				object_to_json(kinds[k], e->strings, o);
			_cleanup_(buf_release) struct buf b = BUF_INIT;
			char text[OWNER_SIZE];

			json_set_string(j, "owner", owner_of(e, k, o, text));
			if (kinds[k]->protocol)
				json_set_int(j, "protocol",
					     object_protocol(kinds[k], o));
			if (k == KIND_LINK)
				json_set_bool(j, "owned",
					      ((const struct link *)o)->owned);
			if (json_print(j, JSON_COMPACT, &b) == 0)
				printf("%s\n%s", i ? "," : "", buf_text(&b));
		}
		printf("]");
	}
	puts("}");
}

/**
 * show_state() - Who owns what
 * @e:		Engine
 * @json:	As JSON
 * @seen:	Somebody's transaction
 *
 * Return: 0 or a negative errno
 */
int show_state(struct engine *e, bool json, const struct txn_seen *seen)
{
	_cleanup_(model_release) struct model have;
	struct scope scope = {
		.keys = &e->owned_keys,
		.foreign = true,
		.all = true,
	};
	int r;

	model_init(&have, e->strings);
	r = observe(e, &scope, &have);
	if (r < 0)
		return r;
	if (json) {
		show_json(e, &have, seen);
		return 0;
	}
	for (size_t k = 0; k < KIND_MAX; k++)
		for (size_t i = 0; i < have.tables[k].n; i++) {
			const void *o = model_at(&have, k, kinds[k]->size, i);
			_cleanup_(buf_release) struct buf b = BUF_INIT;
			char text[OWNER_SIZE];

			object_describe(kinds[k], e->strings, o, &b);
			printf("%-10s %-9s %s\n", owner_of(e, k, o, text),
			       kinds[k]->name, buf_text(&b));
		}
	return 0;
}
