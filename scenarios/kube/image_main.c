/* SPDX-License-Identifier: Apache-2.0 */

/**
 * DOC: scenario-image - write the suite's container image, without docker
 *
 * The image holds the probe programs that lie beside this one, the libraries they need
 * and the machine's certificate authorities. `ctr images import` and
 * `skopeo inspect oci-archive:FILE` read it; the same programs give the same bytes.
 */

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "scenarios/kube/images.h"

#include <stdio.h>
#include <sys/stat.h>

struct config {
	const char *output;
	const char *reference;
};

static const struct opt options[] = {
	{ .name = "output",
	  .letter = 'o',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = offsetof(struct config, output),
	  .help = "write the OCI archive there (default shoot6.tar)" },
	{ .name = "reference",
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = offsetof(struct config, reference),
	  .help = "the image's full name (default " IMAGE_SHOOT6 ")" },
};

static const struct opt_program program = {
	.name = "scenario-image",
	.summary = "write the container image of the probes",
	.args = "",
	.section = 1,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.examples = "scenario-image -o shoot6.tar\n"
		    "ctr -n k8s.io images import shoot6.tar\n",
};

/**
 * main() - Write the image and say how large it is
 * @argc:	Number of words
 * @argv:	The words
 *
 * Return: an exit code of lib/exitcode.h
 */
int main(int argc, char **argv)
{
	struct config config = { .output = "shoot6.tar",
				 .reference = IMAGE_SHOOT6 };
	_cleanup_(buf_release) struct buf problem = BUF_INIT;
	const struct opt_command *command = NULL;
	int code = EXIT_OK, n_args = 0, r;
	char **args = NULL;
	struct stat st;

	log_init(program.name);
	r = opt_parse(&program, &config, argc, argv, &code, &command, &n_args,
		      &args);
	if (r)
		return code;
	if (n_args > 0) {
		log_error("'%s': no such argument", args[0]);
		return EXIT_USAGE;
	}
	r = image_shoot6(config.output, config.reference, &problem);
	if (r < 0) {
		log_error("%s", buf_text(&problem));
		return EXIT_USAGE;
	}
	if (stat(config.output, &st) == 0)
		(void)printf("%s %s %lld\n", config.output, config.reference,
			     (long long)st.st_size);
	return EXIT_OK;
}
