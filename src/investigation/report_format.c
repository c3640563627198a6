/* By itself: who only passes reports on needs nothing of the engine. */
#include <stdlib.h>

#include "investigation/report.h"

char *report_format(const json_t *report)
{
	char *text = json_dumps(report, JSON_COMPACT | JSON_SORT_KEYS | JSON_REAL_PRECISION(6));

	if (!text)
		abort();
	return text;
}
