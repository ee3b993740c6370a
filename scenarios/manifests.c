/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "scenarios/kube/images.h"
#include "scenarios/live/manifest.h"
#include "scenarios/scenario.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/**
 * write_file() - Put a text into a file below a folder that may have to be made
 * @folder:	Folder
 * @path:	Below it, at most one folder further down
 * @text:	Text
 *
 * Return: 0, or an errno after saying why
 */
static int write_file(const char *folder, const char *path,
		      const struct buf *text)
{
	char whole[PATH_MAX], *slash;
	_cleanup_fclose_ FILE *f = NULL;
	int r;

	(void)snprintf(whole, sizeof(whole), "%s/%s", folder, path);
	slash = strrchr(whole, '/');
	*slash = '\0';
	(void)mkdir(folder, 0755);
	(void)mkdir(whole, 0755);
	*slash = '/';
	f = fopen(whole, "we");
	if (f && fwrite(buf_text(text), 1, text->len, f) == text->len &&
	    fflush(f) == 0)
		return 0;
	r = -errno;
	log_error("'%s': %s", whole, strerror(errno));
	return r;
}

/**
 * scenario_manifests() - scenario manifests
 * @config:	struct scenario
 * @n_args:	Number of words
 * @args:	Words
 *
 * To a folder goes all of ci/kubernetes; to standard output what has no kustomization,
 * in the order in which it can be applied.
 *
 * Return: exit code
 */
int scenario_manifests(void *config, int n_args, char **args)
{
	const struct scenario *s = config;
	const char *image = s->image ? s->image : IMAGE_SHOOT6;
	const char *space = s->space ? s->space : "shoot6";
	char quoted[512];
	bool first = true;

	if (n_args > 0) {
		log_error("'%s': no such argument", args[0]);
		return EXIT_USAGE;
	}
	if (scenario_check_names(s) != EXIT_OK)
		return EXIT_USAGE;
	/* A registry by its IPv6 address would begin a list in YAML. */
	if (image[0] == '[') {
		(void)snprintf(quoted, sizeof(quoted), "'%s'", image);
		image = quoted;
	}
	for (size_t i = 0; i < n_manifest_files; i++) {
		const struct manifest_file *file = &manifest_files[i];
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		manifest_file_write(file, image, space, &text);
		if (buf_error(&text) < 0)
			return EXIT_ROLLED_BACK;
		if (s->out) {
			if (write_file(s->out, file->path, &text) < 0)
				return EXIT_ROLLED_BACK;
			continue;
		}
		if (strncmp(file->path, "base/", 5) != 0 ||
		    strstr(file->path, "kustomization"))
			continue;
		printf("%s%s", first ? "" : "---\n", buf_text(&text));
		first = false;
	}
	return fflush(stdout) == 0 ? EXIT_OK : EXIT_ROLLED_BACK;
}
