/* What a run starts with: its thread's evidence, and its own if it goes on. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/inquiry/foreign.h"
#include "server/inquiry/inquiries_internal.h"
#include "server/inquiry/remedy.h"
#include "tools/catalogue.h"

#define EVIDENCE_COLUMNS \
	"number, agent, tool, args, call, code, error, sha256, elapsed_ms, answered, bytes"
#define EARLIER_MAX_BYTES 65536
#define BEGIN_VALUES 8

static const char begin_sql[] =
	"UPDATE investigations SET state = 'running', started = $3, max_ms = $5, max_calls = $6, "
	"max_tokens = $7, max_cost_micros = $8 WHERE org = $1 AND id = $2 AND fence = $4 AND "
	"finished IS NULL";
static const char thread_sql[] = "SELECT n_evidence FROM threads WHERE org = $1 AND id = $2";
static const char agents_sql[] =
	"SELECT id, hostname FROM agents WHERE org = $1 AND id IN ($2, $3, $4, $5, $6, $7, $8, $9)";
static const char own_sql[] =
	"SELECT " EVIDENCE_COLUMNS ", (SELECT state FROM calls WHERE calls.org = $1 AND calls.id = "
	"evidence.call) FROM evidence WHERE org = $1 AND investigation = $2 ORDER BY number";
/* What is large is asked again: a result has its limits. */
static const char earlier_sql[] =
	"SELECT " EVIDENCE_COLUMNS " FROM evidence WHERE org = $1 AND thread = $2 AND "
	"investigation <> $3 AND code = 0 AND answered >= $4 AND length(bytes) <= $5 "
	"ORDER BY number DESC LIMIT 200";
static const char turns_sql[] =
	"SELECT question, verdict, cause_id, root_cause FROM investigations WHERE org = $1 AND "
	"thread = $2 AND finished IS NOT NULL ORDER BY turn DESC LIMIT 8";

/* A model reads them, the built-in engine does not. */
static const char skills_sql[] = "SELECT name, document FROM skills WHERE org = $1 AND "
				 "CAST($2 AS TEXT) <> 'builtin' ORDER BY name LIMIT 32";

/* Whose remedy it offers. */
static const char first_sql[] = "SELECT report FROM investigations WHERE org = $1 AND id = $2";

enum step {
	STEP_BEGIN,
	STEP_THREAD,
	STEP_AGENTS,
	STEP_OWN,
	STEP_EARLIER,
	STEP_TURNS,
	STEP_SKILLS,
	STEP_APPEALS,
	STEP_MCP_SERVERS,
	STEP_FIRST,
	N_STEPS,
};

/* As a case has it, with "agent", "number" and "call" for us. */
static json_t *item_of(const struct store_rows *rows, unsigned row)
{
	char id[16], time[CLOCK_TEXT_BYTES];
	int64_t number = store_int_at(rows, row, 0);
	json_t *args = json_loads(store_text_at(rows, row, 3), 0, NULL);
	json_t *item;

	text_format(id, sizeof(id), "e%lld", (long long)number);
	item = json_pack("{s:s, s:I, s:s, s:s, s:o, s:f}", "id", id, "number", (json_int_t)number,
			 "agent", store_text_at(rows, row, 1), "tool", store_text_at(rows, row, 2),
			 "args", args ? args : json_object(), "elapsed_ms",
			 (double)store_int_at(rows, row, 8));
	if (store_at(rows, row, 4)->kind == STORE_TEXT)
		json_put(item, "call", json_string(store_text_at(rows, row, 4)));
	if (store_at(rows, row, 5)->kind == STORE_NULL)
		return item;
	json_put(item, "code", json_integer(store_int_at(rows, row, 5)));
	json_put(item, "time",
		 json_string(clock_format((uint64_t)store_int_at(rows, row, 9), time)));
	if (store_int_at(rows, row, 5) == 0) {
		json_put(item, "sha256", json_string(store_text_at(rows, row, 7)));
		json_put(item, "bytes", json_str(store_at(rows, row, 10)->text));
	} else {
		json_put(item, "error", json_string(store_text_at(rows, row, 6)));
	}
	return item;
}

/* Of the same question to the same host only the newest, which comes first. */
static bool is_listed(const json_t *list, const json_t *item)
{
	const json_t *other;
	size_t i;

	json_array_foreach(list, i,
			   other) if (strcmp(json_get_text(other, "tool", ""),
					     json_get_text(item, "tool", "")) == 0 &&
				      strcmp(json_get_text(other, "agent", ""),
					     json_get_text(item, "agent", "")) == 0 &&
				      json_equal(json_object_get(other, "args"),
						 json_object_get(item, "args"))) return true;
	return false;
}

static json_t *earlier_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		CLEANUP(json) json_t *item = item_of(rows, i);

		json_put(item, "earlier", json_true());
		if (!is_listed(list, item) && json_array_insert(list, 0, item) < 0)
			abort();
	}
	return list;
}

static json_t *own_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		json_t *item = item_of(rows, i);

		if (store_at(rows, i, 11)->kind == STORE_TEXT)
			json_put(item, "state", json_string(store_text_at(rows, i, 11)));
		json_push(list, item);
	}
	return list;
}

static json_t *turns_of(const struct store_rows *rows)
{
	json_t *list = json_array();

	for (unsigned i = rows->n_rows; i-- > 0;)
		json_push(list,
			  json_pack("{s:s, s:s, s:s, s:s}", "question", store_text_at(rows, i, 0),
				    "verdict", store_text_at(rows, i, 1), "cause_id",
				    store_text_at(rows, i, 2), "root_cause",
				    store_text_at(rows, i, 3)));
	return list;
}

/* {name: files} */
static json_t *skills_of(const struct store_rows *rows)
{
	json_t *skills = json_object();

	for (unsigned i = 0; i < rows->n_rows; i++) {
		CLEANUP(json) json_t *document = json_loads(store_text_at(rows, i, 1), 0, NULL);
		json_t *files = json_object_get(document, "files");

		if (files)
			json_put(skills, store_text_at(rows, i, 0), json_incref(files));
	}
	return skills;
}

static const char *host_of(const struct store_rows *rows, const char *agent)
{
	for (unsigned i = 0; i < rows->n_rows; i++)
		if (strcmp(store_text_at(rows, i, 0), agent) == 0)
			return store_text_at(rows, i, 1);
	return agent;
}

/* Each host's evidence has numbers of its own, so that they never depend on who was faster. */
static void make_legs(struct run *run, const struct store_rows *hosts)
{
	unsigned n = (unsigned)json_array_size(run->agents);

	run->legs = calloc(n ? n : 1, sizeof(*run->legs));
	if (!run->legs)
		abort();
	run->n_legs = n;
	for (unsigned i = 0; i < n; i++) {
		struct leg *leg = &run->legs[i];
		const char *agent = json_string_value(json_array_get(run->agents, i));

		leg->run = run;
		leg->base = run->last_evidence + (uint64_t)i * LEDGER_MAX_ITEMS;
		leg->last = leg->base;
		text_format(leg->agent, sizeof(leg->agent), "%s", agent ? agent : "");
		text_format(leg->host, sizeof(leg->host), "%s", host_of(hosts, leg->agent));
	}
}

/* That its models have asked for before a restart; of MCP servers see foreign.c. */
static unsigned changes_before(const struct run *run)
{
	const json_t *item;
	unsigned n = 0;
	size_t i;

	json_array_foreach(run->recorded, i, item)
	{
		const struct tool_info *info =
			catalogue_find(catalogue, json_get_text(item, "tool", ""));

		n += info && info->risk == TOOL_CHANGES;
	}
	return n;
}

static void handle_loaded(const struct store_result *result, const struct error *err, void *data)
{
	struct run *run = data;

	run->ticket = 0;
	if (err && err->code == -EIO) {
		run_prepare(run); /* the store starts again meanwhile */
		return;
	}
	if (err) {
		run_fail(run, err->text);
		return;
	}
	run->last_evidence = (uint64_t)store_int_at(&result->steps[STEP_THREAD], 0, 0);
	run->recorded = own_of(&result->steps[STEP_OWN]);
	run->earlier = earlier_of(&result->steps[STEP_EARLIER]);
	run->turns = turns_of(&result->steps[STEP_TURNS]);
	run->skills = skills_of(&result->steps[STEP_SKILLS]);
	/* Of a remedy remedy_fault() knows which counts. */
	if (!run_is_remedy(run))
		run->n_changes += changes_before(run);
	make_legs(run, &result->steps[STEP_AGENTS]);
	appeals_load(run, &result->steps[STEP_APPEALS]);
	if (result->steps[STEP_FIRST].n_rows)
		run->first_report =
			json_loads(store_text_at(&result->steps[STEP_FIRST], 0, 0), 0, NULL);
	if (run->n_legs)
		run_gather(run, &result->steps[STEP_MCP_SERVERS]);
	else
		run_fail(run, "it has no host");
}

/* What it may use is what it has got: its record shows it. */
static void set_begin(const struct run *run, struct store_value values[BEGIN_VALUES])
{
	const struct store_value all[BEGIN_VALUES] = {
		store_text(run->org),
		store_text(run->id),
		store_int((int64_t)run->started_ns),
		run->guard_values[2],
		store_int((int64_t)(run->budget.time_ns / NS_PER_MS)),
		store_int(run->budget.calls),
		store_int((int64_t)run->budget.tokens),
		store_int((int64_t)run->budget.cost_micros),
	};

	memcpy(values, all, sizeof(all));
}

void run_prepare(struct run *run)
{
	struct store_value org = store_text(run->org), id = store_text(run->id);
	struct store_value thread = store_text(run->thread);
	struct store_value hosts[1 + INQUIRY_MAX_AGENTS] = { org };
	struct store_value begin[BEGIN_VALUES], own[2] = { org, id },
						of_thread[2] = { org, thread };
	struct store_value first[2] = {
		org, store_text(json_get_text(json_object_get(run->request, "remedy"), "of", ""))
	};
	struct store_value earlier[5], skills[2] = { org, store_text(run_engine(run)) };
	struct store_step steps[N_STEPS];

	for (unsigned i = 0; i < INQUIRY_MAX_AGENTS; i++)
		hosts[1 + i] = store_text(json_string_value(json_array_get(run->agents, i)));
	for (unsigned i = 0; i < INQUIRY_MAX_AGENTS; i++)
		if (hosts[1 + i].kind == STORE_NULL)
			hosts[1 + i] = store_text("");
	set_begin(run, begin);
	earlier[0] = org;
	earlier[1] = thread;
	earlier[2] = id;
	earlier[3] = store_int((int64_t)(run->started_ns - INQUIRY_FRESH_NS));
	earlier[4] = store_int(EARLIER_MAX_BYTES);
	steps[STEP_BEGIN] = (struct store_step) { begin_sql, begin, BEGIN_VALUES, STORE_SOME };
	steps[STEP_THREAD] = (struct store_step) { thread_sql, of_thread, 2, STORE_SOME };
	steps[STEP_AGENTS] = (struct store_step) { agents_sql, hosts, ARRAY_LEN(hosts), STORE_ANY };
	steps[STEP_OWN] = (struct store_step) { own_sql, own, 2, STORE_ANY };
	steps[STEP_EARLIER] = (struct store_step) { earlier_sql, earlier, 5, STORE_ANY };
	steps[STEP_TURNS] = (struct store_step) { turns_sql, of_thread, 2, STORE_ANY };
	steps[STEP_SKILLS] = (struct store_step) { skills_sql, skills, 2, STORE_ANY };
	steps[STEP_APPEALS] = (struct store_step) { appeals_sql, own, 2, STORE_ANY };
	steps[STEP_MCP_SERVERS] = (struct store_step) { mcp_servers_sql, skills, 2, STORE_ANY };
	steps[STEP_FIRST] = (struct store_step) { first_sql, first, 2, STORE_ANY };
	run->ticket = store_submit(
		run->inquiries->config.store,
		&(struct store_batch) { .org = run->org, .steps = steps, .n_steps = N_STEPS },
		handle_loaded, run);
}
