/* SPDX-License-Identifier: Apache-2.0 */
/* The shoot: Gardener's Shoot, kubeadm's configuration, or the short form. */
#include "tests/fuzz/fuzz.h"

#include "lib/cleanup.h"
#include "netsetup/shoot.h"

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(buf_release) struct buf errors = BUF_INIT;
	_cleanup_(buf_release) struct buf warnings = BUF_INIT;
	struct shoot shoot = { 0 };

	(void)!shoot_parse("fuzz", (const char *)data, size, size & 1, &shoot,
			   &errors, &warnings);
	return 0;
}
