#include "report/escape.h"

#include <stdio.h>
#include <string.h>

#include "base/utf8.h"

#define URL_MAX_BYTES 1000
#define SEQUENCE_BYTES 24
#define WORD_JOINER "\xe2\x81\xa0"
#define REPLACEMENT "\xef\xbf\xbd"

/* One character of the text, and what it becomes. */
struct step {
	const char *start; /* of the whole text */
	const char *at;
	size_t len;
	char out[SEQUENCE_BYTES];
};

typedef void translation(struct step *step);

static uint32_t code_point(const char *at, size_t len)
{
	const unsigned char *bytes = (const unsigned char *)at;
	uint32_t code = len == 1 ? bytes[0] : bytes[0] & (0xffU >> (len + 1));

	for (size_t i = 1; i < len; i++)
		code = code << 6 | (bytes[i] & 0x3fU);
	return code;
}

/* What has no shape of its own, or reorders what has (Unicode's Cf and its like). */
static bool is_hidden(uint32_t code)
{
	static const uint32_t ranges[][2] = {
		{ 0x7f, 0x9f },     { 0xad, 0xad },     { 0x34f, 0x34f },   { 0x61c, 0x61c },
		{ 0x115f, 0x1160 }, { 0x17b4, 0x17b5 }, { 0x180b, 0x180f }, { 0x200b, 0x200f },
		{ 0x2028, 0x202e }, { 0x2060, 0x206f }, { 0x3164, 0x3164 }, { 0xfe00, 0xfe0f },
		{ 0xfeff, 0xfeff }, { 0xffa0, 0xffa0 }, { 0xfff0, 0xfffb }, { 0xe0000, 0xe0fff },
	};

	for (size_t i = 0; i < ARRAY_LEN(ranges); i++)
		if (code >= ranges[i][0] && code <= ranges[i][1])
			return true;
	return false;
}

static void put(struct step *step, const char *text)
{
	text_format(step->out, sizeof(step->out), "%s", text);
}

/* Fills 'out' with what the character is for every reader; whether it is still itself. */
static bool step_clean(struct step *step)
{
	unsigned char first = (unsigned char)*step->at;
	uint32_t code;

	step->len = utf8_len(step->at, strlen(step->at));
	if (step->len == 0) {
		step->len = 1;
		put(step, REPLACEMENT);
		return false;
	}
	code = code_point(step->at, step->len);
	if (first == '\n' || first == '\r' || first == '\t')
		put(step, " ");
	else if (first < 0x20)
		text_format(step->out, sizeof(step->out), "\\x%02x", first);
	else if (is_hidden(code))
		text_format(step->out, sizeof(step->out), "\\u{%x}", code);
	else {
		text_format(step->out, sizeof(step->out), "%.*s", (int)step->len, step->at);
		return true;
	}
	return false;
}

static void escape(struct buf *out, const char *text, size_t max, translation *translate)
{
	size_t begin = out->len, last_fit = out->len;
	struct step step = { .start = text, .at = text };

	buf_add(out, "", 0);
	while (*step.at) {
		(void)step_clean(&step);
		translate(&step);
		buf_add_text(out, step.out);
		if (out->len - begin > max)
			break;
		if (out->len - begin + strlen(ESCAPE_CUT) <= max)
			last_fit = out->len;
		step.at += step.len;
	}
	if (!*step.at && !out->dropped)
		return;
	out->len = last_fit;
	out->data[out->len] = '\0';
	buf_add_text(out, ESCAPE_CUT);
}

static void translate_line(struct step *step UNUSED)
{
}

static void translate_html(struct step *step)
{
	static const struct {
		char from;
		const char *to;
	} rows[] = { { '&', "&amp;" },
		     { '<', "&lt;" },
		     { '>', "&gt;" },
		     { '"', "&quot;" },
		     { '\'', "&#39;" } };

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		if (*step->at == rows[i].from)
			put(step, rows[i].to);
}

static void translate_slack(struct step *step)
{
	if (strchr("&<>", *step->at))
		translate_html(step);
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

/* Where a list or an underline would begin: after blanks, of ordered lists also a number. */
static bool is_leading(const struct step *step)
{
	const char *at = step->start;

	at += strspn(at, " \t\r\n");
	if (strchr(".)", *step->at))
		at += strspn(at, "0123456789");
	return at >= step->at;
}

/* "https:", "www.": GFM's extended autolinks begin with these, after any word. */
static bool begins_autolink(const struct step *step)
{
	if (step->at == step->start)
		return false;
	if (*step->at == ':')
		return is_word(step->at[-1]) && step->at[1] && !strchr(" \t\r\n", step->at[1]);
	return *step->at == '.' && strncasecmp(step->at - 1, "w.", 2) == 0;
}

static void translate_markdown(struct step *step)
{
	char c = *step->at;
	bool is_marked = strchr("\\`*_{}[]<>&#|~!$", c) ||
			 (strchr("-+=.)", c) && is_leading(step)) ||
			 (strchr(":.", c) && begins_autolink(step));

	if (is_marked)
		text_format(step->out, sizeof(step->out), "\\%c", c);
	else if (c == '@')
		put(step, "@" WORD_JOINER);
}

void escape_line(struct buf *out, const char *text, size_t max)
{
	escape(out, text, max, translate_line);
}

void escape_markdown(struct buf *out, const char *text, size_t max)
{
	escape(out, text, max, translate_markdown);
}

void escape_html(struct buf *out, const char *text, size_t max)
{
	escape(out, text, max, translate_html);
}

void escape_slack(struct buf *out, const char *text, size_t max)
{
	escape(out, text, max, translate_slack);
}

static size_t longest_run(const char *text, char c)
{
	size_t longest = 0, run = 0;

	for (; *text; text++) {
		run = *text == c ? run + 1 : 0;
		longest = run > longest ? run : longest;
	}
	return longest;
}

void escape_markdown_code(struct buf *out, const char *text, size_t max)
{
	CLEANUP(buf) struct buf line = { 0 };
	size_t fence;

	buf_init(&line, max + sizeof(ESCAPE_CUT));
	escape_line(&line, text, max);
	if (!line.len)
		return;
	fence = longest_run(line.data, '`') + 1;
	for (size_t i = 0; i < fence; i++)
		buf_add_text(out, "`");
	buf_add_format(out, fence > 1 ? " %s " : "%s", line.data);
	for (size_t i = 0; i < fence; i++)
		buf_add_text(out, "`");
}

bool escape_is_url(const char *url)
{
	size_t len = strlen(url);
	const char *rest = strncmp(url, "https://", 8) == 0  ? url + 8
			   : strncmp(url, "http://", 7) == 0 ? url + 7
							     : "";

	return *rest && len <= URL_MAX_BYTES &&
	       strspn(rest, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			    "-._:/?=%,;") == strlen(rest);
}
