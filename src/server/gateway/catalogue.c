/*
 * What an org offers: the tools of its hosts, ours, and its skills.
 *
 * Which tools there are the agents say; what they are this server says, where it knows them: a host
 * that somebody else has taken over is not to speak to every client of its org.
 *
 * Agents of one version have the same tools, so of each version two are asked, in case one is just
 * leaving. A fleet of which nobody is connected has none: they appear when a host does.
 */
#include <stdlib.h>
#include <string.h>

#include "investigation/skill.h"
#include "server/gateway/gateway_internal.h"
#include "surface/mcp/tool.h"
#include "tools/catalogue.h"

#define MAX_TOOLS 1000

static const char agents_sql[] =
	"SELECT version, MIN(id), MAX(id) FROM agents WHERE org = $1 AND revoked IS NULL "
	"AND state = 'connected' GROUP BY version ORDER BY version DESC LIMIT 16";
static const char skills_sql[] = "SELECT name, description, document FROM skills WHERE org = $1 "
				 "ORDER BY name LIMIT 32";

struct catalogue_load {
	struct gateway_org *org; /* NULL: dropped */
	uint64_t ticket;         /* at the store, or 0 */
	json_t *agents;          /* [[id, id of another]] still to ask */
	size_t at, candidate;
	json_t *known; /* {name: tool}: what this server was built with */
	json_t *seen;  /* {name: null} */
	json_t *tools, *prompts, *texts;
};

static void load_free(struct catalogue_load *load)
{
	json_decref(load->agents);
	json_decref(load->known);
	json_decref(load->seen);
	json_decref(load->tools);
	json_decref(load->prompts);
	json_decref(load->texts);
	free(load);
}

void catalogue_drop(struct gateway_org *org)
{
	struct catalogue_load *load = TAKE(org->load);

	if (!load)
		return;
	if (load->ticket) {
		store_forget(org->gateway->api->store, load->ticket);
		load_free(load);
	} else {
		load->org = NULL;
	}
}

static void finish(struct catalogue_load *load)
{
	struct gateway_org *org = load->org;
	json_t *lists;

	own_tool_list(load->tools, org->gateway->api);
	lists = json_pack("{s:O, s:O, s:O, s:o, s:o}", "tools", load->tools, "prompts",
			  load->prompts, "texts", load->texts, "resources", own_resources(),
			  "templates", own_templates());
	org->load = NULL;
	load_free(load);
	gateway_take_lists(org, lists, NULL);
}

static json_t *describe(const struct catalogue_load *load, const char *name, const json_t *tool)
{
	const json_t *known = json_object_get(load->known, name);
	CLEANUP(json)
	json_t *described = known ? mcp_describe_tool(known) : fleet_tool_of_stranger(tool);

	return described ? fleet_tool_describe(described) : NULL;
}

static json_t *list_known(const struct api *api)
{
	CLEANUP(json) json_t *list = catalogue_json(api->tools);
	json_t *known = json_object(), *tool;
	size_t i;

	json_array_foreach(list, i, tool)
		json_put(known, json_get_text(tool, "name", ""), json_incref(tool));
	return known;
}

static void add_tools(struct catalogue_load *load, const json_t *tools)
{
	const json_t *tool;
	size_t i;

	json_array_foreach(json_object_get(tools, "tools"), i, tool)
	{
		const char *name = json_get_text(tool, "name", "");
		json_t *described;

		if (json_object_get(load->seen, name) || own_tool_is(name) ||
		    json_array_size(load->tools) >= MAX_TOOLS)
			continue;
		described = describe(load, name, tool);
		if (!described)
			continue;
		json_put(load->seen, name, json_null());
		json_push(load->tools, described);
	}
}

static void ask_next(struct catalogue_load *load);

static void handle_tools(const json_t *tools, const struct error *err UNUSED, void *data)
{
	struct catalogue_load *load = data;

	if (!load->org) {
		load_free(load);
		return;
	}
	if (tools)
		add_tools(load, tools);
	load->candidate = tools || load->candidate ? 0 : 1;
	if (!load->candidate)
		load->at++;
	ask_next(load);
}

static void ask_next(struct catalogue_load *load)
{
	const json_t *pair = json_array_get(load->agents, load->at);
	const char *agent = json_string_value(json_array_get(pair, load->candidate));
	const struct gateway_org *org = load->org;

	if (agent)
		hub_list_tools(org->gateway->api->hub, org->org->id, agent, handle_tools, load);
	else
		finish(load);
}

static void add_prompt(struct catalogue_load *load, const char *name, const char *description,
		       const char *text)
{
	if (json_object_get(load->texts, name))
		return;
	json_put(load->texts, name, json_text(text, strlen(text)));
	json_push(load->prompts,
		  json_pack("{s:s, s:s, s:[{s:s, s:s, s:b}]}", "name", name, "description",
			    description, "arguments", "name", "question", "description",
			    "what is to be found out", "required", false));
}

/* The org's own come first: one takes the place of ours of the same name. */
static void add_prompts(struct catalogue_load *load, const struct store_rows *rows)
{
	const json_t *skill;
	size_t i;

	for (unsigned row = 0; row < rows->n_rows; row++) {
		CLEANUP(json)
		json_t *document = json_loads(store_text_at(rows, row, 2), 0, NULL);
		CLEANUP(skill) struct skill own = { 0 };
		struct error ignored = { 0 };

		/* It was checked when it came; one that we do not take any more is left out. */
		if (skill_from_files(&own, store_text_at(rows, row, 0),
				     json_object_get(document, "files"), &ignored) == 0)
			add_prompt(load, own.name, store_text_at(rows, row, 1), own.body);
	}
	json_array_foreach(load->org->gateway->skills, i, skill) add_prompt(
		load, json_get_text(skill, "name", ""), json_get_text(skill, "description", ""),
		json_get_text(skill, "text", ""));
}

static void handle_rows(const struct store_result *result, const struct error *err, void *data)
{
	struct catalogue_load *load = data;
	struct gateway_org *org = load->org;
	const struct store_rows *rows;

	load->ticket = 0;
	if (err) {
		org->load = NULL;
		load_free(load);
		gateway_take_lists(org, NULL, err->text);
		return;
	}
	rows = &result->steps[0];
	for (unsigned i = 0; i < rows->n_rows; i++)
		json_push(load->agents, json_pack("[s, s]", store_text_at(rows, i, 1),
						  store_text_at(rows, i, 2)));
	add_prompts(load, &result->steps[1]);
	ask_next(load);
}

void catalogue_read(struct gateway_org *org)
{
	struct catalogue_load *load;
	const struct store_step steps[] = {
		STEP(agents_sql, STORE_ANY, store_text(org->org->id)),
		STEP(skills_sql, STORE_ANY, store_text(org->org->id)),
	};

	if (org->load)
		return;
	load = calloc(1, sizeof(*load));
	if (!load)
		abort();
	*load = (struct catalogue_load) { .org = org,
					  .agents = json_array(),
					  .known = list_known(org->gateway->api),
					  .seen = json_object(),
					  .tools = json_array(),
					  .prompts = json_array(),
					  .texts = json_object() };
	org->load = load;
	load->ticket = store_submit(org->gateway->api->store,
				    &(struct store_batch) { .org = org->org->id,
							    .steps = steps,
							    .n_steps = ARRAY_LEN(steps),
							    .is_question = true },
				    handle_rows, load);
}
