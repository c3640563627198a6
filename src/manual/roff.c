#include "manual/roff.h"

#include <ctype.h>
#include <string.h>

#define TEXT_COLUMNS 76

/* Hyphens stay hyphens where they are copied; a quote in a macro's argument is doubled. */
static void put(struct roff *roff, const char *text, size_t len, const char *quote)
{
	for (size_t i = 0; i < len; i++) {
		switch (text[i]) {
		case '\\':
			(void)fputs("\\e", roff->out);
			break;
		case '-':
			(void)fputs("\\-", roff->out);
			break;
		case '"':
			(void)fputs(quote, roff->out);
			break;
		case '\'':
			(void)fputs("\\(aq", roff->out);
			break;
		case '`':
			(void)fputs("\\(ga", roff->out);
			break;
		default:
			(void)fputc(text[i], roff->out);
		}
	}
}

/* In a macro's argument; in text, "" stands for itself. */
static void put_argument(struct roff *roff, const char *text, size_t len)
{
	(void)fputc('"', roff->out);
	put(roff, text, len, "\\(dq");
	(void)fputc('"', roff->out);
}

static void end_line(struct roff *roff)
{
	if (roff->column)
		(void)fputc('\n', roff->out);
	roff->column = 0;
}

/* How many bytes put() makes of it. */
static size_t put_len(const char *text, size_t len)
{
	size_t n = len;

	for (size_t i = 0; i < len; i++)
		n += text[i] == '-' || text[i] == '\\'   ? 1
		     : text[i] == '\'' || text[i] == '`' ? 3
							 : 0;
	return n;
}

static void put_word(struct roff *roff, const char *word, size_t len)
{
	size_t n = put_len(word, len);

	if (roff->column && roff->column + 1 + n > TEXT_COLUMNS)
		end_line(roff);
	if (roff->column) {
		(void)fputc(' ', roff->out);
		roff->column++;
	} else if (*word == '.') {
		(void)fputs("\\&", roff->out);
	}
	put(roff, word, len, "\"");
	roff->column += (unsigned)n;
}

static void put_words(struct roff *roff, const char *text, size_t len)
{
	const char *end = text + len;

	while (text < end) {
		size_t n = 0;

		while (text < end && isspace((unsigned char)*text))
			text++;
		while (text + n < end && !isspace((unsigned char)text[n]))
			n++;
		if (n)
			put_word(roff, text, n);
		text += n;
	}
}

void roff_begin(struct roff *roff, const struct roff_title *title)
{
	(void)fputs(".TH ", roff->out);
	for (const char *at = title->name; *at; at++)
		(void)fprintf(roff->out, *at == '-' ? "\\-" : "%c", toupper((unsigned char)*at));
	(void)fprintf(roff->out, " %u %s \"Constable %s\" Constable\n", title->section, title->date,
		      title->version);
	roff_section(roff, "NAME");
	put(roff, title->name, strlen(title->name), "\"");
	(void)fputs(" \\-", roff->out);
	roff->column = (unsigned)(put_len(title->name, strlen(title->name)) + 3);
	roff_text(roff, title->summary);
}

void roff_section(struct roff *roff, const char *title)
{
	end_line(roff);
	(void)fprintf(roff->out, ".SH %s\n", title);
}

void roff_text(struct roff *roff, const char *text)
{
	put_words(roff, text, strlen(text));
	end_line(roff);
}

/* As it is, without filling. */
static void put_example(struct roff *roff, struct str line)
{
	if (*line.data == '.')
		(void)fputs("\\&", roff->out);
	put(roff, line.data, line.len, "\"");
	(void)fputc('\n', roff->out);
}

void roff_help(struct roff *roff, const char *text)
{
	bool is_example = false, is_apart = false;
	struct str line;

	while (scan_line(&text, &line)) {
		bool is_indented = line.len && *line.data == ' ';

		if (is_indented != is_example) {
			end_line(roff);
			(void)fputs(is_indented ? ".PP\n.EX\n" : ".EE\n", roff->out);
			is_apart = !is_indented;
		}
		is_example = is_indented;
		if (is_indented) {
			put_example(roff, line);
			continue;
		}
		if (line.len && is_apart)
			roff_paragraph(roff);
		is_apart = !line.len;
		put_words(roff, line.data, line.len);
	}
	end_line(roff);
	if (is_example)
		(void)fputs(".EE\n", roff->out);
}

void roff_paragraph(struct roff *roff)
{
	end_line(roff);
	(void)fputs(".PP\n", roff->out);
}

void roff_synopsis(struct roff *roff, const char *name, struct str arguments)
{
	end_line(roff);
	(void)fputs(".SY ", roff->out);
	put_argument(roff, name, strlen(name));
	(void)fputc('\n', roff->out);
	put_words(roff, arguments.data, arguments.len);
	end_line(roff);
	(void)fputs(".YS\n", roff->out);
}

void roff_term(struct roff *roff, const char *term, struct str value)
{
	end_line(roff);
	(void)fputs(".TP\n.BR ", roff->out);
	put_argument(roff, term, strlen(term));
	if (value.len) {
		(void)fputs(" \" ", roff->out);
		put(roff, value.data, value.len, "\\(dq");
		(void)fputc('"', roff->out);
	}
	(void)fputc('\n', roff->out);
}

void roff_see(struct roff *roff, const char *const *names)
{
	roff_section(roff, "SEE ALSO");
	for (; *names; names++) {
		const char *bracket = strchr(*names, '(');
		size_t len = bracket ? (size_t)(bracket - *names) : strlen(*names);

		(void)fputs(".BR ", roff->out);
		put(roff, *names, len, "\"");
		(void)fprintf(roff->out, " %s%s\n", bracket ? bracket : "", names[1] ? "," : "");
	}
}
