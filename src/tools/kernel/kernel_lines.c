#include "tools/kernel/kernel_lines.h"

#include <string.h>

#include "call/broker.h"

#define MAX_LINES 5000

static bool has_word(const char *text, const char *const *words)
{
	for (; *words; words++)
		if (strstr(text, *words))
			return true;
	return false;
}

json_t *kernel_lines_find(struct task *task, const char *const *words, size_t max, json_t *result)
{
	CLEANUP(json) json_t *question = json_pack("{s:i}", "max_lines", MAX_LINES);
	struct error err = { 0 };
	CLEANUP(json) json_t *log = broker_ask(task, BROKER_KERNEL_LOG, question, &err);
	json_t *found = json_array();
	const json_t *line;
	size_t i;

	if (!log)
		tool_unread(result, "the kernel log", err.code);
	json_array_foreach(json_object_get(log, "lines"), i, line)
	{
		if (!has_word(json_get_text(line, "text", ""), words))
			continue;
		if (json_array_size(found) == max)
			(void)json_array_remove(found, 0); /* it has that index */
		json_push(found, json_incref(json_object_get(line, "text")));
	}
	return found;
}
