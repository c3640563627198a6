#include "tools/kernel/arrays.h"

#include <string.h>

#define MDSTAT_MAX_BYTES (256 * KIB)

/* "md0 : active raid1 sdb1[1](F) sda1[0]" */
static json_t *parse_head(struct str line)
{
	char text[1024];
	const char *at = text;
	struct str name, word, level = { "", 0 }, state;
	json_t *failed = json_array();

	str_copy(line, text, sizeof(text));
	if (!scan_word(&at, &name) || !scan_word(&at, &word) || !str_is(word, ":") ||
	    !scan_word(&at, &state)) {
		json_decref(failed);
		return NULL;
	}
	while (scan_word(&at, &word)) {
		if (str_starts(word, "raid") || str_is(word, "linear"))
			level = word;
		if (word.len > 3 && memcmp(word.data + word.len - 3, "(F)", 3) == 0) {
			size_t len = 0;

			while (len < word.len && word.data[len] != '[')
				len++;
			json_push(failed, json_text(word.data, len));
		}
	}
	return json_pack("{s:o, s:o, s:o, s:o, s:b}", "name", json_str(name), "state",
			 json_str(state), "level", json_str(level), "failed", failed, "degraded",
			 0);
}

/* "      1953382400 blocks super 1.2 [2/1] [U_]" */
static void parse_disks(struct str line, json_t *array)
{
	char text[512];
	const char *at;
	uint64_t n_disks, n_active;

	str_copy(line, text, sizeof(text));
	for (at = strchr(text, '['); at; at = strchr(at + 1, '[')) {
		const char *cursor = at + 1;

		if (!scan_u64(&cursor, &n_disks) || !scan_text(&cursor, "/") ||
		    !scan_u64(&cursor, &n_active) || !scan_text(&cursor, "]"))
			continue;
		json_put(array, "n_disks", json_integer((json_int_t)n_disks));
		json_put(array, "n_active", json_integer((json_int_t)n_active));
		json_put(array, "degraded", json_boolean(n_active < n_disks));
	}
	for (size_t i = 0; i < 3; i++) {
		static const char *const actions[] = { "recovery", "resync", "reshape" };
		const char *found = strstr(text, actions[i]);

		if (found && strchr(found, '='))
			json_put(array, "action", json_text(found, strcspn(found, "\n")));
	}
}

json_t *arrays_parse(const char *mdstat)
{
	json_t *arrays = json_array(), *array = NULL;
	struct str line;

	while (scan_line(&mdstat, &line)) {
		if (str_starts(line, "md")) {
			array = parse_head(line);
			if (array)
				json_push(arrays, array);
		} else if (array && line.len && line.data[0] == ' ') {
			parse_disks(line, array);
		} else {
			array = NULL;
		}
	}
	return arrays;
}

json_t *arrays_read(const struct host *host)
{
	CLEANUP(buf) struct buf text = { 0 };
	json_t *arrays, *array;
	size_t i;

	buf_init(&text, MDSTAT_MAX_BYTES);
	if (host_read_buf(host, "proc/mdstat", &text) < 0)
		return json_array();
	arrays = arrays_parse(buf_text(&text));
	json_array_foreach(arrays, i, array)
	{
		char path[256];
		uint64_t value;

		text_format(path, sizeof(path), "sys/block/%s/md/mismatch_cnt",
			    json_get_text(array, "name", ""));
		if (host_read_u64(host, path, &value))
			json_put(array, "mismatches", json_integer((json_int_t)value));
	}
	return arrays;
}
