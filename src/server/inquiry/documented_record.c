#include "server/inquiry/documented_record.h"

#include <string.h>

#include "base/buf.h"
#include "base/clock.h"

enum {
	COLUMN_ID,
	COLUMN_CALLER,
	COLUMN_AGENTS,
	COLUMN_THREAD,
	COLUMN_QUESTION,
	COLUMN_STATE,
	COLUMN_CREATED,
	COLUMN_STARTED,
	COLUMN_FINISHED,
	COLUMN_ENGINE,
	COLUMN_TOKENS_IN,
	COLUMN_TOKENS_OUT,
	COLUMN_REQUEST,
	COLUMN_REPORT,
};

/* Where what clients say lies within a request. */
#define SAID "said"

size_t documented_length(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += ((unsigned char)*text & 0xc0) != 0x80;
	return n;
}

static json_t *json_of(const struct store_rows *rows, unsigned row, unsigned column)
{
	return json_loads(store_text_at(rows, row, column), 0, NULL);
}

static json_t *time_of(const struct store_rows *rows, unsigned row, unsigned column)
{
	char text[CLOCK_TEXT_BYTES];

	if (store_at(rows, row, column)->kind == STORE_NULL)
		return json_null();
	return json_string(clock_format((uint64_t)store_int_at(rows, row, column), text));
}

/* Between two characters, so that it stays text. */
static json_t *cut_text(const char *text, size_t len, size_t max)
{
	if (len > max)
		for (len = max; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
			;
	return json_text(text, len);
}

static const char *status_of(const char *state, const json_t *said)
{
	static const char *const words[][2] = {
		{ "queued", "pending" },
		{ "running", "in_progress" },
		{ "done", "completed" },
	};
	const char *given = json_get_text(said, "status", NULL);

	if (given)
		return given;
	for (size_t i = 0; i < ARRAY_LEN(words); i++)
		if (strcmp(words[i][0], state) == 0)
			return words[i][1];
	return "failed";
}

static void add_plan(struct buf *out, const json_t *report)
{
	const json_t *remedy;
	size_t i;

	json_array_foreach(json_object_get(report, "remedies"), i, remedy) buf_add_format(
		out, "%s%zu. %s", i ? "\n" : "", i + 1, json_get_text(remedy, "statement", ""));
}

static json_t *plan_of(const json_t *report, const json_t *said)
{
	const char *given = json_get_text(said, "resolution_plan", NULL);
	const char *cause = json_get_text(report, "root_cause", "");
	CLEANUP(buf) struct buf text = { 0 };

	if (given)
		return json_string(given);
	if (!report)
		return json_string("");
	buf_init(&text, 64 * KIB);
	buf_add_format(&text, "%s%s", *cause ? cause : json_get_text(report, "verdict", ""),
		       json_array_size(json_object_get(report, "remedies")) ? "\n\n" : "");
	add_plan(&text, report);
	return cut_text(buf_text(&text), text.len, DOCUMENTED_PLAN_MAX_BYTES);
}

/* "KEY/NAME" of a person; an agent asks about itself. */
static json_t *initiator(const char *caller, const char *agent, json_t **user_out)
{
	size_t len = strcspn(caller, "/");

	*user_out = json_text(caller, len);
	return json_string(strlen(agent) == len && strncmp(agent, caller, len) == 0 ? "agent"
										    : "user");
}

/* As clients count them: one answer for one question. */
static json_t *inferences_of(const struct store_rows *rows, unsigned row, const json_t *report)
{
	if (!report)
		return json_array();
	return json_pack("[{s:s, s:s, s:s, s:o}]", "id", store_text_at(rows, row, COLUMN_ID),
			 "function_name", "diagnose_and_heal", "variant_name",
			 store_text_at(rows, row, COLUMN_ENGINE), "timestamp",
			 time_of(rows, row, COLUMN_FINISHED));
}

static json_t *updated_of(const struct store_rows *rows, unsigned row, const json_t *said)
{
	const char *given = json_get_text(said, "updated_at", NULL);

	if (given)
		return json_string(given);
	for (unsigned column = COLUMN_FINISHED; column > COLUMN_CREATED; column--)
		if (store_at(rows, row, column)->kind != STORE_NULL)
			return time_of(rows, row, column);
	return time_of(rows, row, COLUMN_CREATED);
}

json_t *documented_record(const struct store_rows *rows, unsigned row)
{
	CLEANUP(json) json_t *agents = json_of(rows, row, COLUMN_AGENTS);
	CLEANUP(json) json_t *request = json_of(rows, row, COLUMN_REQUEST);
	CLEANUP(json) json_t *report = json_of(rows, row, COLUMN_REPORT);
	const json_t *said = json_object_get(request, SAID), *first = json_array_get(agents, 0);
	const char *agent = json_is_string(first) ? json_string_value(first) : "";
	const char *question = store_text_at(rows, row, COLUMN_QUESTION);
	json_t *user, *by = initiator(store_text_at(rows, row, COLUMN_CALLER), agent, &user);
	json_t *inferences = inferences_of(rows, row, report);

	return json_pack(
		"{s:s, s:o, s:s, s:s, s:o, s:s, s:s, s:o, s:o, s:o, s:o, s:o, s:i,"
		" s:{s:o, s:o}}",
		"id", store_text_at(rows, row, COLUMN_ID), "user_id", user, "agent_id", agent,
		"episode_id",
		json_get_text(said, "episode_id", store_text_at(rows, row, COLUMN_THREAD)),
		"user_prompt", cut_text(question, strlen(question), 4 * DOCUMENTED_ISSUE_MAX),
		"priority", json_get_text(said, "priority", "medium"), "status",
		status_of(store_text_at(rows, row, COLUMN_STATE), said), "resolution_plan",
		plan_of(report, said), "initiated_at", time_of(rows, row, COLUMN_CREATED),
		"completed_at", time_of(rows, row, COLUMN_FINISHED), "created_at",
		time_of(rows, row, COLUMN_CREATED), "updated_at", updated_of(rows, row, said),
		"inference_count", (int)json_array_size(inferences), "metadata", "initiated_by", by,
		"inferences", inferences);
}

json_t *documented_brief(const struct store_rows *rows, unsigned row)
{
	static const char *const left_out[] = { "resolution_plan", "episode_id", "metadata" };
	json_t *record = documented_record(rows, row);

	for (size_t i = 0; i < ARRAY_LEN(left_out); i++)
		(void)json_object_del(record, left_out[i]);
	return record;
}

static const char *confidence_of(const json_t *report)
{
	double confidence = json_get_number(report, "confidence", 0);

	return confidence >= 0.8 ? "High" : confidence >= 0.5 ? "Medium" : "Low";
}

/* As text within the text of a completion. */
static char *resolution_of(const json_t *report)
{
	const char *cause = json_get_text(report, "root_cause", "");
	CLEANUP(buf) struct buf plan = { 0 };
	CLEANUP(json) json_t *resolution = NULL;

	buf_init(&plan, 64 * KIB);
	add_plan(&plan, report);
	resolution = json_pack(
		"{s:s, s:s, s:o, s:s, s:s}", "response_type", "resolution", "root_cause",
		*cause ? cause : json_get_text(report, "verdict", "inconclusive"),
		"resolution_plan", cut_text(buf_text(&plan), plan.len, DOCUMENTED_PLAN_MAX_BYTES),
		"confidence", confidence_of(report), "verdict",
		json_get_text(report, "verdict", "inconclusive"));
	return json_canonical(resolution);
}

json_t *documented_completion(const struct store_rows *rows, unsigned row)
{
	CLEANUP(json) json_t *report = json_of(rows, row, COLUMN_REPORT);
	CLEANUP(json) json_t *request = json_of(rows, row, COLUMN_REQUEST);
	CLEANUP(text) char *content = NULL;
	json_int_t in = store_int_at(rows, row, COLUMN_TOKENS_IN);
	json_int_t out = store_int_at(rows, row, COLUMN_TOKENS_OUT);
	int64_t created = store_int_at(rows, row, COLUMN_CREATED);

	if (!report)
		return NULL;
	content = resolution_of(report);
	return json_pack("{s:s, s:s, s:I, s:s, s:s, s:[{s:i, s:s, s:{s:s, s:s}}],"
			 " s:{s:I, s:I, s:I}}",
			 "id", store_text_at(rows, row, COLUMN_ID), "object", "chat.completion",
			 "created", (json_int_t)(created / (int64_t)NS_PER_SEC), "model",
			 store_text_at(rows, row, COLUMN_ENGINE), "episode_id",
			 json_get_text(json_object_get(request, SAID), "episode_id",
				       store_text_at(rows, row, COLUMN_THREAD)),
			 "choices", "index", 0, "finish_reason", "stop", "message", "role",
			 "assistant", "content", content, "usage", "prompt_tokens", in,
			 "completion_tokens", out, "total_tokens", in + out);
}

char *documented_say(const struct store_rows *rows, unsigned row, const json_t *said)
{
	static const char *const members[] = { "status", "resolution_plan", "episode_id" };
	CLEANUP(json) json_t *request = json_of(rows, row, COLUMN_REQUEST);
	char now[CLOCK_TEXT_BYTES];
	json_t *kept;

	if (!json_is_object(json_object_get(request, SAID)))
		json_put(request, SAID, json_object());
	kept = json_object_get(request, SAID);
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		if (json_get_text(said, members[i], NULL))
			json_object_set(kept, members[i], json_object_get(said, members[i]));
	/* With the plan it is done, as its clients have it. */
	if (json_get_text(said, "resolution_plan", NULL) && !json_get_text(said, "status", NULL))
		json_put(kept, "status", json_string("completed"));
	json_put(kept, "updated_at", json_string(clock_format(clock_wall_ns(), now)));
	return json_canonical(request);
}
