/* Lines of cron tables, of dpkg's status and of its log: malformed ones say so or are nothing. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "tools/package/package.h"
#include "tools/schedule/cron.h"

static void check_job(const char *line, enum cron_kind kind)
{
	json_t *job = cron_parse_line(line, kind, 1);

	assert(!job || json_get_text(job, "problem", NULL) || json_get_text(job, "command", NULL));
	json_decref(job);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct package_count count = { 0, json_array(), json_array() };
	struct dpkg_reader reader = { .count = &count };
	char *text = calloc(size + 1, 1);
	const char *at = text;
	struct str line;

	if (!text)
		abort();
	if (size)
		memcpy(text, data, size);
	while (scan_line(&at, &line)) {
		char one[2048];

		str_copy(line, one, sizeof(one));
		dpkg_read_line(&reader, one);
		json_decref(dpkg_parse_log(one));
		check_job(one, CRON_SYSTEM);
		check_job(one, CRON_USER);
		check_job(one, CRON_ANACRON);
	}
	dpkg_read_end(&reader);
	assert(json_array_size(count.broken) <= PACKAGE_MAX_BROKEN);
	json_decref(count.broken);
	json_decref(count.held);
	free(text);
	return 0;
}
