#include "net/nats_parser.h"

#include <errno.h>
#include <string.h>

#define END "\r\n"
#define END_BYTES 2

/* The names are of any case, and a blank or a tab follows. False for another word. */
static bool take_name(struct str *rest, const char *name)
{
	size_t len = strlen(name);

	if (rest->len < len || strncasecmp(rest->data, name, len) != 0)
		return false;
	if (rest->len > len && rest->data[len] != ' ' && rest->data[len] != '\t')
		return false;
	rest->data += len;
	rest->len -= len;
	return true;
}

static struct str trim(struct str text)
{
	while (text.len && (text.data[0] == ' ' || text.data[0] == '\t')) {
		text.data++;
		text.len--;
	}
	while (text.len && (text.data[text.len - 1] == ' ' || text.data[text.len - 1] == '\t'))
		text.len--;
	return text;
}

static struct str take_word(struct str *rest)
{
	struct str word = trim(*rest);
	size_t n = 0;

	while (n < word.len && word.data[n] != ' ' && word.data[n] != '\t')
		n++;
	rest->data = word.data + n;
	rest->len = word.len - n;
	word.len = n;
	return word;
}

static bool take_count(struct str word, size_t *count_out)
{
	size_t count = 0;

	if (!word.len || word.len > 9)
		return false;
	for (size_t i = 0; i < word.len; i++) {
		if (word.data[i] < '0' || word.data[i] > '9')
			return false;
		count = count * 10 + (size_t)(word.data[i] - '0');
	}
	*count_out = count;
	return true;
}

/* "SUBJECT SID [REPLY] BYTES", whose payload follows the line. */
static ssize_t take_message(struct str rest, struct str after, size_t used,
			    struct nats_said *said_out, struct error *err)
{
	struct str words[4];
	size_t n = 0, count = 0;

	while (n < ARRAY_LEN(words) && trim(rest).len)
		words[n++] = take_word(&rest);
	if (n < 3 || trim(rest).len || !take_count(words[n - 1], &count))
		return error_set(err, -EPROTO, "the server's message has no subject and length");
	if (count > NATS_PAYLOAD_MAX_BYTES)
		return error_set(err, -EPROTO, "the server's message has %zu bytes", count);
	if (after.len < count + END_BYTES)
		return 0;
	if (memcmp(after.data + count, END, END_BYTES) != 0)
		return error_set(err, -EPROTO, "the server's message is longer than it says");
	*said_out = (struct nats_said) { NATS_MESSAGE, words[0], { after.data, count } };
	return (ssize_t)(used + count + END_BYTES);
}

static struct str unquote(struct str text)
{
	if (text.len >= 2 && text.data[0] == '\'' && text.data[text.len - 1] == '\'')
		return (struct str) { text.data + 1, text.len - 2 };
	return text;
}

static ssize_t take_line(struct str line, struct str after, struct nats_said *said_out,
			 struct error *err)
{
	static const struct {
		const char *name;
		enum nats_kind kind;
	} kinds[] = {
		{ "PING", NATS_PING }, { "PONG", NATS_PONG },    { "+OK", NATS_OK },
		{ "INFO", NATS_INFO }, { "-ERR", NATS_REFUSED },
	};
	size_t used = line.len + END_BYTES;

	if (take_name(&line, "MSG"))
		return take_message(line, after, used, said_out, err);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		if (!take_name(&line, kinds[i].name))
			continue;
		*said_out = (struct nats_said) { kinds[i].kind, { 0 }, unquote(trim(line)) };
		return (ssize_t)used;
	}
	return error_set(err, -EPROTO, "the server says what is not NATS");
}

ssize_t nats_parse(const char *bytes, size_t len, struct nats_said *said_out, struct error *err)
{
	const char *end = len ? memmem(bytes, len, END, END_BYTES) : NULL;
	size_t n = end ? (size_t)(end - bytes) : len;

	if (n > NATS_LINE_MAX_BYTES)
		return error_set(err, -EPROTO, "the server's line is too long");
	if (!end)
		return 0;
	return take_line((struct str) { bytes, n },
			 (struct str) { end + END_BYTES, len - n - END_BYTES }, said_out, err);
}

enum nats_refused nats_refused_what(struct str why)
{
	if (str_starts(why, "Permissions Violation for Publish") ||
	    str_starts(why, "Invalid Publish Subject"))
		return NATS_REFUSED_MESSAGE;
	if (str_starts(why, "Permissions Violation") || str_starts(why, "Invalid Subject") ||
	    str_starts(why, "maximum subscriptions exceeded"))
		return NATS_REFUSED_SUBJECT;
	return NATS_REFUSED_ALL;
}

bool nats_is_subject(const char *text)
{
	bool is_begun = false;

	for (; *text; text++) {
		if (*text <= ' ' || *text > '~' || *text == '*' || *text == '>')
			return false;
		if (*text == '.' && !is_begun)
			return false;
		is_begun = *text != '.';
	}
	return is_begun;
}
