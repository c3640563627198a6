#include "cli/ask/prompt.h"

#include <fcntl.h>
#include <histedit.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define LINE_BYTES 4096

struct prompt {
	EditLine *editor;
	History *history;
	const char *text;
	const char *history_path;
	bool is_abandoned;
	char line[LINE_BYTES];
};

static char *show_text(EditLine *editor)
{
	struct prompt *prompt = NULL;

	(void)el_get(editor, EL_CLIENTDATA, &prompt);
	return (char *)prompt->text; /* libedit's type; it only reads */
}

/* Ctrl-C gives up the line, not the conversation. */
static unsigned char abandon_line(EditLine *editor, int key UNUSED)
{
	struct prompt *prompt = NULL;

	(void)el_get(editor, EL_CLIENTDATA, &prompt);
	prompt->is_abandoned = true;
	(void)fputs("^C\n", stdout);
	return CC_NEWLINE;
}

static void bind_keys(EditLine *editor)
{
	(void)el_set(editor, EL_EDITOR, "emacs");
	(void)el_set(editor, EL_SETTY, "-d", "-isig", NULL);
	(void)el_set(editor, EL_ADDFN, "abandon-line", "Give up the line", abandon_line);
	(void)el_set(editor, EL_BIND, "^C", "abandon-line", NULL);
	(void)el_set(editor, EL_BIND, "^R", "em-inc-search-prev", NULL);
	(void)el_set(editor, EL_BIND, "\\e[A", "ed-prev-history", NULL);
	(void)el_set(editor, EL_BIND, "\\e[B", "ed-next-history", NULL);
}

struct prompt *prompt_new(const char *text, const char *history_path)
{
	struct prompt *prompt = calloc(1, sizeof(*prompt));
	HistEvent event;

	if (!prompt)
		abort();
	prompt->text = text;
	prompt->history_path = history_path;
	prompt->editor = el_init("constable", stdin, stdout, stderr);
	prompt->history = history_init();
	if (!prompt->editor || !prompt->history) {
		prompt_free(prompt);
		return NULL;
	}
	(void)history(prompt->history, &event, H_SETSIZE, PROMPT_HISTORY_LINES);
	(void)history(prompt->history, &event, H_SETUNIQUE, 1);
	(void)history(prompt->history, &event, H_LOAD, history_path);
	(void)el_set(prompt->editor, EL_CLIENTDATA, prompt);
	(void)el_set(prompt->editor, EL_PROMPT, show_text);
	(void)el_set(prompt->editor, EL_HIST, history, prompt->history);
	bind_keys(prompt->editor);
	return prompt;
}

/* Made before libedit writes it, so that it never has another mode. */
static void save_history(struct prompt *prompt)
{
	HistEvent event;
	int fd = open(prompt->history_path, O_WRONLY | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);

	if (fd < 0)
		return;
	if (fchmod(fd, 0600) == 0)
		(void)history(prompt->history, &event, H_SAVE, prompt->history_path);
	(void)close(fd);
}

void prompt_free(struct prompt *prompt)
{
	if (!prompt)
		return;
	if (prompt->history) {
		save_history(prompt);
		history_end(prompt->history);
	}
	if (prompt->editor)
		el_end(prompt->editor);
	free(prompt);
}

void prompt_cleanup(struct prompt **prompt)
{
	prompt_free(*prompt);
}

const char *prompt_read(struct prompt *prompt)
{
	HistEvent event;
	int len = 0;
	const char *line;

	prompt->is_abandoned = false;
	/* libedit shows the prompt first: what is typed at once would meet the old mode. */
	(void)el_set(prompt->editor, EL_PREP_TERM, 1);
	line = el_gets(prompt->editor, &len);
	if (prompt->is_abandoned)
		return "";
	if (!line || len <= 0)
		return NULL;
	text_format(prompt->line, sizeof(prompt->line), "%.*s", (int)strcspn(line, "\n"), line);
	if (prompt->line[strspn(prompt->line, " \t")])
		(void)history(prompt->history, &event, H_ENTER, prompt->line);
	return prompt->line;
}
