#include "client/pages.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#define PATH_BYTES 4096

static int read_page(struct fetcher *fetcher, const char *path, json_t **body_out,
		     struct error *err)
{
	struct fetch_request request = { .method = "GET", .path = path };
	int r;

	json_decref(TAKE(*body_out));
	r = fetch(fetcher, &request, body_out, err);
	if (r == 0 && !*body_out)
		return error_set(err, -EBADMSG, "the server answered %s without JSON", path);
	return r;
}

/* Heap text, or NULL: that was the last page. */
static char *next_cursor(const json_t *page)
{
	const json_t *next = json_object_get(page, "next");
	char number[32];

	if (json_is_string(next))
		return fetch_escape(json_string_value(next));
	if (!json_is_integer(next))
		return NULL;
	text_format(number, sizeof(number), "%lld", (long long)json_integer_value(next));
	return fetch_escape(number);
}

int pages_read(struct fetcher *fetcher, const struct pages *pages, json_t **list_out,
	       json_t **body_out, struct error *err)
{
	CLEANUP(json) json_t *list = json_array();
	CLEANUP(text) char *after = NULL;

	do {
		char path[PATH_BYTES];
		int r;

		text_format(path, sizeof(path), "%s", pages->path);
		if (after)
			text_format(path, sizeof(path), "%s%c%s=%s", pages->path,
				    strchr(pages->path, '?') ? '&' : '?', pages->cursor, after);
		r = read_page(fetcher, path, body_out, err);
		if (r < 0)
			return r;
		(void)json_array_extend(list, json_object_get(*body_out, pages->name));
		free(after);
		after = pages->cursor ? next_cursor(*body_out) : NULL;
	} while (after && json_array_size(list) < PAGES_MAX_ITEMS);
	*list_out = TAKE(list);
	return 0;
}
