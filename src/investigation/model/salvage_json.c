#include "investigation/model/salvage.h"

#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"

/* A quote that opens, and the ones that may close it. */
struct quote {
	const char *open;
	const char *close[3];
};

static const struct quote quotes[] = {
	{ "\"\"\"", { "\"\"\"" } },
	{ "'''", { "'''" } },
	{ "\"", { "\"" } },
	{ "'", { "'" } },
	{ "`", { "`" } },
	{ "\xe2\x80\x9c", { "\xe2\x80\x9d", "\xe2\x80\x9c", "\"" } },
	{ "\xe2\x80\x98", { "\xe2\x80\x99", "\xe2\x80\x98", "'" } },
	{ "\xe2\x80\x9d", { "\xe2\x80\x9d", "\"" } },
};

static json_t *read_value(struct str *text, unsigned depth);

static void advance(struct str *text, size_t n)
{
	*text = (struct str) { text->data + n, text->len - n };
}

static bool take(struct str *text, const char *what)
{
	if (!str_starts(*text, what))
		return false;
	advance(text, strlen(what));
	return true;
}

static void skip_line(struct str *text)
{
	while (text->len && *text->data != '\n')
		advance(text, 1);
}

static void skip_blanks(struct str *text)
{
	while (text->len) {
		if (memchr(" \t\r\n", *text->data, 4))
			advance(text, 1);
		else if (str_starts(*text, "//") || *text->data == '#')
			skip_line(text);
		else if (take(text, "/*"))
			while (text->len && !take(text, "*/"))
				advance(text, 1);
		else if (!take(text, "\xc2\xa0"))
			return;
	}
}

/* Whether a string can end here: a quote in the middle of it is followed by more of it. */
static bool ends_string(struct str after)
{
	bool is_new_line = false;

	while (after.len && memchr(" \t\r\n", *after.data, 4)) {
		is_new_line |= *after.data == '\n';
		advance(&after, 1);
	}
	return !after.len || memchr(",:}])<|`;=", *after.data, 10) ||
	       (is_new_line && memchr("\"'", *after.data, 2)) || str_starts(after, "//");
}

static void add_code_point(unsigned long code, struct buf *out)
{
	char bytes[4];

	buf_add(out, bytes, utf8_write(code, bytes));
}

static void take_unicode(struct str *text, struct buf *out)
{
	char digits[5] = "";
	char *end;
	unsigned long code;

	if (text->len >= 4)
		memcpy(digits, text->data, 4);
	code = strtoul(digits, &end, 16);
	if (*end || !digits[0] || !code || (code >= 0xd800 && code < 0xe000)) {
		buf_add_text(out, "\\u");
		return;
	}
	add_code_point(code, out);
	advance(text, 4);
}

/* After a backslash; one that escapes nothing stands for itself. */
static void take_escape(struct str *text, struct buf *out)
{
	static const char names[] = "nrtbf\"'\\/`";
	static const char values[] = "\n\r\t\b\f\"'\\/`";
	const char *at = text->len && *text->data ? strchr(names, *text->data) : NULL;

	if (take(text, "u")) {
		take_unicode(text, out);
	} else if (at) {
		buf_add(out, &values[at - names], 1);
		advance(text, 1);
	} else {
		buf_add(out, "\\", 1);
	}
}

static size_t closes(const struct quote *quote, struct str text)
{
	for (size_t i = 0; i < ARRAY_LEN(quote->close) && quote->close[i]; i++) {
		size_t n = strlen(quote->close[i]);

		if (str_starts(text, quote->close[i]) &&
		    ends_string((struct str) { text.data + n, text.len - n }))
			return n;
	}
	return 0;
}

static json_t *read_string(struct str *text, const struct quote *quote)
{
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, SALVAGE_MAX_BYTES);
	while (text->len) {
		size_t n = closes(quote, *text);

		if (n) {
			advance(text, n);
			break;
		}
		if (take(text, "\\")) {
			take_escape(text, &out);
		} else {
			buf_add(&out, text->data, 1);
			advance(text, 1);
		}
	}
	return json_text(buf_text(&out), out.len);
}

static const struct quote *find_quote(struct str *text)
{
	for (size_t i = 0; i < ARRAY_LEN(quotes); i++)
		if (take(text, quotes[i].open))
			return &quotes[i];
	return NULL;
}

static json_t *word_value(const char *word)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *list = NULL;
	char in_list[160];

	if (strcasecmp(word, "true") == 0)
		return json_true();
	if (strcasecmp(word, "false") == 0)
		return json_false();
	if (strcasecmp(word, "none") == 0 || strcasecmp(word, "null") == 0 ||
	    strcmp(word, "undefined") == 0)
		return json_null();
	text_format(in_list, sizeof(in_list), "[%s]", *word == '+' ? word + 1 : word);
	list = json_parse(in_list, strlen(in_list), sizeof(in_list), &err);
	return json_is_number(json_array_get(list, 0)) ? json_incref(json_array_get(list, 0))
						       : json_string(word);
}

/* A word without quotes: a number, a constant, or a string. */
static json_t *read_word(struct str *text)
{
	size_t n = 0;
	char word[128];

	while (n < text->len && n < sizeof(word) - 1 &&
	       !memchr(" \t\r\n,:{}[]()<>=\"'`", text->data[n], 18) &&
	       (unsigned char)text->data[n] > ' ' && (unsigned char)text->data[n] < 0x7f)
		n++;
	if (!n)
		return NULL;
	str_copy((struct str) { text->data, n }, word, sizeof(word));
	advance(text, n);
	return word_value(word);
}

static json_t *read_key(struct str *text)
{
	const struct quote *quote = find_quote(text);
	json_t *key = quote ? read_string(text, quote) : read_word(text);

	if (json_is_string(key))
		return key;
	json_decref(key);
	return NULL;
}

static json_t *read_object(struct str *text, unsigned depth)
{
	json_t *object = json_object();

	for (;;) {
		CLEANUP(json) json_t *key = NULL;
		json_t *value;

		skip_blanks(text);
		while (take(text, ","))
			skip_blanks(text);
		if (!text->len || take(text, "}"))
			return object;
		key = read_key(text);
		skip_blanks(text);
		if (!key || (!take(text, ":") && !take(text, "=")))
			break;
		value = read_value(text, depth);
		if (!value)
			break;
		json_put(object, json_string_value(key), value);
	}
	json_decref(object);
	return NULL;
}

static json_t *read_array(struct str *text, unsigned depth, const char *end)
{
	json_t *array = json_array();

	for (;;) {
		json_t *value;

		skip_blanks(text);
		while (take(text, ","))
			skip_blanks(text);
		if (!text->len || take(text, end))
			return array;
		value = read_value(text, depth);
		if (!value)
			break;
		json_push(array, value);
	}
	json_decref(array);
	return NULL;
}

static json_t *read_value(struct str *text, unsigned depth)
{
	const struct quote *quote;

	skip_blanks(text);
	if (!text->len || depth >= SALVAGE_MAX_DEPTH)
		return NULL;
	if (take(text, "{"))
		return read_object(text, depth + 1);
	if (take(text, "["))
		return read_array(text, depth + 1, "]");
	if (take(text, "("))
		return read_array(text, depth + 1, ")");
	quote = find_quote(text);
	return quote ? read_string(text, quote) : read_word(text);
}

json_t *salvage_json(struct str *text)
{
	return read_value(text, 0);
}
