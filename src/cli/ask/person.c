#include "cli/ask/person.h"

#include <string.h>
#include <termios.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/duration.h"
#include "cli/terminal/escape.h"

#define SHOWN_MAX_BYTES (8 * MIB)

void person_init(struct person *person)
{
	bool is_there = isatty(STDIN_FILENO) && isatty(STDERR_FILENO);

	*person = (struct person) { .fd = is_there ? STDIN_FILENO : -1, .stream = stderr };
}

static void drop(struct person *person, size_t i)
{
	json_decref(person->waiting[i].words);
	person->n--;
	memmove(&person->waiting[i], &person->waiting[i + 1],
		(person->n - i) * sizeof(person->waiting[0]));
	if (i == 0)
		person->is_asked = false;
}

void person_finish(struct person *person)
{
	while (person->n)
		drop(person, person->n - 1);
}

void person_cleanup(struct person *person)
{
	person_finish(person);
}

bool person_ask(struct person *person, const struct person_matter *matter)
{
	if (person->fd < 0 || person->n == PERSON_MAX_WAITING) {
		json_decref(matter->words);
		return false;
	}
	person->waiting[person->n++] = *matter;
	return true;
}

void person_forget(struct person *person, enum person_kind kind, json_int_t id)
{
	for (size_t i = 0; i < person->n; i++) {
		if (person->waiting[i].kind != kind || person->waiting[i].id != id)
			continue;
		if (i == 0 && person->is_asked)
			(void)fputs("\nToo late: it goes on without.\n", person->stream);
		drop(person, i);
		return;
	}
}

bool person_is_busy(const struct person *person)
{
	return person->n != 0;
}

static void add_text(struct buf *out, const char *text)
{
	escape_add(out, text, strlen(text), CHARSET_ASCII);
}

static void add_choices(struct buf *out, const json_t *choices)
{
	const json_t *choice;
	size_t i;

	json_array_foreach(choices, i, choice)
	{
		buf_add_format(out, "    %zu) ", i + 1);
		add_text(out, json_is_string(choice) ? json_string_value(choice) : "");
		buf_add_text(out, "\n");
	}
	if (json_array_size(choices))
		buf_add_text(out, "A number chooses; other words are an answer too.\n");
}

static void add_question(struct buf *out, const struct person_matter *matter)
{
	uint64_t now_ns = clock_monotonic_ns();
	char left[DURATION_TEXT_BYTES];

	buf_add_text(out, "\nA model asks you; what it says is not checked:\n  ");
	add_text(out, json_get_text(matter->words, "question", ""));
	buf_add_text(out, "\n");
	add_choices(out, json_object_get(matter->words, "choices"));
	buf_add_format(
		out, "Answer within %s; an empty line is no answer.\n> ",
		duration_to_text(matter->until_ns > now_ns ? matter->until_ns - now_ns : 0, left));
}

static void add_change(struct buf *out, const struct person_matter *matter)
{
	const json_t *words = matter->words;

	buf_add_text(out, "\nA model wants to change ");
	add_text(out, json_get_text(words, "host", "this host"));
	buf_add_text(out, ". Because, it says (not checked):\n  ");
	add_text(out, json_get_text(words, "why", ""));
	buf_add_text(out, "\n");
	add_text(out, json_get_text(words, "asked_by", "somebody"));
	buf_add_text(out, " asks to run '");
	add_text(out, json_get_text(words, "tool", ""));
	buf_add_text(out, "' with exactly these arguments:\n  ");
	add_text(out, json_get_text(words, "arguments", ""));
	buf_add_format(out, "\nSHA-256 %s\n%s? [y/N] ", json_get_text(words, "args_sha256", ""),
		       json_object_get(words, "host") ? "Sign it, for this one run"
						      : "Allow it, once");
}

void person_show(struct person *person)
{
	CLEANUP(buf) struct buf shown = { 0 };

	if (!person->n || person->is_asked)
		return;
	(void)tcflush(person->fd, TCIFLUSH);
	buf_init(&shown, SHOWN_MAX_BYTES);
	if (person->waiting[0].kind == PERSON_QUESTION)
		add_question(&shown, &person->waiting[0]);
	else
		add_change(&shown, &person->waiting[0]);
	(void)fputs(buf_text(&shown), person->stream);
	(void)fflush(person->stream);
	person->is_asked = true;
}

/* "2" is the second choice. */
static const char *choose(const json_t *choices, const char *line)
{
	const char *at = line;
	uint64_t number;

	if (!scan_u64(&at, &number) || *at || number == 0 || number > json_array_size(choices))
		return line;
	return json_string_value(json_array_get(choices, (size_t)number - 1));
}

static void answer(const struct person_matter *matter, const char *line, struct person_said *said)
{
	const char *text = line;

	if (matter->kind == PERSON_CHANGE)
		text = strcasecmp(line, "y") == 0 || strcasecmp(line, "yes") == 0 ? "yes" : "";
	else
		text = choose(json_object_get(matter->words, "choices"), line);
	text_format(said->text, sizeof(said->text), "%s", text ? text : "");
}

void person_hear(struct person *person, struct person_said *said_out)
{
	char line[PERSON_LINE_BYTES];
	ssize_t n = read(person->fd, line, sizeof(line) - 1);
	const struct person_matter *matter = &person->waiting[0];

	line[n > 0 ? n : 0] = '\0';
	line[strcspn(line, "\r\n")] = '\0';
	*said_out = (struct person_said) { .kind = matter->kind, .id = matter->id };
	answer(matter, line + strspn(line, " \t"), said_out);
	if (n <= 0)
		(void)fputc('\n', person->stream);
	drop(person, 0);
}
