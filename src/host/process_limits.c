#include "host/process_limits.h"

#include <string.h>

#include "host/process.h"

static bool scan_limit(const char **at, uint64_t *value_out)
{
	struct str word;
	const char *from = *at;

	if (scan_word(&from, &word) && str_is(word, "unlimited")) {
		*value_out = UINT64_MAX;
		*at = from;
		return true;
	}
	return scan_u64(at, value_out);
}

bool process_limits_parse(const char *text, const char *name, struct process_limit *limit_out)
{
	struct process_limit limit;
	struct str line;

	while (scan_line(&text, &line)) {
		const char *at = line.data;

		if (!scan_text(&at, name) || *at != ' ')
			continue;
		if (!scan_limit(&at, &limit.soft) || !scan_limit(&at, &limit.hard))
			return false;
		*limit_out = limit;
		return true;
	}
	return false;
}

bool process_limits_read(const struct host *host, uint32_t pid, const char *name,
			 struct process_limit *limit_out)
{
	char text[2048];

	return process_read_file(host, pid, "limits", text, sizeof(text)) > 0 &&
	       process_limits_parse(text, name, limit_out);
}
