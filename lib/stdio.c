/* SPDX-License-Identifier: Apache-2.0 */
#include "lib/stdio.h"

#include "lib/exitcode.h"
#include "lib/log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/**
 * fill() - Take the numbers of the descriptors that the program was started without
 *
 * Opened the wrong way round, so that reading and writing them fail as they would have
 * failed; open() takes the lowest number that is free.
 */
static void fill(void)
{
	for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
		if (fcntl(fd, F_GETFD) < 0 && errno == EBADF &&
		    open("/dev/null", fd ? O_RDONLY : O_WRONLY) != fd)
			return;
}

/**
 * end() - Say what could not be printed
 * @status:	Exit code
 * @arg:	Not used
 */
static void end(int status, void *arg)
{
	int error = fflush(stdout) == 0 ? 0 : errno;

	(void)arg;
	if (!error && !ferror(stdout))
		return;
	log_error("standard output: %s",
		  error ? strerror(error) : "not all could be written");
	if (status == EXIT_OK)
		_exit(EXIT_FAILED);
}

/**
 * stdio_begin() - Guard the standard streams
 */
void stdio_begin(void)
{
	static bool begun;

	if (begun)
		return;
	begun = true;
	fill();
	(void)on_exit(end, NULL);
}
