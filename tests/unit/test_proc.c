/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/unit.h"

#include "lib/buf.h"
#include "lib/cleanup.h"
#include "lib/loop.h"
#include "lib/proc.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#define LONG_NS (60 * NSEC_PER_SEC)

/**
 * test_run() - What programs say and how they end
 */
static void test_run(void)
{
	static const struct {
		const char *what;
		const char *argv[5];
		const char *input;
		int r, code;
		const char *out, *err;
	} cases[] = {
		{ "output", { "echo", "a b" }, NULL, 0, 0, "a b\n", "" },
		{ "input", { "cat" }, "text", 0, 0, "text", "" },
		{ "no input", { "cat" }, NULL, 0, 0, "", "" },
		{ "input that nobody reads", { "true" }, "text", 0, 0, "", "" },
		{ "no shell",
		  { "echo", "$HOME;ls" },
		  NULL,
		  0,
		  0,
		  "$HOME;ls\n",
		  "" },
		{ "exit code",
		  { "sh", "-c", "echo no >&2; exit 7" },
		  NULL,
		  0,
		  7,
		  "",
		  "no\n" },
		{ "signal",
		  { "sh", "-c", "kill -9 $$" },
		  NULL,
		  0,
		  137,
		  "",
		  "" },
		{ "no such program",
		  { "no-such-program" },
		  NULL,
		  -ENOENT,
		  0,
		  "",
		  "" },
		{ "no program", { "/etc/passwd" }, NULL, -EACCES, 0, "", "" },
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		_cleanup_(buf_release) struct buf out = BUF_INIT;
		_cleanup_(buf_release) struct buf err = BUF_INIT;
		int status = 0;
		int r = proc_run(cases[i].argv, NULL, cases[i].input,
				 loop_now() + LONG_NS, &out, &err, &status);

		CHECK_INT(cases[i].what, cases[i].r, r);
		CHECK_INT(cases[i].what, cases[i].code, proc_exit_code(status));
		CHECK_STR(cases[i].what, cases[i].out, buf_text(&out));
		CHECK_STR(cases[i].what, cases[i].err, buf_text(&err));
	}
}

/**
 * test_much() - More than a pipe holds, both ways at once
 */
static void test_much(void)
{
	static const char *const argv[] = { "cat", NULL };
	_cleanup_(buf_release) struct buf in = BUF_INIT, out = BUF_INIT;
	int status = -1;

	for (int i = 0; i < 100000; i++)
		buf_printf(&in, "%07d\n", i);
	CHECK_INT("cat", 0,
		  proc_run(argv, NULL, buf_text(&in), loop_now() + LONG_NS,
			   &out, NULL, &status));
	CHECK_INT("status", 0, status);
	CHECK_INT("length", in.len, out.len);
	CHECK_TRUE("the same", strcmp(buf_text(&in), buf_text(&out)) == 0);
}

/**
 * test_deadline() - Who does not end in time is ended; grandchildren hold nothing up
 */
static void test_deadline(void)
{
	static const char *const forever[] = { "sleep", "1000", NULL };
	static const char *const heir[] = { "sh", "-c", "sleep 1000 & echo $!",
					    NULL };
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	int status = -1;

	CHECK_INT(
		"too long", -ETIMEDOUT,
		proc_run(forever, NULL, NULL, loop_now(), NULL, NULL, &status));
	CHECK_INT("nothing is left to reap", -1, waitpid(-1, NULL, WNOHANG));
	CHECK_INT("who waits for that", ECHILD, errno);
	CHECK_INT("status is untouched", -1, status);

	CHECK_INT("a child of its holds the pipe", 0,
		  proc_run(heir, NULL, NULL, loop_now() + LONG_NS, &out, NULL,
			   &status));
	CHECK_INT("status", 0, status);
	(void)kill((pid_t)strtol(buf_text(&out), NULL, 10), SIGKILL);
}

/**
 * test_spawn() - A process is known by its pidfd, ends by a signal, and is gone then
 */
static void test_spawn(void)
{
	static const char *const argv[] = { "sleep", "1000", NULL };
	struct proc p = PROC_INIT;
	struct pollfd pfd = { .events = POLLIN };
	int status = 0;

	CHECK_INT("no process: signal", -ESRCH, proc_signal(&p, SIGTERM));
	CHECK_INT("no process: wait", -ECHILD,
		  proc_wait(&p, LOOP_FOREVER, &status));
	proc_release(&p);
	if (!CHECK_INT("spawn", 0, proc_spawn(argv, NULL, &p)))
		return;
	pfd.fd = p.pidfd;
	CHECK_INT("runs", 0, poll(&pfd, 1, 0));
	CHECK_INT("wait", -ETIMEDOUT, proc_wait(&p, loop_now(), &status));
	CHECK_TRUE("is still ours", p.pid > 0);
	CHECK_INT("signal", 0, proc_signal(&p, SIGTERM));
	CHECK_INT("wait", 0, proc_wait(&p, LOOP_FOREVER, &status));
	CHECK_INT("as a shell tells it", 128 + SIGTERM, proc_exit_code(status));
	CHECK_INT("forgotten", 0, p.pid);
	CHECK_INT("closed", -1, p.pidfd);

	CHECK_INT("another", 0, proc_spawn(argv, NULL, &p));
	proc_release(&p);
	CHECK_INT("killed and reaped", -1, waitpid(-1, NULL, WNOHANG));
	CHECK_INT("forgotten", 0, p.pid);
}

/**
 * refuse() - A preparation that fails
 * @arg:	Not used
 *
 * Return: -EXDEV
 */
static int refuse(void *arg)
{
	(void)arg;
	return -EXDEV;
}

/**
 * seven() - What a process of ours does instead of a program
 * @arg:	Descriptor to write to
 *
 * Return: 7
 */
static int seven(void *arg)
{
	return write(*(int *)arg, "x", 1) == 1 ? 7 : 1;
}

/**
 * test_prepare() - What fails before the program is told; a function may be the program
 */
static void test_prepare(void)
{
	static const char *const argv[] = { "true", NULL };
	struct proc_opts opts = PROC_OPTS_INIT;
	struct proc p = PROC_INIT;
	int fds[2], status = 0;
	char x = 0;

	opts.prepare = refuse;
	CHECK_INT("prepare", -EXDEV, proc_spawn(argv, &opts, &p));
	CHECK_INT("no process", 0, p.pid);

	if (!CHECK_INT("pipe", 0, pipe2(fds, O_CLOEXEC)))
		return;
	opts = (struct proc_opts)PROC_OPTS_INIT;
	opts.run = seven;
	opts.arg = &fds[1];
	if (CHECK_INT("run", 0, proc_spawn(NULL, &opts, &p)))
		CHECK_INT("wait", 0, proc_wait(&p, LOOP_FOREVER, &status));
	CHECK_INT("exit code", 7, proc_exit_code(status));
	CHECK_INT("it has run", 1, read(fds[0], &x, 1));
	(void)close(fds[0]);
	(void)close(fds[1]);
}

/**
 * test_descriptors() - Which descriptors and which environment a program gets
 */
static void test_descriptors(void)
{
	static const char *const env[] = { "PATH=/usr/bin:/bin", "A=b", NULL };
	static const char *const print[] = { "env", NULL };
	static const char *const both[] = { "sh", "-c", "echo a; echo b >&2",
					    NULL };
	const char *test[] = { "test", "!", "-e", NULL, NULL };
	_cleanup_(buf_release) struct buf out = BUF_INIT;
	struct proc_opts opts = PROC_OPTS_INIT;
	struct proc p = PROC_INIT;
	char path[64], text[8] = "";
	int fds[2], status = 0;

	if (!CHECK_INT("pipe", 0, pipe2(fds, O_CLOEXEC)))
		return;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fds[0]);
	test[3] = path;
	CHECK_INT("test", 0,
		  proc_run(test, NULL, NULL, loop_now() + LONG_NS, &out, NULL,
			   &status));
	CHECK_INT("ours are not passed on", 0, status);

	opts.out = opts.err = fds[1];
	if (CHECK_INT("one for two", 0, proc_spawn(both, &opts, &p)))
		CHECK_INT("wait", 0, proc_wait(&p, LOOP_FOREVER, &status));
	CHECK_INT("both arrive", 4, read(fds[0], text, sizeof(text) - 1));
	CHECK_STR("in order", "a\nb\n", text);
	(void)close(fds[0]);
	(void)close(fds[1]);

	opts = (struct proc_opts)PROC_OPTS_INIT;
	opts.env = env;
	CHECK_INT("env", 0,
		  proc_run(print, &opts, NULL, loop_now() + LONG_NS, &out, NULL,
			   &status));
	CHECK_STR("its environment alone", "PATH=/usr/bin:/bin\nA=b\n",
		  buf_text(&out));
}

/**
 * test_comm() - The name of a process, the longest there is, and none
 */
static void test_comm(void)
{
	static const char longest[] = "fifteen letters";
	char before[PROC_COMM_SIZE], comm[PROC_COMM_SIZE];

	(void)prctl(PR_GET_NAME, before);
	(void)prctl(PR_SET_NAME, longest);
	CHECK_INT("ours", 0, proc_comm(getpid(), comm));
	CHECK_STR("whole", longest, comm);
	(void)prctl(PR_SET_NAME, before);
	CHECK_INT("nobody", -ENOENT, proc_comm(0, comm));
}

UNIT_SUITE(proc, { "run", test_run }, { "much", test_much },
	   { "deadline", test_deadline }, { "spawn", test_spawn },
	   { "prepare", test_prepare }, { "descriptors", test_descriptors },
	   { "comm", test_comm });
