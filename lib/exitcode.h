/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: exitcode - the exit codes that all programs share (../shared/design.md)
 */

enum exitcode {
	EXIT_OK = 0, /* as wanted, or nothing to do */
	EXIT_FAILED = 1, /* a check failed, changes or a transaction pending */
	EXIT_USAGE = 2, /* usage, or bad input; nothing was changed */
	EXIT_ROLLED_BACK = 3, /* could not apply; all is as it was */
	EXIT_STUCK = 4, /* could not even roll back; says what is left */
	EXIT_SKIPPED = 77, /* cannot run here; says what is missing */
};
