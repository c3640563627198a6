#include "server/api/document.h"

#include <string.h>

static const struct column columns[] = {
	{ "document", COLUMN_JSON },
	{ "created", COLUMN_TIME },
	{ "changed", COLUMN_TIME },
	{ "changed_by", COLUMN_TEXT },
	{ 0 },
};

json_t *document_row(const struct store_rows *rows, unsigned row)
{
	CLEANUP(json) json_t *all = exchange_row(rows, row, columns);
	json_t *document = json_incref(json_object_get(all, "document"));

	(void)json_object_del(all, "document");
	(void)json_object_update(document, all);
	return document;
}

bool document_take_name(struct exchange *exchange)
{
	const char *name = exchange->params[0];

	if (strcmp(exchange_member(exchange, "name", name), name) != 0) {
		exchange_refuse(exchange, 400, "bad_request",
				"the body: /name: is not '%.128s', as the path says", name);
		return false;
	}
	json_put(exchange->body, "name", json_text(name, strlen(name)));
	return true;
}

void document_removed(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange_answer(exchange, json_pack("{s:b}", "ok", 1));
}
