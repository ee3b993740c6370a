/* SPDX-License-Identifier: Apache-2.0 */
/* A report.json that came from elsewhere, and every form that is made of it. */
#include "tests/fuzz/fuzz.h"

#include "lib/cleanup.h"
#include "scenarios/report/report.h"

/**
 * LLVMFuzzerTestOneInput() - One input
 * @data:	Bytes, not ended by NUL
 * @size:	Their number
 *
 * Return: 0
 */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	_cleanup_(json_freep) struct json *j = NULL;
	struct report report;

	if (json_parse((const char *)data, size, &j) < 0 ||
	    report_from_json(j, &report) < 0)
		return 0;
	for (size_t i = 0; i < n_report_formats; i++) {
		_cleanup_(buf_release) struct buf text = BUF_INIT;

		if (report_render(&report, report_formats[i]->name, NULL,
				  &text) < 0)
			continue;
	}
	report_release(&report);
	return 0;
}
