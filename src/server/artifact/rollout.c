#include "server/artifact/rollout.h"

#include <fnmatch.h>
#include <stdlib.h>
#include <string.h>

#include "base/buf.h"
#include "call/hash.h"

static bool is_named(const json_t *patterns, const struct rollout_host *host)
{
	const json_t *item;
	size_t i;

	json_array_foreach(patterns, i, item)
	{
		const char *pattern = json_string_value(item);

		if (pattern && (fnmatch(pattern, host->id, FNM_NOESCAPE) == 0 ||
				fnmatch(pattern, host->name, FNM_NOESCAPE) == 0))
			return true;
	}
	return json_array_size(patterns) == 0;
}

static bool has_labels(const json_t *labels, const struct rollout_host *host)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)labels, key, value)
	{
		const char *has = json_get_text(host->labels, key, NULL);

		if (!has || strcmp(has, json_string_value(value)) != 0)
			return false;
	}
	return true;
}

bool rollout_is_for(const struct rollout *rollout, const struct rollout_host *host)
{
	if (json_array_size(rollout->hosts) == 0 && json_object_size(rollout->labels) == 0)
		return false;
	return is_named(rollout->hosts, host) && has_labels(rollout->labels, host);
}

bool rollout_is_canary(const char *program, const char *host_id, int64_t percent)
{
	CLEANUP(buf) struct buf text = { 0 };
	char hash[HASH_TEXT_BYTES], head[9];

	buf_init(&text, KIB);
	buf_add_format(&text, "%s\n%s", program, host_id);
	text_format(head, sizeof(head), "%.8s", hash_text(text.data, text.len, hash));
	return (int64_t)(strtoul(head, NULL, 16) % 100) < percent;
}

bool rollout_selects(const struct rollout *rollout, const struct rollout_host *host, int64_t now_ns)
{
	return rollout_is_for(rollout, host) &&
	       (now_ns >= rollout->observed_ns ||
		rollout_is_canary(rollout->program, host->id, rollout->percent));
}
