/* SPDX-License-Identifier: Apache-2.0 */
#include "netsetup/emit/emit.h"

#include "lib/opt.h"
#include "netsetup/emit/list.h"

#include <errno.h>
#include <string.h>

/* In the order that help lists them. */
const struct emit_format *const emit_formats[] = {
	&emit_cni,     &emit_resolv_conf, &emit_hosts,      &emit_masquerade,
	&emit_unbound, &emit_clat,        &emit_corefile,   &emit_sysctl,
	&emit_kubelet, &emit_kube_proxy,  &emit_containerd, &emit_kubeadm,
	NULL,
};

/**
 * emit_find() - Find a format
 * @name:	Its name
 *
 * Return: format, NULL where there is none
 */
const struct emit_format *emit_find(const char *name)
{
	size_t i;

	for (i = 0; emit_formats[i]; i++)
		if (strcmp(emit_formats[i]->name, name) == 0)
			return emit_formats[i];
	return NULL;
}

/**
 * emit_missing() - Say which fact a format needs
 * @args:	Arguments; a line is appended to .errors
 * @format:	Its name
 * @fact:	Name of the fact in hints.json
 *
 * Return: -ENODATA
 */
int emit_missing(const struct emit_args *args, const char *format,
		 const char *fact)
{
	buf_printf(args->errors, "emit %s: the hints have no '%s'\n", format,
		   fact);
	return -ENODATA;
}

/**
 * emit_more() - An argument "name=value"
 * @args:	Arguments
 * @name:	Its name
 * @none:	What to return where it is not given
 *
 * Return: value
 */
const char *emit_more(const struct emit_args *args, const char *name,
		      const char *none)
{
	size_t len = strlen(name);
	int i;

	for (i = 0; i < args->n_more; i++)
		if (strncmp(args->more[i], name, len) == 0 &&
		    args->more[i][len] == '=')
			return args->more[i] + len + 1;
	return none;
}

/**
 * unknown() - Say that a word is none of those known
 * @args:	Arguments; a line is appended to .errors
 * @what:	What it should be
 * @word:	Word
 * @known:	Words
 * @n:		Their number
 *
 * Return: -EINVAL
 */
static int unknown(const struct emit_args *args, const char *what,
		   const char *word, const char *const *known, size_t n)
{
	char hint[OPT_HINT];
	size_t i;

	buf_printf(args->errors, "emit: unknown %s '%s'%s (known:", what, word,
		   opt_hint(word, known, n, hint));
	for (i = 0; i < n; i++)
		buf_printf(args->errors, " %s", known[i]);
	buf_puts(args->errors, ")\n");
	return -EINVAL;
}

/**
 * emit_print() - Print a format by name
 * @name:	Its name
 * @h:		Hints
 * @args:	Arguments
 * @out:	Text is appended
 *
 * Return: 0; -EINVAL, -ENODATA after a line in .errors, -ENOMEM
 */
int emit_print(const char *name, const struct hints *h,
	       const struct emit_args *args, struct buf *out)
{
	const struct emit_format *f = emit_find(name);
	const char *names[ARRAY_SIZE(emit_formats)];
	size_t i;

	if (!f) {
		for (i = 0; emit_formats[i]; i++)
			names[i] = emit_formats[i]->name;
		return unknown(args, "format", name, names, i);
	}
	if (args->type) {
		for (i = 0; f->types && f->types[i]; i++)
			if (strcmp(f->types[i], args->type) == 0)
				break;
		if (!f->types || !f->types[i])
			return unknown(args, "type", args->type, f->types, i);
	}
	return f->emit(h, args, out);
}
