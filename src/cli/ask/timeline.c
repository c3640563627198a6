#include "cli/ask/timeline.h"

#include <ctype.h>
#include <string.h>

#include "base/duration.h"

#define TEXT_COLUMN 20
#define MAX_EVENTS 10
#define MAX_ITEMS 256

/* An event and how often it came; the time is that of its last one. */
struct event {
	const json_t *last;
	unsigned n;
};

static const char *text_of(const json_t *item)
{
	return json_get_text(item, "text", "");
}

/* Numbers, pids and addresses differ between two of the same kind. */
static bool is_alike(const char *a, const char *b)
{
	while (*a && *b) {
		if (isxdigit((unsigned char)*a) && isxdigit((unsigned char)*b)) {
			while (isxdigit((unsigned char)*a))
				a++;
			while (isxdigit((unsigned char)*b))
				b++;
			continue;
		}
		if (*a++ != *b++)
			return false;
	}
	return *a == *b;
}

static size_t collect(const json_t *timeline, struct event events[MAX_ITEMS])
{
	const json_t *item;
	size_t i, n = 0;

	json_array_foreach(timeline, i, item)
	{
		size_t at = 0;

		while (at < n && !is_alike(text_of(events[at].last), text_of(item)))
			at++;
		if (at == MAX_ITEMS)
			continue;
		if (at < n) {
			struct event again = { .last = item, .n = events[at].n + 1 };

			/* It moves to where its last one stands. */
			memmove(&events[at], &events[at + 1], (n - at - 1) * sizeof(events[0]));
			events[n - 1] = again;
		} else {
			events[n++] = (struct event) { .last = item, .n = 1 };
		}
	}
	return n;
}

static void print_event(const struct event *event, struct page *page)
{
	double ago = json_get_number(event->last, "seconds_ago", -1);
	char text[DURATION_TEXT_BYTES];

	if (ago >= 0 && ago < DURATION_MAX_NS / (double)NS_PER_SEC)
		page_add(page, STYLE_PLAIN, "  %13s ago ",
			 duration_to_text((uint64_t)(ago * NS_PER_SEC), text));
	else
		page_add(page, STYLE_PLAIN, "  %17s ", json_get_text(event->last, "time", ""));
	page_flow(page, STYLE_PLAIN, TEXT_COLUMN, text_of(event->last));
	if (event->n > 1)
		page_flow_format(page, STYLE_WARN, TEXT_COLUMN, "  %u times, last", event->n);
	page_flow_format(page, STYLE_FAINT, TEXT_COLUMN, "  %s",
			 json_get_text(event->last, "evidence", ""));
	page_end(page);
}

void timeline_print(const json_t *timeline, struct page *page)
{
	struct event events[MAX_ITEMS];
	size_t n = collect(timeline, events);
	size_t first = n > MAX_EVENTS ? n - MAX_EVENTS : 0;

	if (!n)
		return;
	page_title(page, "Timeline");
	if (first) {
		page_add(page, STYLE_FAINT, "  %zu earlier; --json has them all", first);
		page_end(page);
	}
	for (size_t i = first; i < n; i++)
		print_event(&events[i], page);
}
