/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/diagnosis.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define INDENT 15 /* columns before the texts of a finding */

/* Text members of a finding, by their name in JSON. */
#define TEXT(name)                                             \
	{                                                      \
#name, offsetof(struct finding, name),         \
			sizeof(((struct finding *)NULL)->name) \
	}

static const struct {
	const char *key;
	size_t offset, size;
} texts[] = {
	TEXT(sentence), TEXT(means), TEXT(remedy), TEXT(node), TEXT(hop),
};

/**
 * finding_to_json() - Put a finding into an object
 * @f:		Finding
 * @key:	Member that gets the token
 * @object:	Object
 */
static void finding_to_json(const struct finding *f, const char *key,
			    struct json *object)
{
	const struct cause_info *info = cause_info(f->cause);
	struct json *list;
	const char *word;
	size_t i;

	if (f->cause == CAUSE_NONE)
		json_set_null(object, key);
	else
		json_set_string(object, key, info->token);
	for (i = 0; i < ARRAY_SIZE(texts); i++)
		json_set_string(object, texts[i].key,
				(const char *)f + texts[i].offset);
	json_set_string(object, "clause",
			f->cause == CAUSE_NONE ? "" : info->clause);
	list = json_set_array(object, "evidence");
	for (i = 0; i < f->n_evidence; i++)
		json_append_string(list, f->evidence[i]);
	list = json_set_array(object, "blocked");
	for (word = f->blocked; *word; word += strspn(word, " ")) {
		char id[32];
		size_t n = strcspn(word, " ");

		(void)snprintf(id, sizeof(id), "%.*s", (int)n, word);
		json_append_string(list, id);
		word += n;
	}
}

/**
 * diagnosis_to_json() - A diagnosis as reports hold it
 * @d:		Diagnosis
 *
 * Return: {primary, sentence, means, remedy, evidence[], blocked[], secondary[]}
 */
struct json *diagnosis_to_json(const struct diagnosis *d)
{
	struct json *j = json_object(), *list;
	size_t i;

	finding_to_json(&d->primary, "primary", j);
	list = json_set_array(j, "secondary");
	for (i = 0; i < d->n_secondary; i++)
		finding_to_json(&d->secondary[i], "cause",
				json_append_object(list));
	return j;
}

/**
 * finding_from_json() - Read a finding back
 * @j:		Object
 * @key:	Member with the token
 * @ret:	Where it goes
 *
 * Return: 0, or -ENOENT for a token that no cause has
 */
static int finding_from_json(const struct json *j, const char *key,
			     struct finding *ret)
{
	const struct json *item;
	const char *text;
	size_t i, used = 0;
	int r, n;

	r = cause_parse(json_get_string(j, key), &ret->cause);
	if (r < 0)
		return r;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		text = json_get_string(j, texts[i].key);
		(void)snprintf((char *)ret + texts[i].offset, texts[i].size,
			       "%s", text ? text : "");
	}
	for (item = json_first(json_get(j, "evidence"));
	     item && ret->n_evidence < DIAGNOSIS_EVIDENCE;
	     item = json_next(item)) {
		text = json_string(item);
		(void)snprintf(ret->evidence[ret->n_evidence++], DIAGNOSIS_TEXT,
			       "%s", text ? text : "");
	}
	for (item = json_first(json_get(j, "blocked")); item;
	     item = json_next(item)) {
		text = json_string(item);
		n = snprintf(ret->blocked + used, sizeof(ret->blocked) - used,
			     "%s%s", used ? " " : "", text ? text : "");
		if (n < 0 || used + (size_t)n >= sizeof(ret->blocked))
			break;
		used += (size_t)n;
	}
	return 0;
}

/**
 * diagnosis_from_json() - Read a diagnosis back from a report
 * @j:		As diagnosis_to_json() makes it
 * @ret:	Where it goes; it does not know which results it explains
 *
 * Return: 0, or -ENOENT for a token that no cause has
 */
int diagnosis_from_json(const struct json *j, struct diagnosis *ret)
{
	struct diagnosis d = DIAGNOSIS_INIT;
	const struct json *item;
	int r;

	r = finding_from_json(j, "primary", &d.primary);
	for (item = json_first(json_get(j, "secondary"));
	     r == 0 && item && d.n_secondary < DIAGNOSIS_SECONDARY;
	     item = json_next(item))
		r = finding_from_json(item, "cause",
				      &d.secondary[d.n_secondary++]);
	if (r < 0)
		return r;
	*ret = d;
	return 0;
}

/**
 * print_words() - A text, folded between words
 * @text:	The text
 * @indent:	Columns before it, in further lines as well
 * @at:		Column at which it begins
 * @width:	Columns of a line; 0: not folded
 * @b:		Buffer
 */
static void print_words(const char *text, unsigned int indent, unsigned int at,
			unsigned int width, struct buf *b)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " ");

		if (!first && width > 2 * indent && at + 1 + n > width) {
			buf_printf(b, "\n%*s", (int)indent, "");
			at = indent;
		} else if (!first) {
			buf_putc(b, ' ');
			at++;
		}
		buf_add(b, text, n);
		at += (unsigned int)n;
		text += n + (text[n] == ' ');
		first = false;
	}
	buf_putc(b, '\n');
}

/* How a finding is printed. */
struct layout {
	bool colour;
	unsigned int width; /* columns, 0: lines are not folded */
	struct buf *b;
};

/**
 * print_line() - One line of a finding: a label, then text
 * @l:		Layout
 * @label:	e.g. "seen"; "" on a further line
 * @text:	The text; nothing is printed where it is empty
 */
static void print_line(const struct layout *l, const char *label,
		       const char *text)
{
	if (!*text)
		return;
	buf_printf(l->b, "     %s%-9s%s ", l->colour ? "\033[2m" : "", label,
		   l->colour ? "\033[0m" : "");
	print_words(text, INDENT, INDENT, l->width, l->b);
}

/**
 * print_finding() - A finding for people
 * @l:		Layout
 * @f:		Finding
 * @word:	"FAIL" or "ALSO"
 */
static void print_finding(const struct layout *l, const struct finding *f,
			  const char *word)
{
	const char *token = cause_info(f->cause)->token;
	size_t i;

	buf_printf(l->b, "%s%s %s%s  ", l->colour ? "\033[1;31m" : "", word,
		   token, l->colour ? "\033[0m" : "");
	print_words(f->sentence, 5,
		    (unsigned int)(strlen(word) + strlen(token) + 3), l->width,
		    l->b);
	for (i = 0; i < f->n_evidence; i++)
		print_line(l, i ? "" : "seen", f->evidence[i]);
	print_line(l, "means", f->means);
	print_line(l, "do", f->remedy);
	print_line(l, "blocked", f->blocked);
}

/**
 * diagnosis_print() - A diagnosis for people
 * @d:		Diagnosis
 * @colour:	Whether escape sequences may be used
 * @width:	Columns at which lines are folded; 0: they are not
 * @b:		Buffer; gets nothing where all is well
 */
void diagnosis_print(const struct diagnosis *d, bool colour, unsigned int width,
		     struct buf *b)
{
	const struct layout l = { colour, width, b };
	size_t i;

	if (d->primary.cause == CAUSE_NONE)
		return;
	print_finding(&l, &d->primary, "FAIL");
	for (i = 0; i < d->n_secondary; i++)
		print_finding(&l, &d->secondary[i], "ALSO");
}
