/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: evidence - the words of a finding; private to lib/diagnosis
 *
 * Reads the results that are a finding's own evidence and writes its lines and
 * the names its texts need. Owns nothing, cannot fail: what is not known is left
 * out.
 */

#include "lib/diagnosis/diagnosis.h"
#include "lib/diagnosis/rule.h"

void evidence_fill(const struct results *all, const unsigned char *explained,
		   unsigned char mark, const struct pattern *seen,
		   struct finding *f);
