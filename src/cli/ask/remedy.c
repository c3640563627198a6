#include "cli/ask/remedy.h"

#include <stdio.h>
#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "call/hash.h"
#include "cli/ask/person.h"
#include "cli/terminal/escape.h"

#define SHOWN_MAX_BYTES (256 * KIB)

bool remedy_can_be_offered(const struct cli *cli)
{
	return isatty(STDIN_FILENO) && isatty(STDERR_FILENO) && (cli->host || geteuid() == 0);
}

static void add_text(struct buf *out, const char *before, const char *text)
{
	buf_add_text(out, before);
	escape_add(out, text, strlen(text), CHARSET_ASCII);
	buf_add_text(out, "\n");
}

static void add_verification(struct buf *out, const json_t *remedy)
{
	const json_t *call;
	size_t i;

	buf_add_text(out, "Afterwards: what proved the cause is read again (");
	json_array_foreach(json_object_get(remedy, "verify"), i, call)
	{
		const char *tool = json_get_text(call, "tool", "");

		buf_add_text(out, i ? ", " : "");
		escape_add(out, tool, strlen(tool), CHARSET_ASCII);
	}
	buf_add_text(out, "), and whether it is gone is said\n");
}

static void show(const struct cli *cli, const json_t *remedy, struct buf *out)
{
	const json_t *call = json_object_get(remedy, "call");
	CLEANUP(text) char *args = json_canonical(json_object_get(call, "args"));
	char sha256[HASH_TEXT_BYTES];

	add_text(out, "\nThis remedy can be applied now, on ", cli->host ? cli->host : "this host");
	add_text(out, "  ", json_get_text(remedy, "statement", ""));
	add_text(out, "Runs:       ", json_get_text(call, "tool", ""));
	add_text(out, "Arguments:  ", args);
	add_text(out, "SHA-256:    ", hash_text(args, strlen(args), sha256));
	buf_add_text(out, "Risk:       changes the host\n");
	add_text(out, "Undo:       ", json_get_text(remedy, "undo", ""));
	add_verification(out, remedy);
	buf_add_text(out, "Apply it, once? [y/N] ");
}

bool remedy_is_wanted(const struct cli *cli, const json_t *remedy)
{
	CLEANUP(buf) struct buf shown = { 0 };
	char line[PERSON_LINE_BYTES];
	ssize_t n;

	/* What was typed before it stood there counts for nothing. */
	(void)tcflush(STDIN_FILENO, TCIFLUSH);
	buf_init(&shown, SHOWN_MAX_BYTES);
	show(cli, remedy, &shown);
	(void)fputs(buf_text(&shown), stderr);
	(void)fflush(stderr);
	n = read(STDIN_FILENO, line, sizeof(line) - 1);
	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	return strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0;
}

enum exit_status remedy_status(const json_t *report)
{
	const json_t *remedy = json_object_get(report, "remedy");

	const char *state = json_get_text(remedy, "state", "");
	bool is_gone = strcmp(json_get_text(remedy, "verified", ""), "gone") == 0;

	if (strcmp(state, "refused") == 0)
		return EXIT_NOT_PERMITTED;
	return strcmp(state, "done") == 0 && is_gone ? EXIT_DONE : EXIT_FAILED;
}
