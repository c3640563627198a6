#include "host/tracepoint.h"

#include <errno.h>
#include <string.h>

#include "base/buf.h"
#include "base/scan.h"

#define FORMAT_MAX_BYTES (64 * KIB)

static int read_format(const struct host *host, const char *target, struct buf *text,
		       struct error *err)
{
	static const char *const folders[] = { "sys/kernel/tracing", "sys/kernel/debug/tracing" };
	const char *colon = strchr(target, ':');
	int r = -ENOENT;

	if (!colon || strpbrk(target, "/.") || strlen(target) > 128)
		return error_set(err, -EINVAL, "a tracepoint is written CATEGORY:NAME");
	for (size_t i = 0; i < ARRAY_LEN(folders) && r < 0; i++) {
		char path[256];

		text_format(path, sizeof(path), "%s/events/%.*s/%s/format", folders[i],
			    (int)(colon - target), target, colon + 1);
		r = host_read_buf(host, path, text);
	}
	return r < 0 ? error_set(err, r, "read what %s records: %s", target, strerrordesc_np(-r))
		     : 0;
}

/* The number behind "offset:" and so on. */
static uint64_t number_after(const char *line, const char *word)
{
	const char *at = strstr(line, word);
	uint64_t value = 0;

	if (!at)
		return 0;
	at += strlen(word);
	return scan_u64(&at, &value) ? value : 0;
}

/* "	field:__data_loc char[] filename;	offset:8;	size:4;	signed:0;" */
static void add_field(json_t *fields, struct str line)
{
	CLEANUP(text) char *text = strndup(line.data, line.len);
	char *declared = text ? strstr(text, "field:") : NULL, *end, *name, *bracket;
	bool is_located, is_array;

	if (!declared || json_array_size(fields) == TRACEPOINT_MAX_FIELDS)
		return;
	declared += strlen("field:");
	end = strchr(declared, ';');
	if (!end)
		return;
	*end = '\0';
	is_located = strncmp(declared, "__data_loc ", 11) == 0;
	name = strrchr(declared, ' ');
	if (!name)
		return;
	bracket = strchr(++name, '[');
	is_array = bracket != NULL;
	if (bracket)
		*bracket = '\0';
	json_push(fields,
		  json_pack("{s:o, s:I, s:I, s:b, s:b, s:b}", "name", json_text(name, strlen(name)),
			    "offset", (json_int_t)number_after(end + 1, "offset:"), "size",
			    (json_int_t)number_after(end + 1, "size:"), "signed",
			    number_after(end + 1, "signed:") == 1, "array", is_array, "located",
			    is_located));
}

json_t *tracepoint_json(const struct host *host, const char *target, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	json_t *fields;
	const char *at;
	struct str line;
	uint64_t id;

	buf_init(&text, FORMAT_MAX_BYTES);
	if (read_format(host, target, &text, err) < 0)
		return NULL;
	id = number_after(buf_text(&text), "\nID: ");
	if (!id) {
		error_set(err, -EBADMSG, "what %s records has no number", target);
		return NULL;
	}
	fields = json_array();
	at = buf_text(&text);
	while (scan_line(&at, &line))
		add_field(fields, line);
	return json_pack("{s:I, s:o}", "id", (json_int_t)id, "fields", fields);
}
