/* SPDX-License-Identifier: Apache-2.0 */
/*
 * file, unit: configuration files replaced whole, and what restarts when inputs change
 *
 * A file is written beside its place, synced, and renamed over it, so that a reader or
 * a power cut sees the old one or the new one. What it held before is kept in the journal.
 *
 * A folder that has to be made for a file is an object of its own, by its mode, so that
 * it goes with the last file that needed it, unless others have put something into it.
 */
#include "netsetup/engine.h"

#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#define FILE_MAX   (16U << 20) /* bytes */
#define UNIT_WORDS 64

#define AT(field) .offset = offsetof(struct file, field)

static const struct field fields[] = {
	{ .name = "path",
	  .type = FIELD_TEXT,
	  AT(path),
	  .required = true,
	  .help = "absolute path" },
	{ .name = "content",
	  .type = FIELD_TEXT,
	  AT(content),
	  .required = true,
	  .help = "all of it" },
	{ .name = "mode",
	  .type = FIELD_MODE,
	  AT(mode),
	  .initial = 0644,
	  .help = "permissions" },
	{ 0 },
};

#undef AT
#define AT(field) .offset = offsetof(struct unit, field)

static const struct field unit_fields[] = {
	{ .name = "name",
	  .type = FIELD_TEXT,
	  AT(name),
	  .required = true,
	  .help = "name for messages" },
	{ .name = "restart",
	  .type = FIELD_WORDS,
	  AT(restart),
	  .required = true,
	  .help = "program and arguments, run without a shell" },
	{ .name = "inputs",
	  .type = FIELD_WORDS,
	  AT(inputs),
	  .required = true,
	  .help = "paths and kinds of objects that it depends on" },
	{ 0 },
};

/**
 * cmp() - Order by path
 * @s:		Pool
 * @a:		File
 * @b:		File
 *
 * Return: below, equal to or above 0
 */
static int cmp(const struct strings *s, const void *a, const void *b)
{
	const struct file *x = a, *y = b;

	return strcmp(strings_get(s, x->path), strings_get(s, y->path));
}

/**
 * unit_cmp() - Order by name
 * @s:		Pool
 * @a:		Unit
 * @b:		Unit
 *
 * Return: below, equal to or above 0
 */
static int unit_cmp(const struct strings *s, const void *a, const void *b)
{
	const struct unit *x = a, *y = b;

	return strcmp(strings_get(s, x->name), strings_get(s, y->name));
}

/**
 * check() - Absolute paths alone
 * @s:		Pool
 * @object:	File
 * @why:	Says what is wrong
 *
 * Return: 0; -EINVAL
 */
static int check(const struct strings *s, void *object, struct buf *why)
{
	const struct file *f = object;
	const char *path = strings_get(s, f->path);

	if (path[0] == '/' && path[1] && !strstr(path, "/../") &&
	    path[strlen(path) - 1] != '/' && strlen(path) < PATH_MAX / 2)
		return 0;
	buf_puts(why, "the path is absolute and names a file");
	return -EINVAL;
}

/**
 * describe() - A file on one line
 * @s:		Pool
 * @object:	File
 * @out:	Gets the text
 */
static void describe(const struct strings *s, const void *object,
		     struct buf *out)
{
	const struct file *f = object;

	if (S_ISDIR(f->mode)) {
		buf_printf(out, "%s/", strings_get(s, f->path));
		return;
	}
	buf_printf(out, "%s mode %04o, %zu bytes", strings_get(s, f->path),
		   f->mode, strings_len(s, f->content));
}

/**
 * unit_describe() - A unit on one line
 * @s:		Pool
 * @object:	Unit
 * @out:	Gets the text
 */
static void unit_describe(const struct strings *s, const void *object,
			  struct buf *out)
{
	const struct unit *u = object;

	buf_printf(out, "%s: ", strings_get(s, u->name));
	field_print(&unit_fields[1], s, u, out);
}

/**
 * stage() - When a file is written or removed
 * @op:		What is done
 * @s:		Unused
 * @want:	Unused
 * @have:	Unused
 *
 * Return: stage
 */
static enum stage stage(enum op op, const struct strings *s, const void *want,
			const void *have)
{
	(void)s;
	(void)want;
	(void)have;
	return op == OP_REMOVE ? STAGE_REMOVE_FILE : STAGE_FILE;
}

/**
 * unit_stage() - When a unit is restarted
 * @op:		Unused
 * @s:		Unused
 * @want:	Unused
 * @have:	Unused
 *
 * Return: stage
 */
static enum stage unit_stage(enum op op, const struct strings *s,
			     const void *want, const void *have)
{
	(void)op;
	(void)s;
	(void)want;
	(void)have;
	return STAGE_UNIT;
}

/**
 * full_path() - Path of a file below --root
 * @e:		Engine
 * @f:		File
 * @path:	PATH_MAX bytes
 */
static void full_path(const struct engine *e, const struct file *f, char *path)
{
	snprintf(path, PATH_MAX, "%s%s", e->options.root ? e->options.root : "",
		 strings_get(e->strings, f->path));
}

/**
 * observe_files() - Read the files that are asked for
 * @e:		Engine
 * @scope:	Whose paths are read
 * @out:	Model
 *
 * Return: 0; -ENOMEM, -EFBIG
 */
static int observe_files(struct engine *e, const struct scope *scope,
			 struct model *out)
{
	const struct table *t = &scope->keys->tables[KIND_FILE];
	char path[PATH_MAX];

	for (size_t i = 0; i < t->n; i++) {
		const struct file *key =
			MODEL_AT(scope->keys, KIND_FILE, file, i);
		_cleanup_(buf_release) struct buf content = { .max = FILE_MAX };
		struct file *f;
		struct stat st;
		int r;

		full_path(e, key, path);
		if (stat(path, &st) < 0)
			continue;
		if (S_ISDIR(key->mode)) {
			r = S_ISDIR(st.st_mode) ?
				    model_put(out, KIND_FILE, key) :
				    0;
			if (r < 0)
				return r;
			continue;
		}
		r = S_ISREG(st.st_mode) ? buf_read_file(&content, path) :
					  -EISDIR;
		if (r < 0)
			return engine_fail(e, r,
					   "file '%s': cannot be read: %s",
					   path, strerror(-r));
		f = model_add(out, KIND_FILE);
		if (!f)
			return -ENOMEM;
		f->path = key->path;
		f->mode = st.st_mode & 07777;
		f->content = strings_add(e->strings, content.data, content.len);
	}
	return e->strings->error;
}

/**
 * add_folder() - Want a folder if it is missing, or was made by us
 * @e:		Engine
 * @path:	Its path in documents
 * @want:	Desired model
 *
 * Return: 0; -ENOMEM
 */
static int add_folder(struct engine *e, const char *path, struct model *want)
{
	const struct table *t = &want->tables[KIND_FILE];
	struct file folder = { .mode = S_IFDIR | 0755 };
	char full[PATH_MAX];
	struct stat st;

	folder.path = strings_add_text(e->strings, path);
	for (size_t i = 0; i < t->n; i++)
		if (MODEL_AT(want, KIND_FILE, file, i)->path == folder.path)
			return 0;
	full_path(e, &folder, full);
	if (!model_find(&e->owned_keys, KIND_FILE, &folder) &&
	    (stat(full, &st) == 0 || errno != ENOENT))
		return 0;
	return model_put(want, KIND_FILE, &folder);
}

/**
 * files_want_folders() - Want the folders that wanted files lie in
 * @e:		Engine
 * @want:	Desired model, sorted
 *
 * Return: 0; -ENOMEM
 */
int files_want_folders(struct engine *e, struct model *want)
{
	size_t n = want->tables[KIND_FILE].n;
	int r = 0;

	for (size_t i = 0; i < n && r == 0; i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "%s",
			 strings_get(e->strings,
				     MODEL_AT(want, KIND_FILE, file, i)->path));
		for (char *p = strchr(path + 1, '/'); p && r == 0;
		     p = strchr(p + 1, '/')) {
			*p = '\0';
			r = add_folder(e, path, want);
			*p = '/';
		}
	}
	(void)model_sort(want, KIND_FILE);
	return r;
}

/**
 * make_parents() - Make the folders of a path that are missing
 * @path:	Absolute path of a file; unchanged on return
 *
 * Return: 0 or a negative errno
 */
static int make_parents(char *path)
{
	for (char *p = strchr(path + 1, '/'); p; p = strchr(p + 1, '/')) {
		int r;

		*p = '\0';
		r = mkdir(path, 0755) < 0 && errno != EEXIST ? -errno : 0;
		*p = '/';
		if (r < 0)
			return r;
	}
	return 0;
}

/**
 * sync_parent() - Make a rename or removal last
 * @path:	Absolute path of a file; unchanged on return
 *
 * Return: 0 or a negative errno
 */
static int sync_parent(char *path)
{
	char *slash = strrchr(path, '/');
	_cleanup_close_ int fd = -1;

	*slash = '\0';
	fd = open(*path ? path : "/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*slash = '/';
	return fd < 0 || fsync(fd) < 0 ? -errno : 0;
}

/**
 * part_path() - Where a file is written before it takes its name
 * @path:	The file
 * @part:	PATH_MAX + 16 bytes
 */
static void part_path(const char *path, char *part)
{
	snprintf(part, PATH_MAX + 16, "%s.netsetup~", path);
}

/**
 * files_clean() - Remove what a kill left half written
 * @e:		Engine
 * @keys:	Files that the transaction touched
 *
 * Return: 0 or a negative errno
 */
int files_clean(struct engine *e, const struct model *keys)
{
	const struct table *t = &keys->tables[KIND_FILE];
	char path[PATH_MAX], part[PATH_MAX + 16];

	for (size_t i = 0; i < t->n; i++) {
		full_path(e, MODEL_AT(keys, KIND_FILE, file, i), path);
		part_path(path, part);
		if (unlink(part) < 0 && errno != ENOENT && errno != ENOTDIR)
			return engine_fail(e, -errno,
					   "file '%s': cannot be removed: %s",
					   part, strerror(errno));
	}
	return 0;
}

/**
 * write_file() - Replace a file
 * @e:		Engine
 * @f:		File
 * @path:	Where
 *
 * Return: 0 or a negative errno; files_clean() removes what a failure leaves
 */
static int write_file(struct engine *e, const struct file *f, char *path)
{
	const char *data = strings_get(e->strings, f->content);
	size_t len = strings_len(e->strings, f->content);
	char part[PATH_MAX + 16];
	_cleanup_close_ int fd = -1;
	int r = make_parents(path);

	if (r < 0)
		return r;
	part_path(path, part);
	fd = open(part, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return -errno;
	for (size_t at = 0; at < len;) {
		ssize_t n = write(fd, data + at, len - at);

		if (n < 0)
			return -errno;
		at += (size_t)n;
	}
	engine_point(e);
	if (fchmod(fd, f->mode) < 0 || fsync(fd) < 0 || rename(part, path) < 0)
		return -errno;
	return sync_parent(path);
}

/**
 * make_folder() - Make a folder
 * @path:	Absolute path
 *
 * Return: 0 or a negative errno
 */
static int make_folder(char *path)
{
	int r = make_parents(path);

	if (r == 0 && mkdir(path, 0755) < 0 && errno != EEXIST)
		r = -errno;
	return r < 0 ? r : sync_parent(path);
}

/**
 * drop_folder() - Remove a folder that we made, unless others use it by now
 * @path:	Absolute path
 *
 * Return: 0 or a negative errno
 */
static int drop_folder(char *path)
{
	if (rmdir(path) < 0)
		return errno == ENOTEMPTY || errno == ENOENT ||
				       errno == ENOTDIR || errno == EBUSY ?
			       0 :
			       -errno;
	return sync_parent(path);
}

/**
 * execute() - Write or remove a file
 * @e:		Engine
 * @c:		Change
 *
 * Return: 0 or a negative errno
 */
static int execute(struct engine *e, const struct change *c)
{
	const struct file *f = c->want ? c->want : c->have;
	char path[PATH_MAX];

	full_path(e, f, path);
	e->n_writes++;
	if (S_ISDIR(f->mode))
		return c->want ? make_folder(path) : drop_folder(path);
	if (c->want)
		return write_file(e, c->want, path);
	if (unlink(path) < 0 && errno != ENOENT)
		return -errno;
	return sync_parent(path);
}

/**
 * unit_found() - Whether a unit's program is there
 * @s:		Pool
 * @u:		Unit
 *
 * Return: true where execvp() would find it
 */
bool unit_found(const struct strings *s, const struct unit *u)
{
	return proc_found(strings_get(s, u->restart));
}

/**
 * unit_execute() - Run a unit's restart command and wait for it
 * @e:		Engine
 * @c:		Change
 *
 * Return: 0; -EPROTO where it did not end with status 0, or a negative errno
 */
static int unit_execute(struct engine *e, const struct change *c)
{
	const struct unit *u = c->want;
	const char *argv[UNIT_WORDS + 1] = { NULL };
	const char *at = strings_get(e->strings, u->restart);
	const char *end = at + strings_len(e->strings, u->restart);
	size_t n = 0;
	pid_t pid;
	int status;

	for (; at < end && n < UNIT_WORDS; at += strlen(at) + 1)
		argv[n++] = at;
	pid = vfork();
	if (pid < 0)
		return -errno;
	if (pid == 0) {
		sigset_t none;

		/* `watch` blocks what it reads as a descriptor. */
		sigemptyset(&none);
		(void)sigprocmask(SIG_SETMASK, &none, NULL);
		(void)signal(SIGPIPE, SIG_DFL);
		/* What it prints is no result of ours. */
		(void)dup2(STDERR_FILENO, STDOUT_FILENO);
		execvp(argv[0], (char *const *)(uintptr_t)argv);
		_exit(127);
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	if (status == 0)
		return 0;
	return engine_fail(e, -EPROTO, "unit '%s': '%s' ended by %s %d",
			   strings_get(e->strings, u->name), argv[0],
			   WIFEXITED(status) ? "exit status" : "signal",
			   WIFEXITED(status) ? WEXITSTATUS(status) :
					       WTERMSIG(status));
}

const struct kind kind_file = {
	.name = "file",
	.plural = "files",
	.help = "configuration files, replaced whole",
	.size = sizeof(struct file),
	.fields = fields,
	.cmp = cmp,
	.check = check,
	.describe = describe,
	.stage = stage,
	.observe = observe_files,
	.execute = execute,
};

const struct kind kind_unit = {
	.name = "unit",
	.plural = "units",
	.help = "commands that are run when one of their inputs changed",
	.size = sizeof(struct unit),
	.fields = unit_fields,
	.cmp = unit_cmp,
	.describe = unit_describe,
	.stage = unit_stage,
	.execute = unit_execute,
};
