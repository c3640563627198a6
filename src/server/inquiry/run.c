#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/step.h"
#include "server/inquiry/foreign.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/inquiry/remedy.h"

#define THOUGHT_BYTES 1024

static const char event_sql[] =
	"INSERT INTO investigation_events (org, investigation, seq, time, type, data) "
	"VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING";
static const char guard_sql[] = "UPDATE investigations SET fence = $3 WHERE org = $1 AND id = $2 "
				"AND fence = $3";
static const char count_sql[] =
	"UPDATE investigations SET n_events = $3, n_calls = $4, tokens_in = $5, tokens_out = $6, "
	"cost_micros = $7 WHERE org = $1 AND id = $2";
static const char use_sql[] =
	"INSERT INTO investigation_use (org, investigation, counted, calls, time_ms, tokens, "
	"cost_micros) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (org, investigation) DO "
	"UPDATE SET counted = $3, calls = $4, time_ms = $5, tokens = $6, cost_micros = $7";

static void free_told(struct told *told)
{
	free(told->data);
	free(told);
}

static void handle_written(struct scroll *scroll, uint64_t tag)
{
	struct run *run = container_of(scroll, struct run, scroll);
	struct told *told = run->told;

	if (tag == RUN_TAG_LAST) {
		run_over(run);
		return;
	}
	if (tag == RUN_TAG_APPEAL) {
		if (run->inquiries->config.appealed)
			run->inquiries->config.appealed(run->inquiries->config.data);
		return;
	}
	if (tag == RUN_TAG_AUDIT) {
		if (run->inquiries->config.audited)
			run->inquiries->config.audited(run->org, run->inquiries->config.data);
		return;
	}
	run->told = told->next;
	if (!run->told)
		run->last_told = &run->told;
	step_reached("inquiry-told");
	watches_tell(run->inquiries, run,
		     &(struct inquiry_event) { .seq = told->seq,
					       .type = told->type,
					       .data = told->data,
					       .time_ns = told->time_ns });
	free_told(told);
}

/* It stays unfinished in the store: another server has it, or the next one tries again. */
static void handle_failed(struct scroll *scroll, const struct error *err)
{
	struct run *run = container_of(scroll, struct run, scroll);
	struct inquiries *inquiries = run->inquiries;

	run->is_lost = err->code == -ENOENT;
	if (run->is_lost)
		log_warn("investigation %s: another server has taken it over", run->id);
	else
		log_error("investigation %s cannot be recorded: %s", run->id, err->text);
	run_free(run);
	runs_schedule(inquiries);
}

struct run *run_new(struct inquiries *inquiries, const char *org, const char *id)
{
	struct run *run = calloc(1, sizeof(*run));

	if (!run)
		abort();
	run->inquiries = inquiries;
	run->number = ++inquiries->next_number;
	run->last_told = &run->told;
	text_format(run->org, sizeof(run->org), "%s", org);
	text_format(run->id, sizeof(run->id), "%s", id);
	run->scroll = (struct scroll) {
		.base = inquiries->config.base,
		.store = inquiries->config.store,
		.org = run->org,
		.written = handle_written,
		.failed = handle_failed,
	};
	scroll_init(&run->scroll);
	run_set_fence(run, 0);
	return run;
}

void run_set_fence(struct run *run, int64_t fence)
{
	run->guard_values[0] = store_text(run->org);
	run->guard_values[1] = store_text(run->id);
	run->guard_values[2] = store_int(fence);
	run->guard = (struct store_step) { guard_sql, run->guard_values,
					   ARRAY_LEN(run->guard_values), STORE_SOME };
	run->scroll.guard = run->guard;
}

void run_add(struct run *run)
{
	struct inquiries *inquiries = run->inquiries;

	run->link = inquiries->last_run;
	*inquiries->last_run = run;
	inquiries->last_run = &run->next;
	inquiries->counters.waiting++;
}

static void unlink_run(struct run *run)
{
	struct inquiries *inquiries = run->inquiries;

	if (!run->link)
		return;
	day_leave(run);
	*run->link = run->next;
	if (run->next)
		run->next->link = run->link;
	else
		inquiries->last_run = run->link;
	if (run->state == RUN_WAITING)
		inquiries->counters.waiting--;
	else
		inquiries->counters.running--;
}

void run_halt(struct run *run)
{
	if (run->ticket)
		store_forget(run->inquiries->config.store, run->ticket);
	run->ticket = 0;
	run->day.look = 0;
	run_forget_refresh(run);
	for (unsigned i = 0; i < run->n_legs; i++)
		leg_halt(&run->legs[i]);
	run_forget_foreign(run);
	if (run->deadline)
		event_free(run->deadline);
	run->deadline = NULL;
}

void run_free(struct run *run)
{
	json_t *const owned[] = { run->agents, run->request, run->recorded, run->earlier,
				  run->turns,  run->made,    run->skills,   run->first_report };

	if (run->remedy)
		run_free(run->remedy);
	run_halt(run);
	unlink_run(run);
	scroll_finish(&run->scroll);
	for (unsigned i = 0; i < run->n_legs; i++)
		leg_finish(&run->legs[i]);
	free(run->legs);
	appeals_free(run);
	for (size_t i = 0; i < ARRAY_LEN(owned); i++)
		json_decref(owned[i]);
	while (run->told) {
		struct told *told = run->told;

		run->told = told->next;
		free_told(told);
	}
	free(run->question);
	free(run);
}

struct run *run_find(const struct inquiries *inquiries, uint64_t number)
{
	struct run *run = inquiries->runs;

	while (run && run->number != number)
		run = run->next;
	return run;
}

struct run *run_find_id(const struct inquiries *inquiries, const char *org, const char *id)
{
	struct run *run = inquiries->runs;

	while (run && (strcmp(run->id, id) != 0 || strcmp(run->org, org) != 0))
		run = run->next;
	return run;
}

struct run *run_find_thread(const struct inquiries *inquiries, const char *org, const char *thread)
{
	struct run *run = inquiries->runs;

	while (run && (strcmp(run->org, org) != 0 || strcmp(run->thread, thread) != 0))
		run = run->next;
	return run;
}

void run_tell(struct run *run, const char *type, json_t *data)
{
	struct told *told = calloc(1, sizeof(*told));

	if (!told)
		abort();
	*told = (struct told) {
		.seq = ++run->last_seq,
		.time_ns = clock_wall_ns(),
		.type = type,
		.data = json_canonical(data),
	};
	json_decref(data);
	*run->last_told = told;
	run->last_told = &told->next;
	SCROLL_WRITE(&run->scroll, told->seq, event_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)told->seq), store_int((int64_t)told->time_ns),
		     store_text(type), store_text(told->data));
	run_count(run);
}

void run_count(struct run *run)
{
	struct spent spent = run_spent(run);
	struct use use = run_use(run);

	SCROLL_WRITE(&run->scroll, 0, count_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)run->last_seq), store_int(run->n_calls),
		     store_int(spent.tokens_in), store_int(spent.tokens_out),
		     store_int(spent.cost_micros));
	SCROLL_WRITE(&run->scroll, 0, use_sql, store_text(run->org), store_text(run->id),
		     store_int((int64_t)clock_wall_ns()), store_int((int64_t)use.of[USE_CALLS]),
		     store_int((int64_t)use.of[USE_TIME]), store_int((int64_t)use.of[USE_TOKENS]),
		     store_int((int64_t)use.of[USE_COST]));
}

void run_think(struct run *run, const char *format, ...)
{
	char text[THOUGHT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	run_tell(run, "thought", json_pack("{s:o}", "text", json_text(text, strlen(text))));
}

void run_leave_queue(struct run *run)
{
	run->inquiries->counters.waiting--;
	run->inquiries->counters.running++;
}

static unsigned running_of(const struct inquiries *inquiries, const char *org)
{
	unsigned n = 0;

	for (const struct run *run = inquiries->runs; run; run = run->next)
		n += run->state != RUN_WAITING && strcmp(run->org, org) == 0 && !run_is_remedy(run);
	return n;
}

/* Of those that work; a remedy mostly waits for a person. */
static unsigned running(const struct inquiries *inquiries)
{
	unsigned n = 0;

	for (const struct run *run = inquiries->runs; run; run = run->next)
		n += run->state != RUN_WAITING && !run_is_remedy(run);
	return n;
}

static bool may_start(const struct inquiries *inquiries, const struct run *run)
{
	return run_is_remedy(run) || (running(inquiries) < inquiries->config.concurrent &&
				      running_of(inquiries, run->org) < inquiries->config.per_org);
}

void runs_schedule(struct inquiries *inquiries)
{
	struct run *next;

	for (struct run *run = inquiries->runs; run; run = next) {
		next = run->next;
		if (run->state != RUN_WAITING)
			continue;
		if (may_start(inquiries, run)) {
			run_leave_queue(run);
			run->state = RUN_LOADING;
			day_ask(run);
		} else if (!run->is_said_to_wait) {
			run->is_said_to_wait = true;
			run_think(run, "It waits: %llu investigations are under way.",
				  (unsigned long long)inquiries->counters.running);
		}
	}
}

void run_begin(struct run *run)
{
	run->state = RUN_RUNNING;
	run_arm(run);
	run->n_open = run->n_legs;
	for (unsigned i = 0; i < run->n_legs; i++)
		leg_start(&run->legs[i]);
}

void run_leg_done(struct leg *leg)
{
	struct run *run = leg->run;

	if (leg->is_done)
		return;
	leg->is_done = true;
	leg_halt(leg);
	if (--run->n_open == 0)
		run_refresh(run);
}

void run_over(struct run *run)
{
	struct inquiries *inquiries = run->inquiries;
	char org[HUB_ID_BYTES], id[INQUIRY_ID_BYTES];

	text_format(org, sizeof(org), "%s", run->org);
	text_format(id, sizeof(id), "%s", run->id);
	remedy_begin(run);
	run_free(run);
	watches_end(inquiries, org, id);
	if (inquiries->config.finished)
		inquiries->config.finished(org, id, inquiries->config.data);
	runs_schedule(inquiries);
}
