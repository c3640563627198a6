#include "server/pipeline/reaction.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/api/exchange.h"

/* REACTION_MAX_DUE of each */
#define ROWS "r.org, r.incident, r.pipeline, r.round, r.thread, r.route"

/* All rounds end together, and with one message. */
#define LAST                                                                       \
	"r.round = (SELECT max(q.round) FROM reactions q WHERE q.org = r.org AND " \
	"q.incident = r.incident AND q.pipeline = r.pipeline AND q.state <> 'skipped')"

static const char planned_sql[] = "SELECT " ROWS " FROM reactions r WHERE r.org >= $1 "
				  "AND r.state = 'planned' ORDER BY r.created LIMIT 64";
/* The first question of its thread since it was started: later ones are people's. */
static const char ended_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM reactions r "
	"JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.created >= r.changed AND i.finished IS NOT NULL "
	"WHERE r.org >= $1 AND r.state = 'started' "
	"ORDER BY r.created, r.org, r.incident, r.pipeline, r.round, i.turn LIMIT 16";
static const char closing_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM reactions r "
	"LEFT JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.turn = (SELECT max(j.turn) FROM investigations j WHERE j.org = r.org "
	"AND j.thread = r.thread AND j.report IS NOT NULL) "
	"WHERE r.org >= $1 AND r.state = 'told' AND r.ended = 1 AND " LAST " ORDER BY r.created "
	"LIMIT 16";
static const char reopening_sql[] =
	"SELECT " ROWS ", i.id, i.report, i.error FROM reactions r "
	"LEFT JOIN investigations i ON i.org = r.org AND i.thread = r.thread "
	"AND i.turn = (SELECT max(j.turn) FROM investigations j WHERE j.org = r.org "
	"AND j.thread = r.thread AND j.report IS NOT NULL) "
	"WHERE r.org >= $1 AND r.state = 'reopened' AND " LAST " ORDER BY r.created LIMIT 16";

static const char ended_turn_sql[] =
	"UPDATE reactions SET ended = 1, state = CASE state WHEN 'reopened' THEN 'closed' "
	"ELSE state END WHERE org = $1 AND incident = $2";
static const char merged_turn_sql[] =
	"UPDATE reactions SET ended = 1, state = CASE state WHEN 'reopened' THEN 'closed' "
	"WHEN 'planned' THEN 'skipped' ELSE state END WHERE org = $1 AND incident = $2";
static const char reopened_turn_sql[] =
	"UPDATE reactions SET ended = 0, state = CASE state WHEN 'closed' THEN 'reopened' "
	"ELSE state END WHERE org = $1 AND incident = $2";

#define TAKES(before, after, rounds)                                                 \
	"UPDATE reactions SET state = '" after "', changed = $5 WHERE org = $1 AND " \
	"incident = $2 AND pipeline = $3 AND round " rounds " $4 AND state = '" before "'"

void reaction_finish(struct reaction *reaction)
{
	json_decref(reaction->route);
	reaction->route = NULL;
}

struct reaction *reaction_copy(const struct reaction *reaction)
{
	struct reaction *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *reaction;
	json_incref(copy->route);
	return copy;
}

void reaction_free(struct reaction *reaction)
{
	reaction_finish(reaction);
	free(reaction);
}

void reaction_turn(struct store *store, const char *org, const char *incident,
		   enum reaction_turn turn, store_done *done, void *data)
{
	static const char *const texts[] = {
		[REACTION_ENDED] = ended_turn_sql,
		[REACTION_REOPENED] = reopened_turn_sql,
		[REACTION_MERGED] = merged_turn_sql,
	};
	const struct store_value params[] = { store_text(org), store_text(incident) };
	const struct store_step step = { texts[turn], params, ARRAY_LEN(params), STORE_ANY };
	const struct store_batch batch = { .org = org, .steps = &step, .n_steps = 1 };

	(void)store_submit(store, &batch, done, data);
}

static void read_reaction(const struct store_rows *rows, unsigned row, struct reaction *reaction)
{
	text_format(reaction->org, sizeof(reaction->org), "%s", store_text_at(rows, row, 0));
	text_format(reaction->incident, sizeof(reaction->incident), "%s",
		    store_text_at(rows, row, 1));
	text_format(reaction->pipeline, sizeof(reaction->pipeline), "%s",
		    store_text_at(rows, row, 2));
	reaction->round = store_int_at(rows, row, 3);
	text_format(reaction->thread, sizeof(reaction->thread), "%s", store_text_at(rows, row, 4));
	reaction->route = json_loads(store_text_at(rows, row, 5), 0, NULL);
}

static bool is_same(const struct reaction *one, const struct reaction *other)
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

static void tell_rows(const struct store_rows *rows, enum reaction_due due,
		      const struct reaction_finder *finder)
{
	struct reaction last = { 0 };

	for (unsigned row = 0; row < rows->n_rows; row++) {
		struct reaction_item item = { .due = due };

		read_reaction(rows, row, &item.reaction);
		if (due != REACTION_TO_START) {
			item.investigation = store_text_at(rows, row, 6);
			item.report = text_or_null(rows, row, 7);
			item.failure = store_text_at(rows, row, 8);
		}
		if (item.reaction.route && !is_same(&item.reaction, &last))
			finder->found(&item, finder->data);
		last = item.reaction;
		reaction_finish(&item.reaction);
	}
}

static void handle_due(const struct store_result *result, const struct error *err, void *data)
{
	struct reaction_finder *finder = data;

	for (unsigned i = 0; result && i < result->n_steps; i++)
		tell_rows(&result->steps[i], (enum reaction_due)i, finder);
	finder->done(err, finder->data);
	free(finder);
}

void reaction_find_due(struct store *store, const struct reaction_finder *finder)
{
	const struct store_value first = store_text("");
	const struct store_step steps[] = {
		[REACTION_TO_START] = { planned_sql, &first, 1, STORE_ANY },
		[REACTION_TO_TELL] = { ended_sql, &first, 1, STORE_ANY },
		[REACTION_TO_CLOSE] = { closing_sql, &first, 1, STORE_ANY },
		[REACTION_TO_REOPEN] = { reopening_sql, &first, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};
	struct reaction_finder *copy = malloc(sizeof(*copy));

	if (!copy)
		abort();
	*copy = *finder;
	(void)store_submit(store, &batch, handle_due, copy);
}

struct store_step reaction_step(const struct reaction *reaction, enum reaction_step step,
				struct store_value room[REACTION_PARAMS])
{
	static const char *const texts[] = {
		[REACTION_STARTS] = TAKES("planned", "started", "="),
		[REACTION_TELLS] = TAKES("started", "told", "="),
		[REACTION_CLOSES] = TAKES("told", "closed", "<=") " AND ended = 1",
		[REACTION_REOPENS] = TAKES("reopened", "told", "<=") " AND ended = 0",
		[REACTION_SKIPS] = TAKES("planned", "skipped", "="),
	};

	room[0] = store_text(reaction->org);
	room[1] = store_text(reaction->incident);
	room[2] = store_text(reaction->pipeline);
	room[3] = store_int(reaction->round);
	room[4] = store_int((int64_t)clock_wall_ns());
	return (struct store_step) { texts[step], room, REACTION_PARAMS, STORE_SOME };
}

struct store_step reaction_upkeep_step(struct store_value params_out[1])
{
	params_out[0] = store_int((int64_t)(clock_wall_ns() - REACTION_KEPT_NS));
	return (struct store_step) { "DELETE FROM reactions WHERE changed < $1", params_out, 1,
				     STORE_ANY };
}
