#include "cli/trace_live.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/trace_table.h"

#define LINE_MAX_BYTES (256 * KIB)
#define DRAWN_MAX_BYTES (64 * KIB)
#define ROWS_OTHERWISE 24 /* where the terminal does not say */

bool trace_live_init(struct trace_live *live, const struct page *page)
{
	const char *term = getenv("TERM");

	*live = (struct trace_live) { .page = page };
	buf_init(&live->line, LINE_MAX_BYTES);
	return isatty(fileno(page->stream)) && term && *term && strcmp(term, "dumb") != 0;
}

static void erase(struct trace_live *live)
{
	if (live->n_lines)
		(void)fprintf(live->page->stream, "\033[%uA\r\033[J", live->n_lines);
	live->n_lines = 0;
	(void)fflush(live->page->stream);
}

void trace_live_cleanup(struct trace_live *live)
{
	if (live->page)
		erase(live);
	buf_finish(&live->line);
}

static unsigned rows_of(FILE *stream)
{
	struct winsize size;

	return ioctl(fileno(stream), TIOCGWINSZ, &size) == 0 && size.ws_row > 2 ? size.ws_row
										: ROWS_OTHERWISE;
}

/* ASCII, so that a byte is a column: what wrapped could not be taken back. */
static void draw(struct trace_live *live, const json_t *result)
{
	unsigned rows = rows_of(live->page->stream);
	char text[DRAWN_MAX_BYTES] = "";
	struct page page = {
		.stream = fmemopen(text, sizeof(text), "w"),
		.charset = CHARSET_ASCII,
		.width = PAGE_UNWRAPPED,
	};
	char *rest = text, *line;

	if (!page.stream)
		return;
	trace_table_print(result, &page);
	(void)fclose(page.stream);
	erase(live);
	while ((line = strsep(&rest, "\n")) && rest && live->n_lines + 1 < rows) {
		(void)fprintf(live->page->stream, "%.*s\n", (int)live->page->width - 1, line);
		live->n_lines++;
	}
	(void)fflush(live->page->stream);
}

static void take_line(struct trace_live *live)
{
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };

	result = json_parse(buf_text(&live->line), live->line.len, LINE_MAX_BYTES, &err);
	if (json_is_object(result))
		draw(live, result);
	buf_clear(&live->line);
}

void trace_live_handle(void *data, const json_t *progress)
{
	struct trace_live *live = data;
	const char *at = json_get_text(progress, "text", "");

	while (*at) {
		const char *end = strchrnul(at, '\n');

		buf_add(&live->line, at, (size_t)(end - at));
		if (*end)
			take_line(live);
		at = *end ? end + 1 : end;
	}
}
