/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: stdio - standard input, output and error as a user expects them
 *
 * stdio_begin() is called once, before anything is opened; opt_parse() does. From then
 * on descriptors 0 to 2 are nobody else's, even where the program was started without
 * them: what it prints cannot end up in a journal or a socket that got the number. And
 * at exit() it says what could not be printed (a full disk, a closed descriptor), with
 * exit code EXIT_FAILED where it would have been EXIT_OK.
 */

void stdio_begin(void);
