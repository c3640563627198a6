#include "cli/ask/interactive.h"

#include <stdio.h>
#include <string.h>

#include "cli/ask/evidence.h"
#include "cli/ask/kept.h"
#include "cli/ask/prompt.h"
#include "cli/ask/report.h"

#define PATH_BYTES 4096

struct conversation {
	struct cli *cli;
	struct inquiry inquiry;
	struct investigation last; /* what follow-ups are about */
	char question[PATH_BYTES];
};

static void print_help(struct page *page)
{
	static const char *const rows[][2] = {
		{ "any question", "investigate this host" },
		{ "again", "ask the last question once more" },
		{ "report", "the last report" },
		{ "evidence", "what was read for it" },
		{ "e3", "one piece of it, whole" },
		{ "remedies", "what to do" },
		{ "save FILE", "the last case, to replay or to send" },
		{ "quit, exit", "end" },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++) {
		page_add(page, STYLE_NAME, "  %-14s", rows[i][0]);
		page_add(page, STYLE_PLAIN, "%s", rows[i][1]);
		page_end(page);
	}
}

static void investigate_again(struct conversation *conversation)
{
	investigation_finish(&conversation->last);
	conversation->inquiry.question = conversation->question;
	(void)inquiry_run(conversation->cli, &conversation->inquiry, &conversation->last);
}

static void save(const struct conversation *conversation, const char *path)
{
	struct page *page = &conversation->cli->out;
	struct error err = { 0 };

	if (!conversation->last.bundle || kept_write(path, conversation->last.bundle, &err) < 0) {
		page_add(page, STYLE_BAD, "%s",
			 err.code ? err.text : "the last investigation left no case");
		page_end(page);
		return;
	}
	page_add(page, STYLE_PLAIN, "saved; 'constable case replay %s' computes it again", path);
	page_end(page);
}

/* Words about the last report; false if the line is something else. */
static bool follow_up(struct conversation *conversation, const char *line)
{
	const json_t *report = conversation->last.report;
	struct page *page = &conversation->cli->out;

	if (strcmp(line, "again") == 0)
		investigate_again(conversation);
	else if (strcmp(line, "report") == 0)
		report_print(report, conversation->last.bundle, conversation->cli->host, page);
	else if (strcmp(line, "evidence") == 0)
		report_print_evidence(report, page);
	else if (strcmp(line, "remedies") == 0)
		report_print_remedies(report, conversation->cli->host, page);
	else if (strncmp(line, "save ", 5) == 0)
		save(conversation, line + 5 + strspn(line + 5, " "));
	else
		return evidence_print(conversation->last.bundle, line, page);
	return true;
}

static void answer(struct conversation *conversation, const char *line)
{
	if (strcmp(line, "help") == 0 || strcmp(line, "?") == 0) {
		print_help(&conversation->cli->out);
		return;
	}
	if (conversation->last.report && follow_up(conversation, line))
		return;
	text_format(conversation->question, sizeof(conversation->question), "%s", line);
	investigate_again(conversation);
}

static bool is_goodbye(const char *line)
{
	return strcmp(line, "quit") == 0 || strcmp(line, "exit") == 0;
}

/* Without the blanks around it; the line is ours to cut. */
static char *trim(char *line)
{
	size_t len;

	line += strspn(line, " \t");
	len = strlen(line);
	while (len && strchr(" \t", line[len - 1]))
		line[--len] = '\0';
	return line;
}

int interactive_run(struct cli *cli, const struct inquiry *inquiry)
{
	struct conversation conversation = { .cli = cli, .inquiry = *inquiry };
	char history[PATH_BYTES], copy[PATH_BYTES];
	CLEANUP(prompt) struct prompt *prompt = NULL;
	const char *line;

	text_format(history, sizeof(history), "%s/history", cli->state);
	prompt = prompt_new("constable> ", history);
	if (!prompt)
		return EXIT_FAILED;
	page_add(&cli->out, STYLE_FAINT,
		 "What is wrong with this host? 'help' says what else, 'quit' ends.");
	page_end(&cli->out);
	for (;;) {
		char *said;

		(void)fflush(stdout);
		line = prompt_read(prompt);
		if (!line)
			break;
		text_format(copy, sizeof(copy), "%s", line);
		said = trim(copy);
		if (is_goodbye(said))
			break;
		if (*said)
			answer(&conversation, said);
	}
	if (!line)
		page_end(&cli->out);
	investigation_finish(&conversation.last);
	return EXIT_DONE;
}
