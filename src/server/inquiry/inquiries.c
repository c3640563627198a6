#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/redact.h"
#include "server/inquiry/inquiries_internal.h"

static const char take_sql[] =
	"UPDATE investigations SET owner = $1, fence = fence + 1 WHERE finished IS NULL AND "
	"(owner = $2 OR $3 = 1)";
static const char unfinished_sql[] =
	"SELECT org, id, thread, caller, question, agents, request, max_ms, max_calls, max_tokens, "
	"max_cost_micros, started, n_calls, (SELECT COALESCE(MAX(seq), 0) FROM "
	"investigation_events "
	"WHERE investigation_events.org = investigations.org AND investigation = "
	"investigations.id), fence, waited_ms, COALESCE(waits_since, 0), "
	"tokens_in, tokens_out, cost_micros "
	"FROM investigations WHERE owner = $1 AND finished IS NULL ORDER BY created";

/* Nothing can be started any more, and nobody but a supervisor can change that. */
static void handle_starter(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct inquiries *inquiries = data;

	if (!starter_is_gone(&inquiries->starter))
		return;
	(void)event_del(inquiries->starter_gone);
	log_error("what starts investigators has ended");
	if (inquiries->config.lost)
		inquiries->config.lost(inquiries->config.data);
}

struct inquiries *inquiries_new(const struct inquiry_config *config, struct error *err)
{
	struct inquiries *inquiries = calloc(1, sizeof(*inquiries));

	if (!inquiries)
		abort();
	inquiries->config = *config;
	text_format(inquiries->owner, sizeof(inquiries->owner), "%s", config->owner);
	inquiries->config.owner = inquiries->owner;
	inquiries->last_run = &inquiries->runs;
	if (starter_open(&inquiries->starter, config->executables, err) < 0) {
		free(inquiries);
		return NULL;
	}
	inquiries->starter_gone = event_new(config->base, inquiries->starter.fd,
					    EV_READ | EV_PERSIST, handle_starter, inquiries);
	if (!inquiries->starter_gone || event_add(inquiries->starter_gone, NULL) < 0)
		abort();
	elsewhere_open(inquiries);
	day_open(inquiries);
	return inquiries;
}

void inquiries_stop(struct inquiries *inquiries)
{
	inquiries->is_stopped = true;
	creations_drop(inquiries);
	givings_drop(inquiries);
	elsewhere_stop(inquiries);
	if (inquiries->resume_ticket)
		store_forget(inquiries->config.store, inquiries->resume_ticket);
	inquiries->resume_ticket = 0;
	while (inquiries->runs)
		run_free(inquiries->runs);
	day_stop(inquiries);
}

struct redactor *inquiries_redactor(struct inquiries *inquiries)
{
	if (!inquiries->redactor)
		inquiries->redactor = redactor_new();
	return inquiries->redactor;
}

void inquiries_free(struct inquiries *inquiries)
{
	if (!inquiries)
		return;
	inquiries_stop(inquiries);
	watches_drop(inquiries);
	tools_questions_drop(inquiries);
	event_free(inquiries->starter_gone);
	starter_close(&inquiries->starter);
	redactor_free(inquiries->redactor);
	free(inquiries);
}

static struct run *run_of_row(struct inquiries *inquiries, const struct store_rows *rows,
			      unsigned row)
{
	struct run *run =
		run_new(inquiries, store_text_at(rows, row, 0), store_text_at(rows, row, 1));

	text_format(run->thread, sizeof(run->thread), "%s", store_text_at(rows, row, 2));
	text_format(run->caller, sizeof(run->caller), "%s", store_text_at(rows, row, 3));
	run->question = strdup(store_text_at(rows, row, 4));
	run->agents = json_loads(store_text_at(rows, row, 5), 0, NULL);
	run->request = json_loads(store_text_at(rows, row, 6), 0, NULL);
	run->budget = (struct inquiry_budget) {
		.time_ns = (uint64_t)store_int_at(rows, row, 7) * NS_PER_MS,
		.calls = (unsigned)store_int_at(rows, row, 8),
		.tokens = (uint64_t)store_int_at(rows, row, 9),
		.cost_micros = (uint64_t)store_int_at(rows, row, 10),
	};
	run->started_ns = (uint64_t)store_int_at(rows, row, 11);
	run->n_calls = (unsigned)store_int_at(rows, row, 12);
	run->last_seq = (uint64_t)store_int_at(rows, row, 13);
	run->before = (struct spent) {
		.tokens_in = store_int_at(rows, row, 17),
		.tokens_out = store_int_at(rows, row, 18),
		.cost_micros = store_int_at(rows, row, 19),
	};
	run->goes_on = run->started_ns != 0;
	run_set_fence(run, store_int_at(rows, row, 14));
	return run;
}

/* What another server left, and what was ours before a restart. */
static void begin_again(struct inquiries *inquiries, const struct store_rows *rows, unsigned row)
{
	struct run *run;

	if (run_find_id(inquiries, store_text_at(rows, row, 0), store_text_at(rows, row, 1)))
		return;
	run = run_of_row(inquiries, rows, row);
	inquiries->counters.resumed++;
	run_add(run);
	run_restore_waited(run, (uint64_t)store_int_at(rows, row, 15) * NS_PER_MS,
			   (uint64_t)store_int_at(rows, row, 16));
	run->day.on_record = run_use(run); /* before a look says so, too */
	run_think(run, inquiries->has_resumed
			       ? "Another server takes it over: the investigation goes on."
			       : "The server was started again: the investigation goes on.");
	log_info("investigation %s goes on", run->id);
}

static void handle_unfinished(const struct store_result *result, const struct error *err,
			      void *data)
{
	struct inquiries *inquiries = data;

	inquiries->resume_ticket = 0;
	if (err) {
		log_error("unfinished investigations could not be read: %s", err->text);
		if (err->code == -EIO)
			inquiries_resume(inquiries); /* the store starts again meanwhile */
		return;
	}
	for (unsigned i = 0; i < result->steps[1].n_rows; i++)
		begin_again(inquiries, &result->steps[1], i);
	inquiries->has_resumed = true;
	runs_schedule(inquiries);
	if (inquiries->must_resume)
		inquiries_resume(inquiries);
}

struct store_step inquiries_take_step(const struct inquiries *inquiries, const char *from,
				      struct store_value room[INQUIRIES_TAKE_PARAMS])
{
	room[0] = store_text(inquiries->owner);
	room[1] = store_text(from);
	/* A database that nobody shares may have moved here with all that is in it. */
	room[2] = store_int(inquiries->config.is_alone && !inquiries->has_resumed);
	return (struct store_step) { take_sql, room, INQUIRIES_TAKE_PARAMS, STORE_ANY };
}

/* A write of nothing: where the fence is another's, it fails. */
void inquiries_doubt(struct inquiries *inquiries)
{
	for (struct run *run = inquiries->runs; run; run = run->next)
		run_count(run);
}

void inquiries_resume(struct inquiries *inquiries)
{
	const struct store_value owner = store_text(inquiries->owner);
	struct store_value room[INQUIRIES_TAKE_PARAMS];
	/* Once: what we took with this fence is ours until another server takes it. */
	const struct store_step steps[] = {
		inquiries_take_step(inquiries, inquiries->has_resumed ? "" : inquiries->owner,
				    room),
		{ unfinished_sql, &owner, 1, STORE_ANY },
	};
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = ARRAY_LEN(steps),
	};

	inquiries->must_resume = inquiries->resume_ticket != 0;
	if (inquiries->resume_ticket || inquiries->is_stopped)
		return;
	inquiries->resume_ticket =
		store_submit(inquiries->config.store, &batch, handle_unfinished, inquiries);
}

void inquiry_metrics(const struct inquiries *inquiries, struct buf *page)
{
	const struct inquiry_counters *counters = &inquiries->counters;
	const struct {
		const char *name, *kind;
		uint64_t n;
	} rows[] = {
		{ "investigations_running", "gauge", counters->running },
		{ "investigations_queued", "gauge", counters->waiting },
		{ "investigations_resumed_total", "counter", counters->resumed },
		{ "investigation_watchers", "gauge", counters->watchers },
		{ "investigators", "gauge", counters->investigators },
		{ "investigation_calls_total", "counter", counters->calls },
		{ "investigation_calls_replayed_total", "counter", counters->replayed },
	};

	for (size_t i = 0; i < ARRAY_LEN(rows); i++)
		buf_add_format(page, "# TYPE constable_%s %s\nconstable_%s %llu\n", rows[i].name,
			       rows[i].kind, rows[i].name, (unsigned long long)rows[i].n);
	day_metrics(inquiries, page);
	tally_metrics(&inquiries->tally, inquiries->config.models, page);
}
