#include "cli/terminal/page.h"

#include <langinfo.h>
#include <stdarg.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#define SPAN_MAX_BYTES (256 * KIB)
#define WIDTH_MIN 40

static const char *const style_codes[] = {
	[STYLE_PLAIN] = "",        [STYLE_STRONG] = "\033[1m", [STYLE_FAINT] = "\033[2m",
	[STYLE_GOOD] = "\033[32m", [STYLE_WARN] = "\033[33m",  [STYLE_BAD] = "\033[31m",
	[STYLE_NAME] = "\033[36m",
};

static bool wants_colours(FILE *stream, enum colour colour)
{
	const char *no_colour = getenv("NO_COLOR");
	const char *term = getenv("TERM");

	if (colour != COLOUR_AUTO)
		return colour == COLOUR_ALWAYS;
	return isatty(fileno(stream)) && !(no_colour && *no_colour) && term && *term &&
	       strcmp(term, "dumb") != 0;
}

static unsigned find_width(FILE *stream)
{
	const char *columns = getenv("COLUMNS");
	struct winsize size = { 0 };
	unsigned long width = 0;

	if (!isatty(fileno(stream)))
		return PAGE_UNWRAPPED;
	if (columns)
		width = strtoul(columns, NULL, 10);
	if (!width && ioctl(fileno(stream), TIOCGWINSZ, &size) == 0)
		width = size.ws_col;
	if (!width)
		width = 80;
	if (width < WIDTH_MIN)
		return WIDTH_MIN;
	return width > PAGE_WIDTH_MAX ? PAGE_WIDTH_MAX : (unsigned)width;
}

void page_init(struct page *page, FILE *stream, enum colour colour)
{
	const char *codeset = nl_langinfo(CODESET);

	*page = (struct page) {
		.stream = stream,
		.charset = strcmp(codeset, "UTF-8") == 0 ? CHARSET_UTF8 : CHARSET_ASCII,
		.width = find_width(stream),
		.has_colours = wants_colours(stream, colour),
	};
}

static void begin_style(struct page *page, enum style style)
{
	if (page->has_colours && style != STYLE_PLAIN)
		(void)fputs(style_codes[style], page->stream);
}

static void end_style(struct page *page, enum style style)
{
	if (page->has_colours && style != STYLE_PLAIN)
		(void)fputs("\033[0m", page->stream);
}

static void write_text(struct page *page, const char *text, size_t len)
{
	(void)fwrite(text, 1, len, page->stream);
	page->column += escape_columns(text, len);
}

static void add_escaped(struct page *page, enum style style, const char *text, size_t len)
{
	CLEANUP(buf) struct buf escaped = { 0 };

	buf_init(&escaped, SPAN_MAX_BYTES);
	escape_add(&escaped, text, len, page->charset);
	if (!escaped.len)
		return;
	begin_style(page, style);
	write_text(page, buf_text(&escaped), escaped.len);
	end_style(page, style);
}

void page_add(struct page *page, enum style style, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	add_escaped(page, style, text, (size_t)len);
	free(text);
}

void page_to(struct page *page, unsigned column)
{
	if (page->column && page->column >= column)
		column = page->column + 1;
	for (; page->column < column; page->column++)
		(void)fputc(' ', page->stream);
}

/* What page_flow() does all along. */
struct flow {
	struct page *page;
	enum style style;
	unsigned indent;
};

/* No colour reaches over the indentation. */
static void next_line(const struct flow *flow)
{
	end_style(flow->page, flow->style);
	page_end(flow->page);
	page_to(flow->page, flow->indent);
	begin_style(flow->page, flow->style);
}

/* A word that no line can hold goes on from line to line. */
static void break_word(const struct flow *flow, const char *text, size_t len)
{
	struct page *page = flow->page;
	size_t start = 0, end = 0;
	unsigned columns = 0;

	while (end < len) {
		size_t step = escape_step(text + end, len - end);
		unsigned more = escape_columns(text + end, step);

		if (page->column + columns + more > page->width &&
		    page->column + columns > flow->indent) {
			write_text(page, text + start, end - start);
			next_line(flow);
			start = end;
			columns = 0;
		}
		columns += more;
		end += step;
	}
	write_text(page, text + start, end - start);
}

static void flow_word(const struct flow *flow, const struct buf *word, size_t blanks)
{
	struct page *page = flow->page;
	unsigned columns = escape_columns(buf_text(word), word->len);
	bool fits_nowhere = flow->indent + columns > page->width;
	bool fits_here = page->column + blanks + columns <= page->width;

	if (page->column > flow->indent && !fits_here && !fits_nowhere)
		next_line(flow);
	else
		for (; blanks; blanks--, page->column++)
			(void)fputc(' ', page->stream);
	if (fits_nowhere)
		break_word(flow, buf_text(word), word->len);
	else
		write_text(page, buf_text(word), word->len);
}

void page_flow(struct page *page, enum style style, unsigned indent, const char *text)
{
	const struct flow flow = { .page = page, .style = style, .indent = indent };
	CLEANUP(buf) struct buf word = { 0 };

	if (!text[strspn(text, " \t")])
		return;
	buf_init(&word, SPAN_MAX_BYTES);
	begin_style(page, style);
	while (*text) {
		size_t blanks = strspn(text, " \t");
		size_t len = strcspn(text + blanks, " \t");

		if (!len)
			break;
		buf_clear(&word);
		escape_add(&word, text + blanks, len, page->charset);
		flow_word(&flow, &word, blanks);
		text += blanks + len;
	}
	end_style(page, style);
}

void page_flow_format(struct page *page, enum style style, unsigned indent, const char *format, ...)
{
	char *text = NULL;
	va_list args;
	int len;

	va_start(args, format);
	len = vasprintf(&text, format, args);
	va_end(args);
	if (len < 0)
		abort();
	page_flow(page, style, indent, text);
	free(text);
}

void page_end(struct page *page)
{
	(void)fputc('\n', page->stream);
	page->column = 0;
}

void page_lines(struct page *page, const char *text)
{
	while (*text) {
		size_t len = strcspn(text, "\n");

		add_escaped(page, STYLE_PLAIN, text, len);
		if (text[len])
			page_end(page);
		text += len + (text[len] == '\n');
	}
}

void page_title(struct page *page, const char *title)
{
	page_end(page);
	page_add(page, STYLE_STRONG, "%s", title);
	page_end(page);
}
