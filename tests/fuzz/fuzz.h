/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: fuzz - parsers of untrusted bytes under libFuzzer, ASan and UBSan
 *
 * tests/fuzz/NAME.c holds the one function that libFuzzer calls; seeds lie in
 * tests/data/NAME/. make finds the file by its name. A parser may refuse or take any
 * input, but neither crash nor leak, and must leave what it owns fit to be released.
 */

#include "lib/base.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
