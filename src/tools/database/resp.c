#include "tools/database/resp.h"

#include <string.h>

struct cursor {
	const char *at, *end;
};

static enum resp_answer parse_value(struct cursor *cursor, unsigned depth, json_t **value_out);

/* Up to CR LF, which is taken along. */
static enum resp_answer take_line(struct cursor *cursor, struct str *line_out)
{
	const char *cr = memchr(cursor->at, '\r', (size_t)(cursor->end - cursor->at));

	if (!cr || cr + 1 == cursor->end)
		return RESP_MORE;
	if (cr[1] != '\n')
		return RESP_BAD;
	*line_out = (struct str) { cursor->at, (size_t)(cr - cursor->at) };
	cursor->at = cr + 2;
	return RESP_DONE;
}

static bool to_number(struct str line, int64_t *value_out)
{
	char text[32];
	const char *at = text;

	if (!line.len || line.len >= sizeof(text))
		return false;
	str_copy(line, text, sizeof(text));
	return scan_i64(&at, value_out) && *at == '\0';
}

/* -1 is RESP 2's null. */
static enum resp_answer parse_bulk(struct cursor *cursor, int64_t len, json_t **value_out)
{
	if (len == -1) {
		*value_out = json_null();
		return RESP_DONE;
	}
	if (len < 0 || (uint64_t)len > RESP_MAX_BYTES)
		return RESP_BAD;
	if (cursor->end - cursor->at < len + 2)
		return RESP_MORE;
	if (memcmp(cursor->at + len, "\r\n", 2) != 0)
		return RESP_BAD;
	*value_out = json_text(cursor->at, (size_t)len);
	cursor->at += len + 2;
	return RESP_DONE;
}

static enum resp_answer parse_items(struct cursor *cursor, int64_t n, unsigned depth,
				    json_t **value_out)
{
	json_t *list;

	if (n == -1) {
		*value_out = json_null();
		return RESP_DONE;
	}
	if (n < 0 || n > RESP_MAX_ITEMS)
		return RESP_BAD;
	list = json_array();
	for (int64_t i = 0; i < n; i++) {
		json_t *item = NULL;
		enum resp_answer answer = parse_value(cursor, depth + 1, &item);

		if (answer != RESP_DONE) {
			json_decref(list);
			return answer;
		}
		json_push(list, item);
	}
	*value_out = list;
	return RESP_DONE;
}

static enum resp_answer parse_number(char type, struct str line, struct cursor *cursor,
				     unsigned depth, json_t **value_out)
{
	int64_t number;

	if (!to_number(line, &number))
		return RESP_BAD;
	switch (type) {
	case ':':
		*value_out = json_integer(number);
		return RESP_DONE;
	case '$':
	case '=':
	case '!':
		return parse_bulk(cursor, number, value_out);
	case '%':
		return number > RESP_MAX_ITEMS / 2
			       ? RESP_BAD
			       : parse_items(cursor, 2 * number, depth, value_out);
	default:
		return parse_items(cursor, number, depth, value_out);
	}
}

static enum resp_answer parse_value(struct cursor *cursor, unsigned depth, json_t **value_out)
{
	enum resp_answer answer;
	struct str line;
	char type;

	if (depth == RESP_MAX_DEPTH)
		return RESP_BAD;
	if (cursor->at == cursor->end)
		return RESP_MORE;
	type = *cursor->at++;
	if (!strchr("+-:$*_#,=!%~>(", type) || !type)
		return RESP_BAD;
	answer = take_line(cursor, &line);
	if (answer != RESP_DONE)
		return answer;
	switch (type) {
	case '+':
	case ',':
	case '(':
		*value_out = json_str(line);
		return RESP_DONE;
	case '-':
		*value_out = json_pack("{s:o}", "error", json_str(line));
		return RESP_DONE;
	case '_':
		*value_out = json_null();
		return RESP_DONE;
	case '#':
		*value_out = json_boolean(str_is(line, "t"));
		return RESP_DONE;
	default:
		return parse_number(type, line, cursor, depth, value_out);
	}
}

enum resp_answer resp_parse(const char *bytes, size_t len, json_t **value_out, size_t *used_out)
{
	struct cursor cursor = { bytes, bytes + len };
	json_t *value = NULL;
	enum resp_answer answer = parse_value(&cursor, 0, &value);

	if (answer != RESP_DONE)
		return answer;
	*value_out = value;
	*used_out = (size_t)(cursor.at - bytes);
	return RESP_DONE;
}
