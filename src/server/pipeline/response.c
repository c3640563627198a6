#include "server/pipeline/response.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"

/* RESPONSE_MAX_DUE of each */
#define ROWS "r.org, r.incident, r.pipeline, r.round, r.thread, r.route"

static const char planned_sql[] = "SELECT " ROWS " FROM responses r WHERE r.org >= $1 "
				  "AND r.state = 'planned' ORDER BY r.created LIMIT 64";
/* The first question of its thread since it was started: later ones are people's. */
static const char ended_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM responses r "
	"JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.created >= r.changed AND i.finished IS NOT NULL "
	"WHERE r.org >= $1 AND r.state = 'started' "
	"ORDER BY r.created, r.org, r.incident, r.pipeline, r.round, i.turn LIMIT 16";
static const char closing_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM responses r "
	"LEFT JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.turn = (SELECT max(j.turn) FROM investigations j WHERE j.org = r.org "
	"AND j.thread = r.thread AND j.report IS NOT NULL) "
	"WHERE r.org >= $1 AND r.state = 'told' AND r.ended = 1 ORDER BY r.created LIMIT 16";
static const char reopening_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM responses r "
	"LEFT JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.turn = (SELECT max(j.turn) FROM investigations j WHERE j.org = r.org "
	"AND j.thread = r.thread AND j.report IS NOT NULL) "
	"WHERE r.org >= $1 AND r.state = 'reopened' ORDER BY r.created LIMIT 16";

static const char ended_turn_sql[] =
	"UPDATE responses SET ended = 1, state = CASE state WHEN 'reopened' THEN 'closed' "
	"ELSE state END WHERE org = $1 AND incident = $2";
static const char merged_turn_sql[] =
	"UPDATE responses SET ended = 1, state = CASE state WHEN 'reopened' THEN 'closed' "
	"WHEN 'planned' THEN 'skipped' ELSE state END WHERE org = $1 AND incident = $2";
static const char reopened_turn_sql[] =
	"UPDATE responses SET ended = 0, state = CASE state WHEN 'closed' THEN 'reopened' "
	"ELSE state END WHERE org = $1 AND incident = $2";

#define TAKES(before, after)                                                         \
	"UPDATE responses SET state = '" after "', changed = $5 WHERE org = $1 AND " \
	"incident = $2 AND pipeline = $3 AND round = $4 AND state = '" before "'"

void response_finish(struct response *response)
{
	json_decref(response->route);
	response->route = NULL;
}

struct response *response_copy(const struct response *response)
{
	struct response *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *response;
	json_incref(copy->route);
	return copy;
}

void response_free(struct response *response)
{
	response_finish(response);
	free(response);
}

void response_turn(struct store *store, const char *org, const char *incident,
		   enum response_turn turn, store_done *done, void *data)
{
	static const char *const texts[] = {
		[RESPONSE_ENDED] = ended_turn_sql,
		[RESPONSE_REOPENED] = reopened_turn_sql,
		[RESPONSE_MERGED] = merged_turn_sql,
	};
	const struct store_value params[] = { store_text(org), store_text(incident) };
	const struct store_step step = { texts[turn], params, ARRAY_LEN(params), STORE_ANY };
	const struct store_batch batch = { .org = org, .steps = &step, .n_steps = 1 };

	(void)store_submit(store, &batch, done, data);
}

static void read_response(const struct store_rows *rows, unsigned row, struct response *response)
{
	text_format(response->org, sizeof(response->org), "%s", store_text_at(rows, row, 0));
	text_format(response->incident, sizeof(response->incident), "%s",
		    store_text_at(rows, row, 1));
	text_format(response->pipeline, sizeof(response->pipeline), "%s",
		    store_text_at(rows, row, 2));
	response->round = store_int_at(rows, row, 3);
	text_format(response->thread, sizeof(response->thread), "%s", store_text_at(rows, row, 4));
	response->route = json_loads(store_text_at(rows, row, 5), 0, NULL);
}

static bool is_same(const struct response *one, const struct response *other)
{
	return one->round == other->round && strcmp(one->org, other->org) == 0 &&
	       strcmp(one->incident, other->incident) == 0 &&
	       strcmp(one->pipeline, other->pipeline) == 0;
}

static const char *text_or_null(const struct store_rows *rows, unsigned row, unsigned column)
{
	return store_at(rows, row, column)->kind == STORE_TEXT ? store_text_at(rows, row, column)
							       : NULL;
}

static void tell_rows(const struct store_rows *rows, enum response_due due,
		      const struct response_finder *finder)
{
	struct response last = { 0 };

	for (unsigned row = 0; row < rows->n_rows; row++) {
		struct response_item item = { .due = due };

		read_response(rows, row, &item.response);
		if (due != RESPONSE_TO_START) {
			item.investigation = store_text_at(rows, row, 6);
			item.report = text_or_null(rows, row, 7);
			item.failure = store_text_at(rows, row, 8);
		}
		if (item.response.route && !is_same(&item.response, &last))
			finder->found(&item, finder->data);
		last = item.response;
		response_finish(&item.response);
	}
}

static void handle_due(const struct store_result *result, const struct error *err, void *data)
{
	struct response_finder *finder = data;

	for (unsigned i = 0; result && i < result->n_steps; i++)
		tell_rows(&result->steps[i], (enum response_due)i, finder);
	finder->done(err, finder->data);
	free(finder);
}

void response_find_due(struct store *store, const struct response_finder *finder)
{
	const struct store_value first = store_text("");
	const struct store_step steps[] = {
		[RESPONSE_TO_START] = { planned_sql, &first, 1, STORE_ANY },
		[RESPONSE_TO_TELL] = { ended_sql, &first, 1, STORE_ANY },
		[RESPONSE_TO_CLOSE] = { closing_sql, &first, 1, STORE_ANY },
		[RESPONSE_TO_REOPEN] = { reopening_sql, &first, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};
	struct response_finder *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *finder;
	(void)store_submit(store, &batch, handle_due, copy);
}

struct store_step response_step(const struct response *response, enum response_step step,
				struct store_value room[RESPONSE_PARAMS])
{
	static const char *const texts[] = {
		[RESPONSE_STARTS] = TAKES("planned", "started"),
		[RESPONSE_TELLS] = TAKES("started", "told"),
		[RESPONSE_CLOSES] = TAKES("told", "closed") " AND ended = 1",
		[RESPONSE_REOPENS] = TAKES("reopened", "told") " AND ended = 0",
		[RESPONSE_SKIPS] = TAKES("planned", "skipped"),
	};

	room[0] = store_text(response->org);
	room[1] = store_text(response->incident);
	room[2] = store_text(response->pipeline);
	room[3] = store_int(response->round);
	room[4] = store_int((int64_t)clock_wall_ns());
	return (struct store_step) { texts[step], room, RESPONSE_PARAMS, STORE_SOME };
}

struct store_step response_upkeep_step(struct store_value params_out[1])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - RESPONSE_KEPT_NS));
	return (struct store_step) { "DELETE FROM responses WHERE changed < $1", params_out, 1,
				     STORE_ANY };
}
