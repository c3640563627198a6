/* get_load: how many tasks wanted a processor lately. */
#include <errno.h>

#include "base/scan.h"
#include "tools/catalogue.h"

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	double one, five, fifteen;
	char text[128];
	const char *at = text;
	ssize_t len = host_read(task->host, "proc/loadavg", text, sizeof(text));

	if (len < 0)
		return error_set(err, (int)len, "read /proc/loadavg: %s",
				 strerrordesc_np(-(int)len));
	if (!scan_double(&at, &one) || !scan_double(&at, &five) || !scan_double(&at, &fifteen))
		return error_set(err, -EBADMSG, "/proc/loadavg: expected three numbers");

	json_put(result, "one_minute", json_real(one));
	json_put(result, "five_minutes", json_real(five));
	json_put(result, "fifteen_minutes", json_real(fifteen));
	return 0;
}

const struct tool tool_get_load = {
	.info = {
		.name = "get_load",
		.summary = "How many tasks wanted a processor over the last 1, 5 and 15 minutes.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "one_minute: number, five_minutes: number, fifteen_minutes: number",
		.risk = TOOL_READS,
	},
	.run = run,
};
