/* SPDX-License-Identifier: Apache-2.0 */

/**
 * DOC: pause - holds the namespaces of a pod: reaps orphans, leaves on SIGTERM
 */

#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

/**
 * main() - Wait for signals, for ever
 *
 * Return: 0 when told to leave, 1 where signals cannot be waited for
 */
int main(void)
{
	sigset_t wanted;
	int signal = 0;

	if (sigemptyset(&wanted) || sigaddset(&wanted, SIGCHLD) ||
	    sigaddset(&wanted, SIGTERM) || sigaddset(&wanted, SIGINT) ||
	    sigprocmask(SIG_BLOCK, &wanted, NULL))
		return EXIT_FAILURE;

	while (signal != SIGTERM && signal != SIGINT) {
		if (sigwait(&wanted, &signal))
			return EXIT_FAILURE;
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
	}
	return EXIT_SUCCESS;
}
