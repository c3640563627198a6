/* Hints: what changed in the store, said to the other servers, and what they say. */
#include <stdlib.h>
#include <string.h>

#include "base/step.h"
#include "server/hub/relay_internal.h"

#define WORDS 5

static char *format(const char *kind, const struct hub_hint *hint)
{
	return json_fill("[$s,$s,$s,$s,$s]", kind, hint->org, hint->agent, hint->call, hint->what);
}

char *relay_format(const struct hub_op *op)
{
	const char *state = op->state ? op->state : "queued";
	const struct hub_hint hint = {
		.org = op->org,
		.agent = op->agent,
		.call = op->call,
		.what = op->hint ? op->hint : state,
	};

	if (!op->hub->has_company || (!op->kind && !op->hint))
		return NULL;
	if (op->kind && strcmp(op->kind, "agent") == 0)
		return format("agent", &hint);
	return format(*op->call ? "call" : "event", &hint);
}

void relay_hint(struct hub *hub, const char *kind, const struct hub_hint *hint)
{
	struct hub_op *op;
	struct hub_batch batch = { 0 };

	if (!hub->has_company)
		return;
	op = hub_op_new(hub, *hint->org ? hint->org : STORE_EVERY_ORG, NULL, NULL);
	op->notice = format(kind, hint);
	BATCH_ADD(&batch, STORE_ANY, "SELECT CAST($1 AS TEXT)", store_text(op->org));
	hub_op_submit(op, &batch);
}

static void hear_call(struct hub *hub, const struct hub_hint *hint)
{
	struct hub_link *link = hub_ready_link(hub_find(hub, hint->org, hint->agent));

	events_look(hub, hint->org);
	if (strcmp(hint->what, "cancel") == 0) {
		cancel_hear(hub, hint);
	} else if (strcmp(hint->what, "queued") != 0) {
		waits_look_at(hub, hint->org, hint->call);
		look_at_call(hub, hint);
	} else if (link) {
		step_reached("hub-relayed");
		link_pump_again(link);
	}
}

static void hear_agent(struct hub *hub, const struct hub_hint *hint)
{
	events_look(hub, hint->org);
	look_at_agent(hub, hint->org, hint->agent);
}

static void hear_agents(struct hub *hub, const struct hub_hint *hint UNUSED)
{
	events_look(hub, NULL);
	look_at_agents(hub);
}

static void hear_approvers(struct hub *hub, const struct hub_hint *hint UNUSED)
{
	approvers_look(hub);
}

static void hear_due(struct hub *hub, const struct hub_hint *hint UNUSED)
{
	expiry_hear(hub);
}

static void hear_event(struct hub *hub, const struct hub_hint *hint)
{
	events_look(hub, hint->org);
}

static const struct {
	const char *kind;
	void (*hear)(struct hub *hub, const struct hub_hint *hint);
} kinds[] = {
	{ "agent", hear_agent },
	{ "agents", hear_agents },
	{ "approvers", hear_approvers },
	{ "call", hear_call },
	{ "due", hear_due },
	{ "event", hear_event },
	{ "progress", progress_hear },
	{ "tools", tools_hear_asked },
	{ "told", tools_hear_told },
};

static bool read_words(const json_t *list, const char *words_out[WORDS])
{
	for (size_t i = 0; i < WORDS; i++) {
		words_out[i] = json_string_value(json_array_get(list, i));
		if (!words_out[i] || strlen(words_out[i]) >= HUB_ID_BYTES)
			return false;
	}
	return true;
}

void hub_hear(struct hub *hub, const char *notice)
{
	struct error err = { 0 };
	CLEANUP(json)
	json_t *list = json_parse(notice, strlen(notice), STORE_MAX_NOTICE_BYTES, &err);
	const char *words[WORDS];

	if (hub->is_ending || !*hub->server || !read_words(list, words))
		return;
	if (!hub->has_company) /* it is heard before its beats are seen */
		hub_set_company(hub, HUB_WITH_OTHERS);
	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if (strcmp(words[0], kinds[i].kind) == 0)
			kinds[i].hear(
				hub, &(struct hub_hint) { words[1], words[2], words[3], words[4] });
}

void hub_handle_taken(struct hub *hub)
{
	events_look(hub, NULL);
	look_at_agents(hub);
	expiry_hear(hub);
}

void hub_look(struct hub *hub)
{
	if (!*hub->server)
		return;
	events_look(hub, NULL);
	look_at_agents(hub);
	look_at_queue(hub);
	waits_look(hub);
	approvers_look(hub);
}
