#include <ctype.h>
#include <string.h>

#include "logs/logs.h"

/* What separates words; the rest makes up a word. */
static bool is_separator(char c)
{
	return isspace((unsigned char)c) || strchr("=:,;()[]{}<>\"'|", c);
}

static bool varies(const char *word, size_t len)
{
	for (size_t i = 0; i < len; i++)
		if (isdigit((unsigned char)word[i]))
			return true;
	return false;
}

struct skeleton {
	char *text;
	size_t size, len;
};

static void add(struct skeleton *skeleton, char c)
{
	if (skeleton->len + 1 < skeleton->size)
		skeleton->text[skeleton->len++] = c;
}

/* "*:*:*" and "*, *" are one thing that varies: lists and times differ in length. */
static void add_variable(struct skeleton *skeleton)
{
	size_t at = skeleton->len;

	while (at && strchr(" ,:;-=", skeleton->text[at - 1]))
		at--;
	if (at && at < skeleton->len && skeleton->text[at - 1] == '*')
		skeleton->len = at;
	else
		add(skeleton, '*');
}

size_t log_skeleton(struct str line, char *out, size_t size)
{
	struct skeleton skeleton = { out, size, 0 };
	size_t at = 0;

	while (at < line.len && skeleton.len + 1 < size) {
		size_t end = at;

		while (end < line.len && line.data[end] && !is_separator(line.data[end]))
			end++;
		if (end == at) {
			add(&skeleton, line.data[at] ? line.data[at] : ' ');
			at++;
			continue;
		}
		if (varies(line.data + at, end - at))
			add_variable(&skeleton);
		else
			while (at < end)
				add(&skeleton, line.data[at++]);
		at = end;
	}
	out[skeleton.len] = '\0';
	return skeleton.len;
}
