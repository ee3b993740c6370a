/* SPDX-License-Identifier: Apache-2.0 */
#include "scenarios/lab.h"

extern const struct lab_case case_demo;
extern const struct lab_case case_gcp;
extern const struct lab_case case_pair;
extern const struct lab_case case_shoot;

const struct lab_case *const lab_cases[] = {
	&case_demo,
	&case_gcp,
	&case_pair,
	&case_shoot,
};
const size_t n_lab_cases = ARRAY_SIZE(lab_cases);
