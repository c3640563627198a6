/* Secrets that are known by their own first characters. */
#include <string.h>

#include "call/redact_internal.h"

#define HEADER_MAX_BYTES (8 * KIB)
#define JWT_MAX_BYTES (16 * KIB)
#define USERINFO_MAX_BYTES 1024
#define TOKEN_MIN_BYTES 20

static unsigned bits_of_run(const struct text *text, size_t at, size_t len)
{
	unsigned bits = 0;

	for (size_t i = 0; i < len; i++)
		bits |= char_bits(text->data[at + i]);
	return bits;
}

bool match_token(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out)
{
	size_t start = at + pattern->n_anchor;
	size_t len;

	if (!(pattern->flags & PATTERN_LOOSE) && is_word_before(text, at))
		return false;
	len = run_length(text, start, pattern->chars, pattern->max + 1);
	if (len < pattern->min || len > pattern->max)
		return false;
	if (pattern->flags & PATTERN_MIXED) {
		unsigned bits = bits_of_run(text, start, len);

		if (!(bits & CHAR_DIGIT) || !(bits & CHAR_UPPER) ||
		    !(bits & (CHAR_LOWER | CHAR_HEX_LOWER)))
			return false;
	}
	if ((pattern->flags & PATTERN_NO_ANT) && len > 4 &&
	    memcmp(text->data + start, "ant-", 4) == 0)
		return false;
	/* A sentence's full stop is not the token's. */
	while (len > pattern->min && strchr(".,:", text->data[start + len - 1]))
		len--;
	*span_out = (struct span) { at, start + len, pattern->kind };
	return true;
}

/* Header, payload, signature; an encrypted one has five parts. */
bool match_jwt(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out)
{
	size_t end = at, n_parts = 0, len;

	if (is_word_before(text, at))
		return false;
	for (;;) {
		len = run_length(text, end, CHARS_URL, JWT_MAX_BYTES);
		end += len;
		if (n_parts < 2 && len < 8)
			return false;
		n_parts++;
		if (n_parts == 5 || end + 1 >= text->len || text->data[end] != '.' ||
		    !(char_bits(text->data[end + 1]) & (CHARS_URL | CHAR_DOT)))
			break;
		end++;
	}
	*span_out = (struct span) { at, end, pattern->kind };
	return n_parts >= 2;
}

/* 8 to 10 digits of the bot, ":AA", 33 characters. */
bool match_telegram(const struct text *text, const struct pattern *pattern, size_t at,
		    struct span *span_out)
{
	size_t start = at, len = run_length(text, at + 3, CHARS_URL, 40);

	while (start > text->done && at - start < 11 &&
	       (char_bits(text->data[start - 1]) & CHAR_DIGIT))
		start--;
	*span_out = (struct span) { start, at + 3 + len, pattern->kind };
	return at - start >= 8 && at - start <= 10 && len >= 32 && len <= 34;
}

/* The id of the bot, ".G" and five more of the time, a signature. */
bool match_discord(const struct text *text, const struct pattern *pattern, size_t at,
		   struct span *span_out)
{
	size_t start = at, end = at + 1 + run_length(text, at + 1, CHARS_URL, 8), len;

	while (start > text->done && at - start < 32 &&
	       (is_word_before(text, start) || text->data[start - 1] == '-'))
		start--;
	if (at - start < 23 || at - start > 30 || !strchr("MNO", text->data[start]) ||
	    end - at != 7 || end >= text->len || text->data[end] != '.')
		return false;
	len = run_length(text, end + 1, CHARS_URL, 64);
	*span_out = (struct span) { start, end + 1 + len, pattern->kind };
	return len >= 27 && len <= 48;
}

/* The password between the colon and the last '@' of the authority. */
/* "https://TOKEN@host": long, letters and digits, and no name that people have. */
static bool is_token(const struct text *text, size_t start, size_t end)
{
	unsigned bits = 0;

	for (size_t i = start; i < end; i++)
		bits |= char_bits(text->data[i]);
	return end - start >= TOKEN_MIN_BYTES && (bits & CHAR_DIGIT) && (bits & CHARS_LETTER) &&
	       !(bits & ~(unsigned)CHARS_URL);
}

bool match_url(const struct text *text, const struct pattern *pattern, size_t at,
	       struct span *span_out)
{
	size_t start = at + pattern->n_anchor, colon = 0, sign = 0;

	for (size_t i = start; i < text->len && i - start < USERINFO_MAX_BYTES; i++) {
		char c = text->data[i];

		if ((char_bits(c) & (CHAR_BLANK | CHAR_QUOTE)) || c == '/' || c == '<' ||
		    c == '>' || c == '\\')
			break;
		if (c == ':' && !colon && !sign)
			colon = i;
		if (c == '@')
			sign = i;
	}
	if (!colon && sign > start && is_token(text, start, sign)) {
		*span_out = (struct span) { start, sign, "token" };
		return true;
	}
	if (!colon || sign <= colon + 1)
		return false;
	*span_out = (struct span) { colon + 1, sign, pattern->kind };
	return redact_is_value(NULL, text->data + colon + 1, sign - colon - 1);
}

static struct span next_word(const struct text *text, size_t at)
{
	struct span word = { at, at, NULL };

	while (word.start < text->len && word.start - at < 8 &&
	       (char_bits(text->data[word.start]) & CHAR_BLANK))
		word.start++;
	word.end = word.start;
	while (word.end < text->len && word.end - word.start < USERINFO_MAX_BYTES &&
	       !(char_bits(text->data[word.end]) & CHAR_BLANK))
		word.end++;
	return word;
}

static bool is_word(const struct text *text, struct span word, const char *wanted)
{
	return word.end - word.start == strlen(wanted) &&
	       memcmp(text->data + word.start, wanted, strlen(wanted)) == 0;
}

/* A netrc: "machine HOST login USER password SECRET", over one line or three. */
bool match_netrc(const struct text *text, const struct pattern *pattern, size_t at,
		 struct span *span_out)
{
	struct span host = next_word(text, at + pattern->n_anchor);
	struct span login = next_word(text, host.end);
	struct span word = is_word(text, login, "login")
				   ? next_word(text, next_word(text, login.end).end)
				   : login;

	if (is_word_before(text, at) || !is_word(text, word, "password"))
		return false;
	word = next_word(text, word.end);
	*span_out = (struct span) { word.start, word.end, pattern->kind };
	return word.end > word.start &&
	       redact_is_value(NULL, text->data + word.start, word.end - word.start);
}

static size_t skip_blanks(const struct text *text, size_t at)
{
	while (at < text->len && (text->data[at] == ' ' || text->data[at] == '\t'))
		at++;
	return at;
}

/* The rest of a header's line; the scheme of an Authorization stays. */
bool match_header(const struct text *text, const struct pattern *pattern, size_t at,
		  struct span *span_out)
{
	size_t start = at + pattern->n_anchor, end, word;

	if (is_word_before(text, at))
		return false;
	while (start < text->len && (char_bits(text->data[start]) & CHAR_QUOTE))
		start++;
	start = skip_blanks(text, start);
	if (start == text->len || (text->data[start] != ':' && text->data[start] != '='))
		return false;
	start = skip_blanks(text, start + 1);
	while (start < text->len && ((char_bits(text->data[start]) & CHAR_QUOTE) ||
				     text->data[start] == '\\' || text->data[start] == '['))
		start++;
	for (end = start; end < text->len && end - start < HEADER_MAX_BYTES; end++)
		if (strchr("\n\r\"'\\", text->data[end]))
			break;
	word = start + run_length(text, start, CHARS_URL, 16);
	if (pattern->min && word > start && word < end && text->data[word] == ' ')
		start = skip_blanks(text, word);
	*span_out = (struct span) { start, end, pattern->kind };
	return end >= start + pattern->max &&
	       redact_is_value(NULL, text->data + start, end - start);
}
