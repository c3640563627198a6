#include "cli/ask/evidence.h"

#include <string.h>

#include "cli/terminal/shell.h"
#include "cli/terminal/tree.h"

#define RESULT_MAX_BYTES (4 * MIB)

const json_t *evidence_find(const json_t *bundle, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(bundle, "evidence"), i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			return item;
	}
	return NULL;
}

static void print_answer(const json_t *item, struct page *page)
{
	const char *bytes = json_get_text(item, "bytes", NULL);
	CLEANUP(json) json_t *result = NULL;
	struct error err = { 0 };

	if (bytes)
		result = json_parse(bytes, strlen(bytes), RESULT_MAX_BYTES, &err);
	if (result) {
		tree_print(result, 2, page);
		return;
	}
	page_to(page, 2);
	page_flow(page, STYLE_WARN, 2,
		  bytes ? err.text
			: json_get_text(json_object_get(item, "error"), "text", "no answer"));
	page_end(page);
}

bool evidence_print(const json_t *bundle, const char *id, struct page *page)
{
	const json_t *item = evidence_find(bundle, id);
	CLEANUP(buf) struct buf line = { 0 };

	if (!item)
		return false;
	shell_add_call(&line, NULL, json_get_text(item, "tool", ""), json_object_get(item, "args"));
	page_add(page, STYLE_NAME, "%s", id);
	page_add(page, STYLE_STRONG, "  $ %s", buf_text(&line));
	page_end(page);
	page_add(page, STYLE_FAINT, "  %s  %.0f ms  sha256 %s", json_get_text(item, "time", ""),
		 json_get_number(item, "elapsed_ms", 0), json_get_text(item, "sha256", "-"));
	page_end(page);
	print_answer(item, page);
	return true;
}
