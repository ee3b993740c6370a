/* SPDX-License-Identifier: Apache-2.0 */

/**
 * DOC: probe-suite - probe-pod, probe-service and probe-egress, one after the other
 *
 * What a pod of the suite runs: a container has no shell. Each program is told what the
 * ones before have found, and what they print, one JSON object a line, goes to standard
 * output. A last line, {"results": N}, says that N were before it: a container's log may
 * have been cut off. The exit status says whether they ran, not what they found.
 */

#include "lib/addr.h"
#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/drain.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "lib/loop.h"
#include "lib/opt.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#define AWAIT_S 20 /* for all services together */
#define TRY_MS  500 /* for one try */

struct config {
	const char *targets, *hints, *profile, *prior;
	struct opt_list await;
	int64_t linger_ns;
};

#define OPT(field) offsetof(struct config, field)

static const struct opt options[] = {
	{ .name = "targets",
	  .letter = 't',
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPT(targets),
	  .help = "what there is to try (default /etc/shoot6/targets.json)" },
	{ .name = "hints",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPT(hints),
	  .help = "what is known of the node" },
	{ .name = "profile",
	  .letter = 'p',
	  .type = OPT_STRING,
	  .arg = "NAME",
	  .offset = OPT(profile),
	  .help = "true-ipv6-only, ipv6-only-nat64 or dual-stack" },
	{ .name = "prior",
	  .type = OPT_STRING,
	  .arg = "FILE",
	  .offset = OPT(prior),
	  .help = "keep results there (default /tmp/shoot6-results)" },
	{ .name = "await",
	  .type = OPT_LIST,
	  .arg = "ADDRESS",
	  .offset = OPT(await),
	  .help = "begin once TCP port 80 of it answers, or 20 seconds later" },
	{ .name = "linger",
	  .type = OPT_DURATION,
	  .arg = "TIME",
	  .offset = OPT(linger_ns),
	  .help = "stay so long after a pipe that was printed to is empty: "
		  "container runtimes lose what comes last" },
};

static const struct opt_program program = {
	.name = "probe-suite",
	.summary = "run probe-pod, probe-service and probe-egress in a pod",
	.args = "",
	.section = 1,
	.options = options,
	.n_options = ARRAY_SIZE(options),
	.examples = "  probe-suite --profile ipv6-only-nat64\n",
};

static const char *const probes[] = { "probe-pod", "probe-service",
				      "probe-egress" };

/**
 * answers() - Whether TCP port 80 of an address accepts within TRY_MS
 * @a:		Address
 *
 * Return: whether
 */
static bool answers(const struct addr *a)
{
	_cleanup_close_ int fd =
		socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	struct sockaddr_storage to;
	socklen_t len = addr_to_sockaddr(a, 80, 0, &to);
	int error = 0;

	if (fd < 0 || (connect(fd, (struct sockaddr *)&to, len) < 0 &&
		       errno != EINPROGRESS))
		return false;
	len = sizeof(error);
	return poll(&p, 1, TRY_MS) == 1 &&
	       getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) == 0 &&
	       error == 0;
}

/**
 * await() - Wait until the services we shall try are there
 * @list:	Addresses; what is no IPv6 address is left out
 *
 * Nodes learn of a service's endpoints one after the other: what is measured is whether a
 * service works, not how long its rules take.
 */
static void await(const struct opt_list *list)
{
	int64_t deadline = loop_now() + AWAIT_S * NSEC_PER_SEC;

	for (size_t i = 0; i < list->n; i++) {
		struct addr a;

		if (addr_parse6(list->item[i], &a) < 0)
			continue;
		while (!answers(&a) && loop_now() < deadline)
			(void)poll(NULL, 0, 50);
	}
}

/**
 * keep() - Write what was found so far where the next program reads it
 * @path:	File
 * @all:	Results
 *
 * Return: 0, or an errno
 */
static int keep(const char *path, const struct buf *all)
{
	_cleanup_fclose_ FILE *f = fopen(path, "we");

	if (!f || fwrite(buf_text(all), 1, all->len, f) != all->len ||
	    fflush(f) == EOF)
		return -errno;
	return 0;
}

/**
 * run_to_end() - Run a program, read what it prints
 * @argv:	Words, the first a path
 * @out:	Its output is appended
 *
 * By posix_spawn(), not by lib/proc: a container's usual seccomp profile knows no
 * clone3(). The program has a deadline of its own.
 *
 * Return: 0; -EIO where it could not do its work; or an errno
 */
static int run_to_end(const char *const argv[], struct buf *out)
{
	posix_spawn_file_actions_t actions;
	_cleanup_close_ int read_fd = -1, write_fd = -1;
	int fds[2], r, status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return -errno;
	read_fd = fds[0];
	write_fd = fds[1];
	(void)posix_spawn_file_actions_init(&actions);
	(void)posix_spawn_file_actions_adddup2(&actions, write_fd,
					       STDOUT_FILENO);
	r = -posix_spawn(&pid, argv[0], &actions, NULL, (char **)(void *)argv,
			 environ);
	(void)posix_spawn_file_actions_destroy(&actions);
	if (r < 0)
		return r;
	(void)close(TAKE_FD(write_fd));
	r = buf_read_fd(out, read_fd);
	if (waitpid(pid, &status, 0) < 0)
		return -errno;
	if (r == 0 && (!WIFEXITED(status) || WEXITSTATUS(status) > EXIT_FAILED))
		r = -EIO;
	return r;
}

/**
 * run_probe() - Run one program
 * @name:	Its name; it lies beside this one
 * @config:	Options
 * @all:	Its results are appended
 *
 * Return: 0, or an errno after saying why
 */
static int run_probe(const char *name, const struct config *config,
		     struct buf *all)
{
	char path[PATH_MAX], *slash;
	const char *argv[16] = { path, "--json" };
	size_t before = all->len, n = 2;
	int r;
	ssize_t len = readlink("/proc/self/exe", path, sizeof(path) - 32);

	if (len < 0)
		return -errno;
	path[len] = '\0';
	slash = strrchr(path, '/');
	(void)snprintf(slash + 1, 32, "%s", name);
	argv[n++] = "--targets";
	argv[n++] = config->targets;
	argv[n++] = "--hints";
	argv[n++] = config->hints;
	argv[n++] = "--prior";
	argv[n++] = config->prior;
	if (config->profile) {
		argv[n++] = "--profile";
		argv[n++] = config->profile;
	}
	r = keep(config->prior, all);
	if (r == 0)
		r = run_to_end(argv, all);
	if (r < 0)
		log_error("'%s': %s", name, strerror(-r));
	else if (fwrite(all->data + before, 1, all->len - before, stdout) !=
			 all->len - before ||
		 fflush(stdout) == EOF)
		r = -EIO;
	return r;
}

/**
 * print_end() - Say how many results there were
 * @all:	Their lines
 *
 * Return: 0 or -EIO
 */
static int print_end(const struct buf *all)
{
	size_t n = 0;

	for (size_t i = 0; i < all->len; i++)
		n += all->data[i] == '\n';
	return printf("{\"results\":%zu}\n", n) < 0 || fflush(stdout) == EOF ?
		       -EIO :
		       0;
}

/**
 * main() - Run the three programs
 * @argc:	Number of words
 * @argv:	Words
 *
 * Return: an exit code of lib/exitcode.h
 */
int main(int argc, char **argv)
{
	struct config config = { .targets = "/etc/shoot6/targets.json",
				 .hints = "/run/netsetup/hints.json",
				 .prior = "/tmp/shoot6-results" };
	_cleanup_(buf_release) struct buf all = BUF_INIT;
	const struct opt_command *command = NULL;
	int code = EXIT_OK, n_args = 0, r;
	char **args = NULL;

	log_init(program.name);
	r = opt_parse(&program, &config, argc, argv, &code, &command, &n_args,
		      &args);
	if (r)
		return code;
	if (n_args > 0) {
		log_error("'%s': no such argument", args[0]);
		return EXIT_USAGE;
	}
	await(&config.await);
	for (size_t i = 0; r == 0 && i < ARRAY_SIZE(probes); i++)
		r = run_probe(probes[i], &config, &all);
	if (r == 0)
		r = print_end(&all);
	drain_output(STDOUT_FILENO, config.linger_ns);
	return r < 0 ? EXIT_ROLLED_BACK : EXIT_OK;
}
