/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/up.h"

#include "lib/cleanup.h"
#include "lib/exitcode.h"
#include "lib/log.h"
#include "scenarios/channel.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

/**
 * open_programs() - Open the folder of our programs
 * @program:	argv[0]
 *
 * By the way it was called, if that had a folder in it: an absolute path may lead
 * through folders that are closed to us.
 *
 * Return: descriptor, or what open() or readlink() said
 */
static int open_programs(const char *program)
{
	char path[PATH_MAX];
	char *slash;
	ssize_t n;
	int fd;

	(void)snprintf(path, sizeof(path), "%s", program);
	if (!strchr(path, '/')) {
		n = readlink("/proc/self/exe", path, sizeof(path) - 1);
		if (n < 0)
			return -errno;
		path[n] = '\0';
	}
	slash = strrchr(path, '/');
	slash[slash == path] = '\0';
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

/**
 * find_program() - Whether a program is in the usual folders
 * @name:	Its name
 *
 * Return: whether
 */
static bool find_program(const char *name)
{
	static const char *const folders[] = {
		"/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
		"/usr/bin",        "/usr/lib/cni",   "/opt/cni/bin"
	};
	char path[PATH_MAX];

	for (size_t i = 0; i < ARRAY_SIZE(folders); i++) {
		(void)snprintf(path, sizeof(path), "%s/%s", folders[i], name);
		if (access(path, X_OK) == 0)
			return true;
	}
	return false;
}

/**
 * check_needs() - Whether the machine has what the case needs
 * @what:	Case
 *
 * Return: EXIT_OK, EXIT_USAGE for a missing program, EXIT_SKIPPED for a missing
 *	   permission; said, one line for each
 */
static int check_needs(const struct lab_case *what)
{
	int code = EXIT_OK;

	for (const char *const *p = what->needs; p && *p; p++) {
		if (find_program(*p))
			continue;
		log_error("missing program '%s', case '%s' starts it; 'make "
			  "deps' installs it",
			  *p, what->name);
		code = EXIT_USAGE;
	}
	if (what->needs_root && code == EXIT_OK && holder_rootless()) {
		log_error("missing permission: the nodes of case '%s' have "
			  "cgroups of their own: be root",
			  what->name);
		return EXIT_SKIPPED;
	}
	if (what->needs_tun && code == EXIT_OK) {
		int fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC);

		if (fd < 0) {
			log_error("missing permission: NAT64 (tayga) has to "
				  "open '/dev/net/tun' for reading and writing"
				  ": %m");
			return EXIT_SKIPPED;
		}
		(void)close(fd);
	}
	return code;
}

/**
 * follow() - Show what the holder tells until the lab is up
 * @up:		Lab
 * @ui:		Where to show it
 * @ret_code:	0, or the errno the case ended with
 *
 * Return: 0; -EPIPE where the holder died
 */
static int follow(struct up *up, struct ui *ui, int64_t *ret_code)
{
	for (;;) {
		_cleanup_(json_freep) struct json *m = NULL;
		int r = channel_receive(up->link_fd, loop_now() + UI_PERIOD_NS,
					&m, NULL);

		ui_tick(ui);
		if (ui_interrupted(ui))
			return -EINTR;
		if (r == -ETIMEDOUT || r == -EINTR)
			continue;
		if (r < 0)
			return r;
		if (json_get_string(m, "step"))
			ui_step(ui, json_get_string(m, "step"));
		if (json_get_string(m, "fail"))
			ui_error(ui, json_get_string(m, "fail"));
		if (json_int(json_get(m, "up"), ret_code) == 0)
			return 0;
	}
}

/**
 * up_code() - Exit code for a lab that did not come up
 * @error:	What it ended with
 *
 * Return: exit code
 */
static int up_code(int64_t error)
{
	if (holder_rootless() && (error == -EPERM || error == -EACCES))
		return EXIT_SKIPPED;
	return error == -EINVAL ? EXIT_USAGE : EXIT_ROLLED_BACK;
}

/**
 * show_step() - Show what is made ready outside
 * @arg:	struct ui
 * @text:	What
 */
static void show_step(void *arg, const char *text)
{
	ui_step(arg, text);
}

/**
 * check_options() - Whether the case leaves open what the user has decided
 * @up:		Lab
 *
 * Return: EXIT_OK, or EXIT_USAGE after a line for each option that is wrong
 */
static int check_options(const struct up *up)
{
	const struct lab_case *what = up->what;
	int code = EXIT_OK;

	if (state_check_name(up->name) < 0) {
		log_error("name '%s': letters, digits, '.', '_' and '-', 40 "
			  "at most, the first one a letter or a digit",
			  up->name);
		code = EXIT_USAGE;
	}
	/* A case that takes something along says for itself which clouds it plays. */
	if (up->provider && !what->prepare &&
	    (!what->provider || strcmp(what->provider, up->provider) != 0)) {
		log_error("option '--provider': case '%s' plays %s%s%s, not "
			  "'%s'",
			  what->name, what->provider ? "'" : "no cloud",
			  what->provider ? what->provider : "",
			  what->provider ? "'" : "", up->provider);
		code = EXIT_USAGE;
	}
	if (up->nodes && !what->max_nodes) {
		log_error("option '--nodes': case '%s' does not leave it open",
			  what->name);
		code = EXIT_USAGE;
	} else if (up->nodes && (up->nodes < what->min_nodes ||
				 up->nodes > what->max_nodes)) {
		log_error("option '--nodes': case '%s' takes %u to %u",
			  what->name, what->min_nodes, what->max_nodes);
		code = EXIT_USAGE;
	}
	if (up->variant && !what->variants) {
		log_error("option '--control-plane': case '%s' has none",
			  what->name);
		code = EXIT_USAGE;
	}
	return code;
}

/**
 * prepare() - What the case takes along from the machine outside
 * @up:		Lab, its state folder made
 * @ui:		Where to show what is done
 *
 * Return: exit code
 */
static int prepare(struct up *up, struct ui *ui)
{
	up->outside = (struct outside){
		.name = up->name,
		.dir = up->state.path,
		.nodes = up->nodes,
		.provider = up->provider,
		.variant = up->variant,
		.step = show_step,
		.step_arg = ui,
		.fds = { -1, -1, -1, -1 },
	};
	return up->what->prepare ? up->what->prepare(&up->outside) : EXIT_OK;
}

/**
 * close_outside() - Let go of what is the holder's alone from now on
 * @up:		Lab
 */
static void close_outside(struct up *up)
{
	for (size_t i = 0; i < ARRAY_SIZE(up->outside.fds); i++) {
		cleanup_close(&up->outside.fds[i]);
		up->outside.fds[i] = -1;
	}
	free(up->outside.data);
	up->outside.data = NULL;
}

/**
 * start() - Make the folder and the holder
 * @up:		Lab
 * @ui:		Where to show what is done
 *
 * Return: exit code
 */
static int start(struct up *up, struct ui *ui)
{
	_cleanup_close_ int bin = open_programs(up->program);
	struct holder_request request = {
		.name = up->name,
		.what = up->what,
		.nodes = up->nodes,
		.provider = up->provider,
		.outside = &up->outside,
		.bin_fd = bin,
		.state = &up->state,
	};
	int r;

	if (bin < 0) {
		log_error("folder of '%s': %s", up->program, strerror(-bin));
		return EXIT_USAGE;
	}
	r = state_create(up->name, &up->state);
	if (r < 0) {
		log_error(r == -EEXIST ? "lab '%s' is up already" :
					 "state folder of '%s': %s",
			  up->name, state_error(r));
		return EXIT_USAGE;
	}
	r = prepare(up, ui);
	if (r != EXIT_OK) {
		close_outside(up);
		state_remove(&up->state);
		return r;
	}
	request.provider = up->outside.provider;
	r = holder_start(&request, &up->holder, &up->link_fd);
	close_outside(up);
	if (r == 0)
		return EXIT_OK;
	state_remove(&up->state);
	if (request.rootless) {
		log_error("missing permission: no user namespace of our own: "
			  "%s (user.max_user_namespaces, kernel.unprivileged_"
			  "userns_clone, or be root)",
			  strerror(-r));
		return EXIT_SKIPPED;
	}
	log_error("lab '%s': no namespaces: %s", up->name, strerror(-r));
	return EXIT_ROLLED_BACK;
}

/**
 * up_start() - Bring a lab up
 * @up:		.name to .program are given; end it by up_end() or up_commit()
 * @ui:		Where to show what is done
 *
 * Return: exit code
 */
int up_start(struct up *up, struct ui *ui)
{
	int64_t error = 0;
	int code, r;

	up->state = (struct state)STATE_INIT;
	up->holder = (struct proc)PROC_INIT;
	up->link_fd = -1;
	code = check_options(up);
	if (code == EXIT_OK)
		code = check_needs(up->what);
	if (code == EXIT_OK)
		code = start(up, ui);
	if (code != EXIT_OK)
		return code;
	r = follow(up, ui, &error);
	if (r == 0 && error == 0)
		return EXIT_OK;
	if (r < 0 && r != -EINTR)
		log_error("lab '%s' died while it came up: %s", up->name,
			  strerror(-r));
	up_end(up);
	return r < 0 ? EXIT_ROLLED_BACK : up_code(error);
}

/**
 * up_commit() - Let the lab outlive us
 * @up:		Lab
 *
 * Return: exit code of a failure; where all is well it does not
 */
int up_commit(struct up *up)
{
	int r = holder_commit(up->link_fd);

	log_error("lab '%s' died: %s", up->name, strerror(-r));
	return EXIT_ROLLED_BACK;
}

/**
 * up_end() - End the lab and remove what it had in the state folder
 * @up:		Lab, then none
 */
void up_end(struct up *up)
{
	proc_release(&up->holder);
	cleanup_close(&up->link_fd);
	up->link_fd = -1;
	if (up->state.fd >= 0)
		state_remove(&up->state);
}
