/* SPDX-License-Identifier: Apache-2.0 */

/**
 * DOC: cni-settled - a CNI plugin: a pod's addresses need no duplicate detection
 *
 * Put before the plugin that makes the interface, it turns duplicate address detection
 * off in the pod's network namespace, for interfaces still to be made: host-local gives
 * each address to one pod, and the other end of a pod's link is its node. A pod is up one
 * to two seconds earlier, which is what RFC 4862 5.4 has a host wait.
 *
 * It makes nothing, so that DEL and CHECK have nothing to do, and its result is empty. It
 * reads nothing but CNI_COMMAND, CNI_NETNS and the version of its configuration.
 */

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/json.h"
#include "lib/log.h"
#include "lib/opt.h"
#include "lib/sysctl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define VERSIONS   "\"0.3.0\",\"0.3.1\",\"0.4.0\",\"1.0.0\",\"1.1.0\""
#define CONFIG_MAX (1UL << 20)

/* Codes of the CNI specification, section 5, "Error". */
enum cni_error {
	CNI_ENVIRONMENT = 4,
	CNI_IO = 5,
	CNI_DECODE = 6,
};

/**
 * fail() - Say why, as CNI wants it
 * @version:	Of the configuration
 * @code:	Kind of failure
 * @what:	What was done
 * @error:	Negative errno
 *
 * Return: exit status
 */
static int fail(const char *version, enum cni_error code, const char *what,
		int error)
{
	(void)printf("{\"cniVersion\":\"%s\",\"code\":%d,\"msg\":\"%s: %s\"}\n",
		     version, (int)code, what, strerror(-error));
	return EXIT_FAILURE;
}

/**
 * settle() - Turn duplicate address detection off for what a pod will get
 * @netns:	Path of its network namespace
 *
 * Return: 0, or an errno
 */
static int settle(const char *netns)
{
	_cleanup_close_ int fd = open(netns, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		return -errno;
	return sysctl_write("net/ipv6/conf/default/accept_dad", "0");
}

/* For a person; a runtime calls it without a word. */
static const struct opt_program program = {
	.name = "cni-settled",
	.summary = "CNI plugin: pods need no duplicate address detection",
	.args = "",
	.section = 8,
	.examples = "  {\"cniVersion\": \"0.4.0\", \"name\": \"pods\", "
		    "\"plugins\": [\n"
		    "   {\"type\": \"cni-settled\"},\n"
		    "   {\"type\": \"ptp\", ...}]}\n",
};

/**
 * main() - Answer one CNI command
 * @argc:	Number of words
 * @argv:	Words
 *
 * Return: 0; 1 with an error object on standard output; EXIT_USAGE
 */
int main(int argc, char **argv)
{
	const char *command = getenv("CNI_COMMAND");
	const char *netns = getenv("CNI_NETNS");
	_cleanup_(buf_release) struct buf text = { .max = CONFIG_MAX };
	_cleanup_(json_freep) struct json *config = NULL;
	const struct opt_command *verb = NULL;
	int code = EXIT_SUCCESS, n_args = 0, r;
	const char *version;
	char **args = NULL;

	log_init(program.name);
	r = opt_parse(&program, NULL, argc, argv, &code, &verb, &n_args, &args);
	if (r)
		return code;
	if (n_args > 0) {
		log_error("'%s': no such argument", args[0]);
		return EXIT_USAGE;
	}
	if (command && strcmp(command, "VERSION") == 0) {
		(void)printf("{\"cniVersion\":\"1.0.0\","
			     "\"supportedVersions\":[" VERSIONS "]}\n");
		return EXIT_SUCCESS;
	}
	r = buf_read_fd(&text, STDIN_FILENO);
	if (r == 0)
		r = json_parse(buf_text(&text), text.len, &config);
	if (r < 0)
		return fail("0.4.0", CNI_DECODE, "configuration", r);
	version = json_get_string(config, "cniVersion");
	if (!version || strpbrk(version, "\"\\"))
		version = "0.4.0";
	if (!command || strcmp(command, "ADD") != 0)
		return EXIT_SUCCESS;
	if (!netns)
		return fail(version, CNI_ENVIRONMENT, "CNI_NETNS", -EINVAL);
	r = settle(netns);
	if (r < 0)
		return fail(version, CNI_IO, "accept_dad", r);
	(void)printf("{\"cniVersion\":\"%s\",\"interfaces\":[],\"ips\":[],"
		     "\"routes\":[],\"dns\":{}}\n",
		     version);
	return EXIT_SUCCESS;
}
