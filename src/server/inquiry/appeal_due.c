/* Which appeals destinations are to be told of. */
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/appeal.h"

/* APPEAL_MAX_DUE of them */
static const char due_sql[] =
	"SELECT a.org, a.id, a.investigation, i.thread, COALESCE(i.incident, ''), a.kind, a.state, "
	"a.told, a.expires, a.closed_by, a.answer, a.data FROM appeals a JOIN investigations i ON "
	"i.org = a.org AND i.id = a.investigation WHERE a.org >= $1 AND (a.told = 0 OR (a.told = 1 "
	"AND a.state <> 'open')) ORDER BY a.asked, a.id LIMIT 32";
static const char told_sql[] = "UPDATE appeals SET told = $3 WHERE org = $1 AND id = $2 AND "
			       "told < $3";

enum column {
	AT_ORG,
	AT_ID,
	AT_INVESTIGATION,
	AT_THREAD,
	AT_INCIDENT,
	AT_KIND,
	AT_STATE,
	AT_TOLD,
	AT_EXPIRES,
	AT_BY,
	AT_ANSWER,
	AT_DATA,
};

static json_t *document_of(const struct store_rows *rows, unsigned row)
{
	json_t *document = json_loads(store_text_at(rows, row, AT_DATA), 0, NULL);
	char expires[CLOCK_TEXT_BYTES];

	if (!json_is_object(document)) {
		json_decref(document);
		document = json_object();
	}
	(void)json_object_del(json_object_get(document, "form"), "url"); /* for approvers alone */
	json_put(document, "id", json_string(store_text_at(rows, row, AT_ID)));
	json_put(document, "type", json_string(store_text_at(rows, row, AT_KIND)));
	json_put(document, "state", json_string(store_text_at(rows, row, AT_STATE)));
	json_put(document, "investigation",
		 json_string(store_text_at(rows, row, AT_INVESTIGATION)));
	json_put(document, "expires",
		 json_string(clock_format((uint64_t)store_int_at(rows, row, AT_EXPIRES), expires)));
	if (store_at(rows, row, AT_BY)->kind == STORE_TEXT)
		json_put(document, "by", json_string(store_text_at(rows, row, AT_BY)));
	if (store_at(rows, row, AT_ANSWER)->kind == STORE_TEXT)
		json_put(document, "answer", json_string(store_text_at(rows, row, AT_ANSWER)));
	return document;
}

static void tell(const struct store_rows *rows, unsigned row, const struct appeal_finder *finder)
{
	CLEANUP(json) json_t *document = document_of(rows, row);
	const struct appeal_item item = {
		.org = store_text_at(rows, row, AT_ORG),
		.id = store_text_at(rows, row, AT_ID),
		.investigation = store_text_at(rows, row, AT_INVESTIGATION),
		.thread = store_text_at(rows, row, AT_THREAD),
		.incident = store_text_at(rows, row, AT_INCIDENT),
		.is_open = strcmp(store_text_at(rows, row, AT_STATE), "open") == 0,
		.was_told = store_int_at(rows, row, AT_TOLD) == APPEAL_TOLD_OPEN,
		.document = document,
	};

	finder->found(&item, finder->data);
}

static void handle_due(const struct store_result *result, const struct error *err, void *data)
{
	struct appeal_finder *finder = data;

	for (unsigned i = 0; result && i < result->steps[0].n_rows; i++)
		tell(&result->steps[0], i, finder);
	finder->done(err, finder->data);
	free(finder);
}

void appeal_find_due(struct store *store, const struct appeal_finder *finder)
{
	const struct store_value first = store_text("");
	const struct store_step step = { due_sql, &first, 1, STORE_ANY };
	const struct store_batch batch = { .org = STORE_EVERY_ORG, .steps = &step, .n_steps = 1 };
	struct appeal_finder *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *finder;
	(void)store_submit(store, &batch, handle_due, copy);
}

struct store_step appeal_step(const char *org, const char *id, enum appeal_told told,
			      struct store_value room[APPEAL_PARAMS])
{
	room[0] = store_text(org);
	room[1] = store_text(id);
	room[2] = store_int(told);
	return (struct store_step) { told_sql, room, APPEAL_PARAMS, STORE_SOME };
}
