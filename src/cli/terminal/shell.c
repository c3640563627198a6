#include "cli/terminal/shell.h"

#include <string.h>

#define LINE_MAX_BYTES (256 * KIB)

static const char harmless[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
			       "%+,-./:=@_";

void shell_add_word(struct buf *line, const char *word)
{
	if (!line->max)
		buf_init(line, LINE_MAX_BYTES);
	if (*word && !word[strspn(word, harmless)]) {
		buf_add_text(line, word);
		return;
	}
	buf_add_text(line, "'");
	for (; *word; word++) {
		if (*word == '\'')
			buf_add_text(line, "'\\''");
		else
			buf_add(line, word, 1);
	}
	buf_add_text(line, "'");
}

void shell_add_call(struct buf *line, const char *host, const char *tool, const json_t *args)
{
	CLEANUP(text) char *text = NULL;

	shell_add_word(line, "constable");
	if (host) {
		buf_add_text(line, " --host ");
		shell_add_word(line, host);
	}
	buf_add_text(line, " call ");
	shell_add_word(line, tool);
	if (!json_object_size(args))
		return;
	text = json_dumps(args, JSON_COMPACT | JSON_SORT_KEYS | JSON_ENSURE_ASCII);
	if (!text)
		abort();
	buf_add_text(line, " ");
	shell_add_word(line, text);
}
