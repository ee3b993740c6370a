/* SPDX-License-Identifier: Apache-2.0 */
/*
 * sysctl: a file below /proc/sys/net, compared and written as text
 *
 * The kernel keeps no owner with it; what it held before we changed it is kept in the
 * state, and put back when the document no longer names it.
 *
 * Three rules of order. accept_ra is 2 before forwarding goes on, because the kernel
 * drops the RA default route at once otherwise; forwarding goes off before accept_ra
 * goes back; and conf/all comes before single interfaces, because its forwarding,
 * force_forwarding and disable_ipv6 are copied to each of them.
 */
#include "netsetup/engine.h"

#include "netsetup/sysctl.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#define CONF      "net/ipv6/conf/"
#define PATH_SIZE 256
#define VALUE_MAX 256

#define AT(field) .offset = offsetof(struct sysctl, field)

static const struct field fields[] = {
	{ .name = "path",
	  .type = FIELD_TEXT,
	  AT(path),
	  .required = true,
	  .help = "below /proc/sys, e.g. net/ipv6/conf/eth0/accept_ra" },
	{ .name = "value",
	  .type = FIELD_TEXT,
	  AT(value),
	  .required = true,
	  .help = "what it holds" },
	{ 0 },
};

/**
 * conf_name() - Name of a sysctl of an interface
 * @path:	"net/ipv6/conf/eth0/forwarding"
 *
 * Return: "forwarding"; NULL where the path is not of that form
 */
static const char *conf_name(const char *path)
{
	const char *name;

	if (strncmp(path, CONF, sizeof(CONF) - 1) != 0)
		return NULL;
	name = strchr(path + sizeof(CONF) - 1, '/');
	return name && !strchr(name + 1, '/') ? name + 1 : NULL;
}

/**
 * is_forwarding() - Whether a sysctl decides about forwarding
 * @name:	From conf_name(), or NULL
 *
 * Return: true if it does
 */
static bool is_forwarding(const char *name)
{
	return name && (strcmp(name, "forwarding") == 0 ||
			strcmp(name, "force_forwarding") == 0);
}

/**
 * sysctl_writes_through() - Whether the kernel copies a sysctl to all interfaces
 * @s:		Pool
 * @path:	Sysctl
 *
 * Return: true if it does
 */
bool sysctl_writes_through(const struct strings *s, uint32_t path)
{
	const char *text = strings_get(s, path);

	return strcmp(text, CONF "all/forwarding") == 0 ||
	       strcmp(text, CONF "all/force_forwarding") == 0 ||
	       strcmp(text, CONF "all/disable_ipv6") == 0;
}

/**
 * sysctl_follows() - Whether a sysctl is one of those that conf/all is copied to
 * @s:		Pool
 * @all:	Sysctl below conf/all
 * @path:	Another one
 *
 * Return: true if it is
 */
bool sysctl_follows(const struct strings *s, uint32_t all, uint32_t path)
{
	const char *a = conf_name(strings_get(s, all));
	const char *p = conf_name(strings_get(s, path));

	return all != path && a && p && strcmp(a, p) == 0;
}

/**
 * sysctl_device() - Interface that a sysctl is of
 * @path:	Path of the sysctl
 * @dev:	Gets its name
 *
 * Return: true where it is of one
 */
bool sysctl_device(const char *path, char dev[IFNAMSIZ])
{
	static const char *const folders[] = { CONF, "net/ipv6/neigh/" };

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		size_t skip = strlen(folders[i]), len;

		if (strncmp(path, folders[i], skip) != 0)
			continue;
		len = strcspn(path + skip, "/");
		if (len >= IFNAMSIZ)
			return false;
		memcpy(dev, path + skip, len);
		dev[len] = '\0';
		return strcmp(dev, "all") != 0 && strcmp(dev, "default") != 0;
	}
	return false;
}

/**
 * sysctl_all_of() - What the kernel copies to a sysctl when it is written
 * @s:		Pool
 * @path:	Sysctl
 *
 * Return: its counterpart below conf/all; 0 where there is none, or nobody names it
 */
uint32_t sysctl_all_of(const struct strings *s, uint32_t path)
{
	const char *name = conf_name(strings_get(s, path));
	char all[PATH_SIZE];
	uint32_t id;

	if (!name)
		return 0;
	snprintf(all, sizeof(all), CONF "all/%s", name);
	id = strings_find(s, all, strlen(all));
	return id && id != path && sysctl_writes_through(s, id) ? id : 0;
}

/**
 * sysctl_is_led() - Whether a sysctl follows one of conf/all that is wanted
 * @want:	What is to be, sorted
 * @c:		Sysctl
 *
 * Return: true if it does
 */
bool sysctl_is_led(const struct model *want, const struct sysctl *c)
{
	const struct sysctl all = { sysctl_all_of(want->strings, c->path), 0 };

	return all.path && model_find(want, KIND_SYSCTL, &all);
}

/**
 * cmp() - Order by path
 * @s:		Pool
 * @a:		Sysctl
 * @b:		Sysctl
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct sysctl *x = a, *y = b;

	return x->path == y->path ?
		       0 :
		       strcmp(strings_get(s, x->path), strings_get(s, y->path));
}

/**
 * check() - Keep paths below /proc/sys/net
 * @s:		Pool
 * @object:	Sysctl
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	const struct sysctl *c = object;
	const char *path = strings_get(s, c->path);

	if (strncmp(path, "net/", 4) != 0 || strstr(path, "/../") ||
	    strstr(path, "//") || path[strlen(path) - 1] == '/' ||
	    strlen(path) >= PATH_SIZE - 16) {
		buf_puts(
			why,
			"the path begins with net/ and has slashes, because names of interfaces hold dots");
		return -EINVAL;
	}
	if (strings_len(s, c->value) > VALUE_MAX ||
	    strchr(strings_get(s, c->value), '\n')) {
		buf_puts(why, "the value is one short line");
		return -EINVAL;
	}
	return 0;
}

/**
 * describe() - A sysctl on one line
 * @s:		Pool
 * @object:	Sysctl
 * @out:	Gets the text
 */
static void describe(const struct strings *s, const void *object,
		     struct buf *out)
{
	const struct sysctl *c = object;

	buf_printf(out, "%s = %s", strings_get(s, c->path),
		   strings_get(s, c->value));
}

/**
 * stage() - When a sysctl is written
 * @op:		Unused
 * @s:		Pool
 * @want:	After
 * @have:	Before
 *
 * Return: stage, see the rules of order above
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	const struct sysctl *c = want ? want : have;
	const char *path = strings_get(s, c->path), *name = conf_name(path);

	(void)op;
	if (is_forwarding(name) && strcmp(strings_get(s, c->value), "0") == 0)
		return STAGE_SYSCTL_OFF;
	if (name && strcmp(name, "accept_ra") == 0)
		return STAGE_SYSCTL_RA;
	if (strncmp(path, CONF "all/", sizeof(CONF "all/") - 1) == 0)
		return STAGE_SYSCTL_ALL;
	return STAGE_SYSCTL;
}

/**
 * read_value() - Take a sysctl's present value
 * @e:		Engine
 * @path:	Its path
 * @out:	Gets it; one that does not exist or cannot be read is left out
 *
 * Return: 0; -ENOMEM
 */
static int read_value(struct engine *e, const char *path, struct model *out)
{
	char file[PATH_SIZE], value[VALUE_MAX + 2];
	_cleanup_close_ int fd = -1;
	struct sysctl *c;
	ssize_t n;

	snprintf(file, sizeof(file), "/proc/sys/%s", path);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return 0;
	n = read(fd, value, sizeof(value));
	if (n < 0)
		return 0;
	while (n > 0 && (value[n - 1] == '\n' || value[n - 1] == ' '))
		n--;
	c = model_add(out, KIND_SYSCTL);
	if (!c)
		return -ENOMEM;
	c->path = strings_add_text(e->strings, path);
	c->value = strings_add(e->strings, value, (size_t)n);
	return e->strings->error;
}

/**
 * read_followers() - The same sysctl of each interface
 * @e:		Engine
 * @all:	Path below conf/all
 * @out:	Gets those that are not there yet
 *
 * Return: 0; -ENOMEM
 */
static int read_followers(struct engine *e, const char *all, struct model *out)
{
	_cleanup_closedir_ DIR *dir = opendir("/proc/sys/" CONF);
	const struct dirent *entry;
	char path[PATH_SIZE + 300];

	while (dir && (entry = readdir(dir))) {
		struct sysctl key = { 0 };
		bool known = false;
		int r;

		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), CONF "%s/%s", entry->d_name,
			 conf_name(all));
		key.path = strings_add_text(e->strings, path);
		for (size_t i = 0; i < out->tables[KIND_SYSCTL].n; i++)
			known |= MODEL_AT(out, KIND_SYSCTL, sysctl, i)->path ==
				 key.path;
		r = known ? 0 : read_value(e, path, out);
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * observe_sysctls() - Read those that are asked for, and what they write through to
 * @e:		Engine
 * @scope:	Whose paths are read
 * @out:	Model
 *
 * Return: 0; -ENOMEM
 */
static int observe_sysctls(struct engine *e, const struct scope *scope,
			   struct model *out)
{
	const struct table *t = &scope->keys->tables[KIND_SYSCTL];
	char path[PATH_SIZE];
	int r = 0;

	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct sysctl *c =
			MODEL_AT(scope->keys, KIND_SYSCTL, sysctl, i);

		snprintf(path, sizeof(path), "%s",
			 strings_get(e->strings, c->path));
		r = read_value(e, path, out);
	}
	for (size_t i = 0; i < t->n && r == 0; i++) {
		const struct sysctl *c =
			MODEL_AT(scope->keys, KIND_SYSCTL, sysctl, i);

		snprintf(path, sizeof(path), "%s",
			 strings_get(e->strings, c->path));
		if (sysctl_writes_through(e->strings, c->path))
			r = read_followers(e, path, out);
	}
	return r;
}

/**
 * sysctl_lacking() - What is missing where a sysctl is not there
 * @path:	Below /proc/sys
 * @out:	Gets the words
 */
void sysctl_lacking(const char *path, struct buf *out)
{
	char dir[PATH_SIZE + 16];
	size_t len;

	if (strncmp(path, CONF, strlen(CONF)) == 0) {
		len = strcspn(path + strlen(CONF), "/");
		snprintf(dir, sizeof(dir), "/proc/sys/" CONF "%.*s", (int)len,
			 path + strlen(CONF));
		if (access(dir, F_OK) < 0) {
			buf_printf(out, "no device '%.*s'", (int)len,
				   path + strlen(CONF));
			return;
		}
	}
	buf_puts(out, "this kernel has no such sysctl");
}

/**
 * execute() - Write a sysctl
 * @e:		Engine
 * @c:		Change; removal and consequences need nothing done
 *
 * Return: 0 or a negative errno
 */
static int execute(struct engine *e, const struct change *c)
{
	const struct sysctl *w = c->want;
	char file[PATH_SIZE];
	_cleanup_close_ int fd = -1;
	const char *value;
	size_t len;

	if (!w)
		return 0;
	snprintf(file, sizeof(file), "/proc/sys/%s",
		 strings_get(e->strings, w->path));
	value = strings_get(e->strings, w->value);
	len = strings_len(e->strings, w->value);
	e->n_writes++;
	fd = open(file, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	/* An empty value is written as an empty line. */
	if (write(fd, len ? value : "\n", len ? len : 1) < 0)
		return -errno;
	return 0;
}

const struct kind kind_sysctl = {
	.name = "sysctl",
	.plural = "sysctls",
	.help = "files below /proc/sys/net: an object of path and value",
	.size = sizeof(struct sysctl),
	.fields = fields,
	.cmp = cmp,
	.check = check,
	.describe = describe,
	.stage = stage,
	.observe = observe_sysctls,
	.execute = execute,
};
