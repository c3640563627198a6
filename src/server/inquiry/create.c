/* A new investigation: into the store with its first event, then among the runs. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "identity/token.h"
#include "server/inquiry/inquiries_internal.h"

#define THREAD_RANDOM_CHARS 16
#define TITLE_BYTES 120

static const char thread_sql[] =
	"INSERT INTO threads (org, id, created, updated, caller, incident, n_turns, title) VALUES "
	"($1, $2, $3, $3, $4, $5, 1, $6) ON CONFLICT (org, id) DO UPDATE SET updated = $3, "
	"n_turns = threads.n_turns + 1";

/* No row where no agents are named and the thread has none either. */
static const char investigation_sql[] =
	"INSERT INTO investigations (org, id, thread, turn, state, owner, caller, engine, "
	"incident, "
	"created, max_ms, max_calls, max_tokens, max_cost_micros, question, agents, request, "
	"n_events) SELECT CAST($1 AS TEXT), CAST($2 AS TEXT), CAST($3 AS TEXT), n_turns, 'queued', "
	"CAST($4 AS TEXT), CAST($5 AS TEXT), CAST($6 AS TEXT), CAST($7 AS TEXT), "
	"CAST($8 AS BIGINT), CAST($9 AS BIGINT), CAST($10 AS BIGINT), CAST($11 AS BIGINT), "
	"CAST($12 AS BIGINT), CAST($13 AS TEXT), agents, CAST($15 AS TEXT), 1 FROM threads, "
	"(SELECT COALESCE(CAST($14 AS TEXT), (SELECT agents FROM investigations WHERE org = $1 AND "
	"thread = $3 ORDER BY turn DESC LIMIT 1)) AS agents) AS chosen "
	"WHERE org = $1 AND id = $3 AND agents IS NOT NULL RETURNING agents";

static const char event_sql[] = "INSERT INTO investigation_events (org, investigation, seq, time, "
				"type, data) VALUES ($1, $2, 1, $3, 'thought', $4)";

struct creation {
	struct inquiries *inquiries;
	struct creation *next, **link;
	struct run *run; /* not among the runs yet */
	uint64_t ticket;
	struct error why;     /* it is refused: */
	struct event *refuse; /* from the loop */
	inquiry_started *done;
	void *data;
};

static void forget(struct creation *creation)
{
	*creation->link = creation->next;
	if (creation->next)
		creation->next->link = creation->link;
	if (creation->refuse)
		event_free(creation->refuse);
	free(creation);
}

void creations_drop(struct inquiries *inquiries)
{
	while (inquiries->creations) {
		struct creation *creation = inquiries->creations;

		if (creation->ticket)
			store_forget(inquiries->config.store, creation->ticket);
		run_free(creation->run);
		forget(creation);
	}
}

json_t *request_pack(const struct inquiry_request *request)
{
	json_t *json = json_pack("{s:I, s:I}", "fired_at_ns", (json_int_t)request->fired_at_ns,
				 "since_s", (json_int_t)request->since_s);
	const struct {
		const char *name;
		const json_t *list;
	} lists[] = {
		{ "namespaces", request->namespaces },
		{ "services", request->services },
		{ "notes", request->notes },
		{ "images", request->images },
	};

	if (json_object_size(request->impact))
		json_put(json, "impact", json_deep_copy(request->impact));
	if (json_object_size(request->remedy))
		json_put(json, "remedy", json_deep_copy(request->remedy));
	if (request->remedies)
		json_put(json, "remedies", json_string(request->remedies));
	if (json_object_size(request->said))
		json_put(json, "said", json_deep_copy(request->said));
	if (request->incident)
		json_put(json, "incident", json_string(request->incident));
	if (request->engine)
		json_put(json, "engine", json_string(request->engine));
	for (size_t i = 0; i < ARRAY_LEN(lists); i++)
		if (json_array_size(lists[i].list))
			json_put(json, lists[i].name, json_deep_copy(lists[i].list));
	return json;
}

/* No half character at its end. */
static void cut(const char *text, char title[TITLE_BYTES])
{
	size_t len = strnlen(text, TITLE_BYTES);

	if (len == TITLE_BYTES)
		for (len--; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	text_format(title, TITLE_BYTES, "%.*s", (int)len, text);
}

static uint64_t within(uint64_t wanted, uint64_t most)
{
	return wanted && wanted < most ? wanted : most;
}

static struct inquiry_budget budget_of(const struct inquiries *inquiries,
				       const struct inquiry_budget *wanted)
{
	const struct inquiry_budget *most = &inquiries->config.budget;

	return (struct inquiry_budget) {
		.time_ns = within(wanted->time_ns, most->time_ns),
		.calls = (unsigned)within(wanted->calls, most->calls),
		.tokens = within(wanted->tokens, most->tokens),
		.cost_micros = within(wanted->cost_micros, most->cost_micros),
	};
}

/* Lists go by it, and pages begin after one: no two are the same. */
int64_t inquiries_next_created(struct inquiries *inquiries)
{
	int64_t now = (int64_t)clock_wall_ns();

	if (now <= inquiries->last_created)
		now = inquiries->last_created + 1;
	inquiries->last_created = now;
	return now;
}

static void explain(const struct error *err, const struct run *run, struct error *why)
{
	if (err->code == -EEXIST)
		error_set(why, -EEXIST, "thread '%s' has a question under way", run->thread);
	else if (err->code == -ENOENT)
		error_set(why, -ENOENT, "no host is named, and none was in this thread");
	else
		*why = *err;
}

static void handle_created(const struct store_result *result, const struct error *err, void *data)
{
	struct creation *creation = data;
	struct inquiries *inquiries = creation->inquiries;
	struct run *run = creation->run;
	inquiry_started *done = creation->done;
	void *user = creation->data;
	struct error why = { 0 };

	forget(creation);
	if (err) {
		explain(err, run, &why);
		done(NULL, NULL, &why, user);
		run_free(run);
		return;
	}
	run->agents = json_loads(store_text_at(&result->steps[1], 0, 0), 0, NULL);
	run_add(run);
	done(run->id, run->thread, NULL, user);
	runs_schedule(inquiries);
}

struct sheet {
	struct store_step steps[4];
	struct store_value values[4][16];
	unsigned n;
};

static void add(struct sheet *sheet, const char *sql, enum store_expect expect,
		const struct store_value *values, unsigned n)
{
	memcpy(sheet->values[sheet->n], values, n * sizeof(*values));
	sheet->steps[sheet->n] = (struct store_step) {
		.sql = sql, .params = sheet->values[sheet->n], .n_params = n, .expect = expect
	};
	sheet->n++;
}
#define ADD(sheet, sql, expect, ...)                                          \
	add(sheet, sql, expect, (const struct store_value[]) { __VA_ARGS__ }, \
	    ARRAY_LEN(((const struct store_value[]) { __VA_ARGS__ })))

static void submit(struct creation *creation, const struct inquiry_request *request)
{
	struct inquiries *inquiries = creation->inquiries;
	struct run *run = creation->run;
	CLEANUP(text) char *kept = json_canonical(run->request);
	CLEANUP(text)
	char *agents = json_array_size(request->agents) ? json_canonical(request->agents) : NULL;
	struct store_value created = store_int(inquiries_next_created(inquiries));
	struct store_value org = store_text(run->org), id = store_text(run->id);
	struct store_value thread = store_text(run->thread), caller = store_text(run->caller);
	struct store_value incident = store_text(request->incident);
	struct sheet sheet = { 0 };
	struct store_batch batch = { .org = run->org, .steps = sheet.steps };
	char title[TITLE_BYTES];

	cut(request->prompt, title);
	ADD(&sheet, thread_sql, STORE_ANY, org, thread, created, caller, incident,
	    store_text(title));
	ADD(&sheet, investigation_sql, STORE_SOME, org, id, thread, store_text(inquiries->owner),
	    caller, store_text(request->engine ? request->engine : "builtin"), incident, created,
	    store_int((int64_t)(run->budget.time_ns / NS_PER_MS)), store_int(run->budget.calls),
	    store_int((int64_t)run->budget.tokens), store_int((int64_t)run->budget.cost_micros),
	    store_text(request->prompt), store_text(agents), store_text(kept));
	ADD(&sheet, event_sql, STORE_ANY, org, id, created,
	    store_text("{\"text\":\"The investigation begins.\"}"));
	if (request->record)
		sheet.steps[sheet.n++] = *request->record;
	batch.n_steps = sheet.n;
	creation->ticket = store_submit(inquiries->config.store, &batch, handle_created, creation);
}

static int check(const struct inquiries *inquiries, const struct inquiry_request *request,
		 struct error *err)
{
	if (inquiries->is_stopped)
		return error_set(err, -ESHUTDOWN, "the server is about to end");
	if (inquiries->counters.waiting >= INQUIRY_MAX_WAITING)
		return error_set(err, -EBUSY, "%d investigations wait already",
				 INQUIRY_MAX_WAITING);
	if (json_array_size(request->agents) > INQUIRY_MAX_AGENTS)
		return error_set(err, -EINVAL, "more than %d hosts at once", INQUIRY_MAX_AGENTS);
	if (request->engine && !inquiry_knows_engine(inquiries, request->engine))
		return error_set(err, -EINVAL,
				 "no model named '%.64s' is configured; leave engine out for the "
				 "built-in one",
				 request->engine);
	if (strlen(request->prompt) > INQUIRY_PROMPT_MAX_BYTES)
		return error_set(err, -EINVAL, "a prompt of more than %zu KiB",
				 INQUIRY_PROMPT_MAX_BYTES / KIB);
	if (strlen(request->caller) >= sizeof(((struct run *)NULL)->caller) ||
	    (request->thread && strlen(request->thread) >= INQUIRY_ID_BYTES))
		return error_set(err, -EINVAL, "the name of the thread or the caller is too long");
	return 0;
}

static void handle_refusal(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct creation *creation = data;

	creation->done(NULL, NULL, &creation->why, creation->data);
	run_free(creation->run);
	forget(creation);
}

static void refuse(struct creation *creation)
{
	static const struct timeval now;

	creation->refuse =
		event_new(creation->inquiries->config.base, -1, 0, handle_refusal, creation);
	if (!creation->refuse || event_add(creation->refuse, &now) < 0)
		abort();
}

struct run *run_of_request(struct inquiries *inquiries, const struct inquiry_request *request)
{
	char nonce[NONCE_TEXT_BYTES], id[INQUIRY_ID_BYTES];
	struct run *run;

	text_format(id, sizeof(id), "i_%s", nonce_make(nonce));
	run = run_new(inquiries, request->org, id);
	if (request->thread)
		text_format(run->thread, sizeof(run->thread), "%s", request->thread);
	else
		text_format(run->thread, sizeof(run->thread), "thread-%.*s", THREAD_RANDOM_CHARS,
			    nonce_make(nonce));
	text_format(run->caller, sizeof(run->caller), "%s", request->caller);
	run->question = strdup(request->prompt);
	run->request = request_pack(request);
	run->budget = budget_of(inquiries, &request->budget);
	run->last_seq = 1;
	return run;
}

void inquiry_start(struct inquiries *inquiries, const struct inquiry_request *request,
		   inquiry_started *done, void *data)
{
	struct creation *creation = calloc(1, sizeof(*creation));

	if (!creation)
		abort();
	*creation = (struct creation) {
		.inquiries = inquiries,
		.next = inquiries->creations,
		.link = &inquiries->creations,
		.run = run_of_request(inquiries, request),
		.done = done,
		.data = data,
	};
	if (creation->next)
		creation->next->link = &creation->next;
	inquiries->creations = creation;
	if (check(inquiries, request, &creation->why) < 0)
		refuse(creation);
	else
		submit(creation, request);
}
