/* SPDX-License-Identifier: Apache-2.0 */
#pragma once

/**
 * DOC: vantage - run the checks in every member of a lab that is a vantage
 *
 * From each vantage the programs run one after the other, each told what the ones before
 * have found; the vantages run side by side, a pod's after its node's, because what has
 * failed on the host explains what fails in the pod.
 */

#include "lib/json.h"
#include "lib/result.h"
#include "scenarios/client.h"
#include "scenarios/ui.h"

/* Return: 0; -EINTR where the user wants no more, or an errno. */
must_check int vantages_check(struct client_lab *lab, const struct json *status,
			      const char *only, struct ui *ui,
			      struct results *ret);
