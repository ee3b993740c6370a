/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/diagnosis/rule.h"

#include <string.h>

/**
 * words_have() - Whether a list of words has one
 * @words:	Separated by single spaces; a word that ends in '*' is a prefix
 * @word:	The one looked for
 *
 * Return: true where it does; false for a list that is NULL
 */
bool words_have(const char *words, const char *word)
{
	size_t n, len = strlen(word);

	while (words && *words) {
		n = strcspn(words, " ");
		if (n && words[n - 1] == '*' &&
		    strncmp(words, word, n - 1) == 0)
			return true;
		if (n == len && strncmp(words, word, n) == 0)
			return true;
		words += n + strspn(words + n, " ");
	}
	return false;
}

/**
 * fact_fits() - Whether a result has a fact of a value
 * @wanted:	"key=value"
 * @r:		Result
 *
 * Return: true where it has
 */
static bool fact_fits(const char *wanted, const struct result *r)
{
	const char *equals = strchr(wanted, '=');
	char key[sizeof(r->facts[0].key)];
	const char *value;
	size_t n;

	n = MIN((size_t)(equals - wanted), sizeof(key) - 1);
	memcpy(key, wanted, n);
	key[n] = '\0';
	value = result_get_fact(r, key);
	return value && strcmp(value, equals + 1) == 0;
}

/**
 * pattern_fits() - Whether a result has a form
 * @p:		The form
 * @r:		The result
 *
 * Return: true where it has
 */
bool pattern_fits(const struct pattern *p, const struct result *r)
{
	if (p->ids && !words_have(p->ids, r->id))
		return false;
	if (p->reasons && !words_have(p->reasons, r->reason))
		return false;
	if (p->variants && !words_have(p->variants, r->variant))
		return false;
	return !p->fact || fact_fits(p->fact, r);
}

/**
 * result_of_pod() - Whether a result was seen from a pod
 * @r:		The result
 *
 * Return: true where it was, false for a node's own view
 */
bool result_of_pod(const struct result *r)
{
	return strncmp(r->vantage, "pod:", strlen("pod:")) == 0;
}

/**
 * result_node() - The node a result was seen from
 * @r:		The result
 * @ret_node:	Start of its name, inside @r, not terminated
 *
 * Return: length of its name in bytes; 0 where it is about none, VANTAGE_API
 */
size_t result_node(const struct result *r, const char **ret_node)
{
	const char *colon = strchr(r->vantage, ':');

	*ret_node = colon ? colon + 1 : r->vantage;
	if (strcmp(r->vantage, VANTAGE_API) == 0)
		return 0;
	return strcspn(*ret_node, "/");
}

/**
 * scope_joins() - Whether a finding about one result reaches another
 * @scope:	How far it reaches
 * @a:		The result it is about
 * @b:		The other
 *
 * Return: true where it does
 */
bool scope_joins(enum scope scope, const struct result *a,
		 const struct result *b)
{
	const char *na, *nb;
	size_t la, lb;

	switch (scope) {
	case SCOPE_VANTAGE:
		return strcmp(a->vantage, b->vantage) == 0;
	case SCOPE_NODE:
		la = result_node(a, &na);
		lb = result_node(b, &nb);
		return la == lb && strncmp(na, nb, la) == 0;
	case SCOPE_ALL:
		break;
	}
	return true;
}
