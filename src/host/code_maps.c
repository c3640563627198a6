#include "host/code_maps.h"

#include <inttypes.h>
#include <string.h>

#include "base/buf.h"
#include "base/scan.h"

#define MAPS_MAX_BYTES (2 * MIB)

/* "55d0-55e0 r-xp 00002000 fe:00 1234     /usr/bin/x" */
static bool parse_line(struct str line, json_t **map_out)
{
	CLEANUP(text) char *text = strndup(line.data, line.len);
	const char *at = text;
	uint64_t start, end, offset, inode;
	struct str rights, device;

	if (!text || !scan_hex(&at, &start) || !scan_text(&at, "-") || !scan_hex(&at, &end) ||
	    !scan_word(&at, &rights) || rights.len < 3 || rights.data[2] != 'x' ||
	    !scan_text(&at, " ") || !scan_hex(&at, &offset) || !scan_word(&at, &device) ||
	    !scan_u64(&at, &inode) || end > INT64_MAX || offset > INT64_MAX || inode > INT64_MAX)
		return false;
	at += strspn(at, " ");
	*map_out = json_pack("{s:I, s:I, s:I, s:o, s:I}", "start", (json_int_t)start, "end",
			     (json_int_t)end, "offset", (json_int_t)offset, "path",
			     json_text(at, strlen(at)), "inode", (json_int_t)inode);
	return true;
}

json_t *code_maps_json(const struct host *host, uint32_t pid, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	json_t *answer, *list;
	const char *at;
	struct str line;
	char path[64];
	int r;

	buf_init(&text, MAPS_MAX_BYTES);
	text_format(path, sizeof(path), "proc/%" PRIu32 "/maps", pid);
	r = host_read_buf(host, path, &text);
	if (r < 0) {
		error_set(err, r, "read what process %" PRIu32 " maps: %s", pid,
			  strerrordesc_np(-r));
		return NULL;
	}
	answer = json_object();
	list = json_array();
	at = buf_text(&text);
	while (scan_line(&at, &line) && json_array_size(list) < CODE_MAPS_MAX) {
		json_t *map;

		if (parse_line(line, &map))
			json_push(list, map);
	}
	if (json_array_size(list) == CODE_MAPS_MAX || text.dropped)
		json_put(answer, "truncated", json_true());
	json_put(answer, "maps", list);
	return answer;
}
