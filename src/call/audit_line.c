#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "call/audit_internal.h"

bool open_calls_add(struct open_calls *open, uint64_t id)
{
	if (open->n == AUDIT_MAX_OPEN)
		return false;
	open->ids[open->n++] = id;
	return true;
}

bool open_calls_remove(struct open_calls *open, uint64_t id)
{
	for (size_t i = 0; i < open->n; i++) {
		if (open->ids[i] != id)
			continue;
		open->n--;
		memmove(open->ids + i, open->ids + i + 1, (open->n - i) * sizeof(*open->ids));
		return true;
	}
	return false;
}

const char *audit_kind_name(enum audit_kind kind)
{
	static const char *const names[] = {
		[AUDIT_START] = "start",   [AUDIT_INTENT] = "intent", [AUDIT_OUTCOME] = "outcome",
		[AUDIT_ROTATE] = "rotate", [AUDIT_REPAIR] = "repair",
	};

	return names[kind];
}

/* A cursor that knows where the line ends, since a slice has no NUL. */
struct cursor {
	const char *at, *end;
};

static bool take_text(struct cursor *cursor, const char *text)
{
	size_t len = strlen(text);

	if ((size_t)(cursor->end - cursor->at) < len || memcmp(cursor->at, text, len) != 0)
		return false;
	cursor->at += len;
	return true;
}

static bool take_number(struct cursor *cursor, uint64_t *value_out)
{
	uint64_t value = 0;
	const char *start = cursor->at;

	while (cursor->at < cursor->end && *cursor->at >= '0' && *cursor->at <= '9') {
		unsigned digit = (unsigned)(*cursor->at - '0');

		if (value > (UINT64_MAX - digit) / 10)
			return false;
		value = value * 10 + digit;
		cursor->at++;
	}
	*value_out = value;
	return cursor->at > start;
}

/* Up to the quote: none of the texts read this way has an escape. */
static bool take_quoted(struct cursor *cursor, struct str *text_out)
{
	const char *quote = memchr(cursor->at, '"', (size_t)(cursor->end - cursor->at));

	if (!quote)
		return false;
	*text_out = (struct str) { cursor->at, (size_t)(quote - cursor->at) };
	cursor->at = quote + 1;
	return true;
}

static bool find_kind(struct str name, enum audit_kind *kind_out)
{
	for (enum audit_kind kind = AUDIT_START; kind < AUDIT_N_KINDS; kind++) {
		if (str_is(name, audit_kind_name(kind))) {
			*kind_out = kind;
			return true;
		}
	}
	return false;
}

/*
 * By hand and not by jansson: starting up must not parse 64 MiB of JSON. The
 * writer below always puts these members first, in this order.
 */
bool audit_line_parse(struct str line, struct audit_line *line_out)
{
	struct cursor cursor = { line.data, line.data + line.len };
	struct audit_line head = { 0 };
	struct str kind;

	if (!take_text(&cursor, "{\"seq\":") || !take_number(&cursor, &head.seq) ||
	    !take_text(&cursor, ",\"time\":\"") || !take_quoted(&cursor, &head.time) ||
	    !take_text(&cursor, ",\"kind\":\"") || !take_quoted(&cursor, &kind) ||
	    !take_text(&cursor, ",\"prev\":\"") || !take_quoted(&cursor, &head.prev) ||
	    !find_kind(kind, &head.kind) || head.seq >= INT64_MAX)
		return false;
	if ((head.kind == AUDIT_INTENT || head.kind == AUDIT_OUTCOME) &&
	    (!take_text(&cursor, ",\"id\":") || !take_number(&cursor, &head.id) ||
	     head.id >= INT64_MAX))
		return false;
	*line_out = head;
	return true;
}

void audit_line_open_calls(struct str line, struct open_calls *open)
{
	CLEANUP(json) json_t *json = json_loadb(line.data, line.len, 0, NULL);
	const json_t *id;
	size_t i;

	open->n = 0;
	json_array_foreach(json_object_get(json, "open"), i, id)
	{
		if (!json_is_integer(id) || !open_calls_add(open, (uint64_t)json_integer_value(id)))
			return;
	}
}

bool audit_line_follow(const struct audit_line *line, struct str text, struct open_calls *open)
{
	bool was_quiet;

	switch (line->kind) {
	case AUDIT_INTENT:
		return open_calls_add(open, line->id);
	case AUDIT_OUTCOME:
		return open_calls_remove(open, line->id);
	case AUDIT_START:
		was_quiet = open->n == 0;
		open->n = 0;
		return was_quiet;
	case AUDIT_ROTATE:
		audit_line_open_calls(text, open);
		return true;
	default:
		return true;
	}
}
