#include "net/sse.h"

#include <inttypes.h>
#include <string.h>

/* Clients end a line at a carriage return too. */
static size_t line_len(const char *text, size_t len)
{
	size_t n = 0;

	while (n < len && text[n] != '\n' && text[n] != '\r')
		n++;
	return n;
}

static void add_line(const char *field, const char *text, size_t len, struct buf *out)
{
	buf_add_text(out, field);
	buf_add_text(out, ": ");
	buf_add(out, text, line_len(text, len));
	buf_add_text(out, "\n");
}

static void add_lines(const char *field, const char *text, size_t len, struct buf *out)
{
	const char *end = text + len;

	for (;;) {
		size_t n = line_len(text, (size_t)(end - text));

		add_line(field, text, n, out);
		text += n;
		if (text == end)
			return;
		text += end - text > 1 && text[0] == '\r' && text[1] == '\n' ? 2 : 1;
	}
}

void sse_format(const struct sse_event *event, struct buf *out)
{
	if (event->id)
		add_line("id", event->id, strlen(event->id), out);
	if (event->event)
		add_line("event", event->event, strlen(event->event), out);
	add_lines("data", event->data, event->n_data, out);
	buf_add_text(out, "\n");
}

void sse_format_comment(const char *text, struct buf *out)
{
	add_lines("", text, strlen(text), out);
	buf_add_text(out, "\n");
}

void sse_format_retry(uint64_t retry_ns, struct buf *out)
{
	buf_add_format(out, "retry: %" PRIu64 "\n\n", retry_ns / NS_PER_MS);
}
