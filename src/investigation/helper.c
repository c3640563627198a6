#include "investigation/helper.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "investigation/loop_internal.h"
#include "investigation/loop_tools.h"
#include "investigation/prompt.h"

#define RULES_MAX_BYTES (16 * KIB)
#define RULES_SKILLS_BYTES (2 * KIB)
#define ANSWER_MAX_BYTES (8 * KIB)
#define LABEL_BYTES 128

/* One subagent at work. */
struct helper {
	struct loop loop;
	struct helpers *helpers;
	const struct role *role;
	char name[EVIDENCE_AGENT_BYTES]; /* "log-analyst-2" */
	json_t *tools;
	char *rules;

	/* Who waits for it; the call is looked up again, since it may be gone by then. */
	struct loop *asker;
	char call_id[REPLY_ID_BYTES];
	uint64_t start_ns;
};

/* At most 'max' bytes of a text, whole characters. */
static size_t whole_len(const char *text, size_t len, size_t max)
{
	if (len <= max)
		return len;
	for (len = max; len && ((unsigned char)text[len] & 0xc0) == 0x80; len--)
		;
	return len;
}

static size_t heading_level(const char *line)
{
	size_t level = strspn(line, "#");

	return level && line[level] == ' ' ? level : 0;
}

static const char *next_line(const char *line)
{
	const char *end = strchr(line, '\n');

	return end ? end + 1 : line + strlen(line);
}

static bool has_words(const char *line, const char *words)
{
	const char *found = strcasestr(line, words);

	return found && found < next_line(line);
}

/* The part below the first heading with these words, to the next of its level; or all of it. */
static struct str section_of(const char *text, const char *words)
{
	for (const char *line = text; *words && *line; line = next_line(line)) {
		size_t level = heading_level(line);
		const char *end = next_line(line);

		if (!level || !has_words(line, words))
			continue;
		while (*end && (!heading_level(end) || heading_level(end) > level))
			end = next_line(end);
		return (struct str) { line, (size_t)(end - line) };
	}
	return (struct str) { text, strlen(text) };
}

static void put_text(struct loop *loop, struct loop_call *call, struct str text)
{
	size_t shown = whole_len(text.data, text.len, 2 * loop_result_bytes(loop));
	CLEANUP(buf) struct buf out = { 0 };

	buf_init(&out, shown + 256);
	buf_add(&out, text.data, shown);
	if (shown < text.len)
		buf_add_text(&out, "\n[cut here: ask for a 'section' by words of its heading]");
	loop_answer(loop, call, buf_text(&out));
}

static void note_read(const struct helpers *helpers, const char *name)
{
	json_t *list = json_object_get(helpers->use, "read");
	const json_t *known;
	size_t i;

	json_array_foreach(list, i, known)
	{
		if (strcmp(json_string_value(known), name) == 0)
			return;
	}
	json_push(list, json_string(name));
}

static void read_skill(struct loop *loop, struct loop_call *call)
{
	const struct helpers *helpers = loop->owner;
	const char *name = json_get_text(call->args, "name", "");
	const struct skill *skill = skills_find(helpers->skills, name);
	struct error why = { 0 };
	const char *text;

	if (!skill) {
		loop_refuse(loop, call, "There is no skill '%.64s'.", name);
		return;
	}
	note_read(helpers, name);
	text = skill_file(skill, json_get_text(call->args, "file", ""), &why);
	if (text)
		put_text(loop, call, section_of(text, json_get_text(call->args, "section", "")));
	else
		loop_refuse(loop, call, "%s", why.text);
}

const struct loop_tool loop_read_skill = {
	.name = "read_skill",
	.summary = "A skill: how to go about a kind of problem. 'file' is one that it refers to, "
		   "'section' words of a heading.",
	.schema = "{\"type\":\"object\",\"properties\":{\"name\":{\"type\":\"string\","
		  "\"maxLength\":64},\"file\":{\"type\":\"string\",\"maxLength\":200},"
		  "\"section\":{\"type\":\"string\",\"maxLength\":100}},\"required\":[\"name\"],"
		  "\"additionalProperties\":false}",
	.start = read_skill,
};

static struct loop_call *waiting_call(const struct helper *helper)
{
	struct loop *asker = helper->asker;

	for (size_t i = 0; i < asker->n_calls; i++)
		if (strcmp(asker->calls[i].id, helper->call_id) == 0 &&
		    !asker->calls[i].is_answered)
			return &asker->calls[i];
	return NULL;
}

static void tell(const struct helper *helper, const char *type)
{
	struct line *line = helper->helpers->crew->line;
	double elapsed_ms = (double)(clock_monotonic_ns() - helper->start_ns) / NS_PER_MS;

	line->tell(line, type,
		   json_pack("{s:s, s:s, s:f}", "agent", helper->name, "asked_by",
			     helper->asker->agent, "elapsed_ms", elapsed_ms));
}

/* Its words may be a host's: they reach the asker as evidence does. */
static void handle_finished(struct loop *loop)
{
	struct helper *helper = container_of(loop, struct helper, loop);
	struct loop_call *call = waiting_call(helper);
	const char *text = json_get_text(loop->submitted, "text", NULL);
	CLEANUP(buf) struct buf fenced = { 0 };
	size_t len = text ? whole_len(text, strlen(text), ANSWER_MAX_BYTES) : 0;
	char label[LABEL_BYTES];

	tell(helper, "agent_end");
	loop_note_agent(loop, helper->start_ns);
	if (!call)
		return;
	if (!text) {
		loop_refuse(helper->asker, call, "The %s found no answer: %s", helper->role->name,
			    loop->why.text);
		return;
	}
	buf_init(&fenced, 6 * ANSWER_MAX_BYTES + KIB);
	text_format(label, sizeof(label), "what the %s says; quote from the evidence it names",
		    helper->role->name);
	fence_put(&loop->crew->fence, label, (struct str) { text, len }, &fenced);
	loop_answer(helper->asker, call, buf_text(&fenced));
}

static void helper_free(struct helper *helper)
{
	if (!helper)
		return;
	loop_finish(&helper->loop);
	json_decref(helper->tools);
	free(helper->rules);
	free(helper);
}

static char *rules_of(const struct helpers *helpers, const struct role *role)
{
	CLEANUP(buf) struct buf out = { 0 };
	char *rules;

	buf_init(&out, RULES_MAX_BYTES);
	buf_add_text(&out, role->rules);
	buf_add_text(&out, "End with an answer in words: what is so, each statement with the id of "
			   "its evidence and a short quote from it, and what stays open.\n\n");
	prompt_common(&helpers->crew->fence, &out);
	helpers_introduce(helpers, RULES_SKILLS_BYTES, &out);
	rules = strdup(buf_text(&out));
	if (!rules)
		abort();
	return rules;
}

static struct helper *helper_new(struct helpers *helpers, const struct role *role)
{
	struct helper *helper = calloc(1, sizeof(*helper));
	size_t n = 0;

	if (!helper)
		abort();
	helper->helpers = helpers;
	helper->role = role;
	helper->tools = role_tools(role, helpers->tools);
	helper->rules = rules_of(helpers, role);
	helper->start_ns = clock_monotonic_ns();
	text_format(helper->name, sizeof(helper->name), "%s-%zu", role->name, helpers->n + 1);
	helper->loop = (struct loop) {
		.agent = helper->name,
		.prompt = helper->rules,
		.tools = helper->tools,
		.max_rounds = HELPER_MAX_ROUNDS,
		.finished = handle_finished,
		.owner = helpers,
	};
	helper->loop.own[n++] = &loop_read_evidence;
	helper->loop.own[n++] = &loop_find_tools;
	if (helpers->skills->n)
		helper->loop.own[n++] = &loop_read_skill;
	if (helpers_can_run(helpers))
		helper->loop.own[n++] = &loop_run_skill_script;
	return helper;
}

static void put_task(const struct helpers *helpers, const char *task, struct buf *out)
{
	const struct investigation *investigation = helpers->crew->investigation;

	buf_add_format(
		out, "%s\n\nHost: %s. Window: the last %lld s. Evidence so far: e1 to e%zu; ", task,
		investigation->host, (long long)investigation->since_s, investigation->ledger.n);
	buf_add_text(out, "read_evidence shows it.\n");
}

static void ask_subagent(struct loop *loop, struct loop_call *call)
{
	struct helpers *helpers = loop->owner;
	const struct role *role = role_find(json_get_text(call->args, "agent", ""));
	CLEANUP(buf) struct buf task = { 0 };
	struct error why = { 0 };
	struct helper *helper;

	if (!role || helpers->n == HELPERS_MAX) {
		loop_refuse(loop, call,
			    role ? "No more subagents: %d were asked."
				 : "There is no such subagent, of %d.",
			    HELPERS_MAX);
		return;
	}
	helper = helper_new(helpers, role);
	helper->asker = loop;
	text_format(helper->call_id, sizeof(helper->call_id), "%s", call->id);
	buf_init(&task, 4 * HELPER_TASK_MAX_BYTES + KIB);
	put_task(helpers, json_get_text(call->args, "task", ""), &task);
	if (crew_add(helpers->crew, &helper->loop, buf_text(&task), &why) < 0) {
		loop_refuse(loop, call, "%s", why.text);
		helper_free(helper);
		return;
	}
	call->due_ns = helpers->crew->budget.deadline_ns; /* time is left to conclude without */
	helpers->items[helpers->n++] = helper;
	tell(helper, "agent_start");
}

const struct loop_tool loop_ask_subagent = {
	.name = "ask_subagent",
	.summary = "Lets a subagent do a part of the work; several asked at once work at the same "
		   "time. It knows nothing of this conversation: say in the task all it needs.",
	.schema = "{\"type\":\"object\",\"properties\":{\"agent\":{\"type\":\"string\","
		  "\"enum\":[\"investigator\",\"log-analyst\"]},\"task\":{\"type\":\"string\","
		  "\"minLength\":1,\"maxLength\":2000}},\"required\":[\"agent\",\"task\"],"
		  "\"additionalProperties\":false}",
	.start = ask_subagent,
};

void helpers_introduce(const struct helpers *helpers, size_t max_bytes, struct buf *out)
{
	size_t n = helpers->skills->n;
	size_t share = n ? max_bytes / n : 0;

	if (!n)
		return;
	buf_add_text(out, "\nSkills, to be read with read_skill when one fits:\n");
	for (size_t i = 0; i < n; i++) {
		const struct skill *skill = &helpers->skills->items[i];

		const char *text = skill_description(skill);

		buf_add_format(out, "- %s: %.*s\n", skill->name,
			       (int)whole_len(text, strlen(text), share), text);
	}
}

void helpers_finish(struct helpers *helpers)
{
	for (size_t i = 0; i < helpers->n; i++)
		helper_free(helpers->items[i]);
	helpers->n = 0;
}
