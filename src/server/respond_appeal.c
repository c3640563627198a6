/*
 * What an investigation asks of people becomes deliveries: to the destinations of its pipeline, or
 * of its incident where a person began it. One after another, each in the batch that says so.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/step.h"
#include "server/inquiry/appeal.h"
#include "server/notify/send.h"
#include "server/respond_internal.h"

static const char routes_sql[] =
	"SELECT route FROM reactions WHERE org = $1 AND incident = $2 AND state <> 'skipped' AND "
	"(thread = $3 OR NOT EXISTS (SELECT 1 FROM reactions t WHERE t.org = $1 AND t.incident = "
	"$2 AND t.thread = $3)) LIMIT 64";

/* One that is in hand. */
struct notice {
	struct notice *next;
	struct respond *respond;
	char org[REACTION_ID_BYTES], id[REACTION_ID_BYTES], incident[REACTION_ID_BYTES];
	char thread[REACTION_THREAD_BYTES];
	bool is_open, was_told;
	json_t *appeal, *brief;
};

/* All that one batch needs until it was submitted. */
struct telling {
	struct send sends[RESPOND_MAX_DESTINATIONS];
	unsigned n;
	struct store_step steps[1 + RESPOND_MAX_DESTINATIONS * SEND_MAX_STEPS];
	unsigned n_steps;
	struct store_value room[APPEAL_PARAMS];
	json_t *document;
};

static void tell_next(struct respond *respond);

static void free_notice(struct notice *notice)
{
	json_decref(notice->appeal);
	json_decref(notice->brief);
	free(notice);
}

/* It is first in its list, and no more. */
static void end(struct notice *notice)
{
	struct respond *respond = notice->respond;

	respond->notices = notice->next;
	free_notice(notice);
	tell_next(respond);
}

static void handle_told(const struct store_result *result UNUSED, const struct error *err,
			void *data)
{
	struct notice *notice = data;

	step_reached("respond-appealed");
	/* -ENOENT: another server told it, or a destination went: the next look knows. */
	if (err && err->code != -ENOENT)
		log_warn("appeal %s is not told yet: %s", notice->id, err->text);
	if (!err)
		outbox_look(notice->respond->config.outbox);
	end(notice);
}

static void add(struct telling *telling, const struct notice *notice, const char *destination)
{
	struct send *send = &telling->sends[telling->n];
	const struct outbox_message message = {
		.org = notice->org,
		.destination = destination,
		.incident = notice->incident,
		.event = "appeal",
		.document = telling->document,
	};
	struct error err = { 0 };

	if (telling->n == RESPOND_MAX_DESTINATIONS ||
	    send_init(send, notice->respond->config.outbox, &message, &err) < 0) {
		log_warn("appeal %s is not told to %s: %s", notice->id, destination,
			 err.code ? err.text : "too many destinations");
		return;
	}
	telling->n++;
	for (unsigned i = 0; i < send->n; i++)
		telling->steps[telling->n_steps++] = send->steps[i];
}

static bool is_wanted(const struct store_rows *routes, const char *id, const char *name)
{
	for (unsigned i = 0; i < routes->n_rows; i++) {
		CLEANUP(json) json_t *route = json_loads(store_text_at(routes, i, 0), 0, NULL);

		if (destination_is_wanted(json_object_get(route, "destinations"), id, name))
			return true;
	}
	return false;
}

/* One that ended before anybody was told of it is nobody's business. */
static void add_all(struct telling *telling, const struct notice *notice,
		    const struct store_result *result)
{
	const struct store_rows *routes = &result->steps[0], *destinations = &result->steps[1];

	telling->document = json_pack("{s:s, s:O?, s:O}", "kind", "appeal", "incident",
				      notice->brief, "appeal", notice->appeal);
	telling->n_steps = 1;
	for (unsigned i = 0; i < destinations->n_rows && (notice->is_open || notice->was_told); i++)
		if (is_wanted(routes, store_text_at(destinations, i, 0),
			      store_text_at(destinations, i, 1)))
			add(telling, notice, store_text_at(destinations, i, 0));
	telling->steps[0] = appeal_step(
		notice->org, notice->id,
		notice->is_open && telling->n ? APPEAL_TOLD_OPEN : APPEAL_TOLD_END, telling->room);
}

static void handle_places(const struct store_result *result, const struct error *err, void *data)
{
	struct notice *notice = data;
	struct telling *telling;
	struct store_batch batch;

	if (err) {
		end(notice);
		return;
	}
	telling = calloc(1, sizeof(*telling));
	if (!telling)
		abort();
	add_all(telling, notice, result);
	batch = (struct store_batch) { .org = notice->org,
				       .steps = telling->steps,
				       .n_steps = telling->n_steps };
	(void)store_submit(notice->respond->config.store, &batch, handle_told, notice);
	for (unsigned i = 0; i < telling->n; i++)
		send_finish(&telling->sends[i]);
	json_decref(telling->document);
	free(telling);
}

static void find_places(struct notice *notice)
{
	const struct store_value org = store_text(notice->org);
	const struct store_value params[] = { org, store_text(notice->incident),
					      store_text(notice->thread) };
	const struct store_step steps[] = {
		{ routes_sql, params, ARRAY_LEN(params), STORE_ANY },
		{ destinations_sql, &org, 1, STORE_ANY },
	};
	const struct store_batch batch = { .org = notice->org,
					   .steps = steps,
					   .n_steps = ARRAY_LEN(steps) };

	(void)store_submit(notice->respond->config.store, &batch, handle_places, notice);
}

static void handle_incident(const json_t *incident, const struct error *err, void *data)
{
	struct notice *notice = data;

	if (err && err->code != -ENOENT) {
		end(notice);
		return;
	}
	notice->brief = incident_brief(incident);
	find_places(notice);
}

static void tell_next(struct respond *respond)
{
	struct notice *notice = respond->notices;

	if (notice && respond->is_started) {
		incident_read(respond->config.store, notice->org, notice->incident, handle_incident,
			      notice);
		return;
	}
	respond->is_telling = false;
	if (respond->must_tell)
		respond_look_at_appeals(respond);
}

static void handle_found(const struct appeal_item *item, void *data)
{
	struct respond *respond = data;
	struct notice *notice = calloc(1, sizeof(*notice)), **last = &respond->notices;

	if (!notice)
		abort();
	notice->respond = respond;
	text_format(notice->org, sizeof(notice->org), "%s", item->org);
	text_format(notice->id, sizeof(notice->id), "%s", item->id);
	text_format(notice->incident, sizeof(notice->incident), "%s", item->incident);
	text_format(notice->thread, sizeof(notice->thread), "%s", item->thread);
	notice->is_open = item->is_open;
	notice->was_told = item->was_told;
	notice->appeal = json_deep_copy(item->document);
	while (*last)
		last = &(*last)->next;
	*last = notice;
	respond->must_tell = respond->must_tell || respond->n_notices++ == APPEAL_MAX_DUE - 1;
}

static void handle_all_found(const struct error *err, void *data)
{
	struct respond *respond = data;

	if (err)
		log_warn("what people are asked: %s", err->text);
	tell_next(respond);
}

void respond_look_at_appeals(struct respond *respond)
{
	const struct appeal_finder finder = { handle_found, handle_all_found, respond };

	if (!respond->is_started)
		return;
	respond->must_tell = respond->is_telling;
	if (respond->is_telling)
		return;
	respond->is_telling = true;
	respond->n_notices = 0;
	appeal_find_due(respond->config.store, &finder);
}

void respond_drop_appeals(struct respond *respond)
{
	while (respond->notices) {
		struct notice *notice = respond->notices;

		respond->notices = notice->next;
		free_notice(notice);
	}
}

void respond_to_appeals(void *data)
{
	respond_look_at_appeals(data);
}
