/*
 * The tools of an agent that is at another server: that one puts them into the store when it is
 * asked, per org and version of the agent.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "server/hub/relay_internal.h"

#define AGAIN_NS (500 * NS_PER_MS)
#define FRESH_NS (3600 * NS_PER_SEC) /* a version may be built again */

struct hub_tools_elsewhere {
	struct hub *hub;
	struct hub_tools_elsewhere *next;
	uint64_t number;
	uint64_t until_ns; /* monotonic; 0: it was not asked yet */
	struct event *timer;
	hub_tools_done *done;
	void *data;
	bool is_reading;
	char org[HUB_ID_BYTES], agent[HUB_ID_BYTES];
};

static void end(struct hub_tools_elsewhere *wait, const json_t *tools, const struct error *err)
{
	struct hub_tools_elsewhere **at = &wait->hub->tools_elsewhere;

	while (*at != wait)
		at = &(*at)->next;
	*at = wait->next;
	event_free(wait->timer);
	wait->done(tools, err, wait->data);
	free(wait);
}

static void fail(struct hub_tools_elsewhere *wait, int code, const char *sentence)
{
	struct error err = { 0 };

	error_set(&err, code, "%s", sentence);
	end(wait, NULL, &err);
}

/* Asked once; then the store is looked at until they are there. */
static void wait_on(struct hub_tools_elsewhere *wait)
{
	static const struct timeval again = { .tv_usec = AGAIN_NS / 1000 };

	if (!wait->until_ns) {
		wait->until_ns = clock_monotonic_ns() + HUB_TOOLS_NS;
		relay_hint(wait->hub, "tools",
			   &(struct hub_hint) { wait->org, wait->agent, "", "" });
	}
	if (clock_monotonic_ns() > wait->until_ns)
		fail(wait, -ETIMEDOUT, "the agent did not list its tools in time");
	else if (event_add(wait->timer, &again) < 0)
		abort();
}

static void take(struct hub_tools_elsewhere *wait, const struct store_rows *rows)
{
	const char *state = rows->n_rows ? store_text_at(rows, 0, 0) : "";
	const char *text = rows->n_rows ? store_text_at(rows, 0, 1) : "";
	struct error err = { 0 };
	CLEANUP(json) json_t *tools = NULL;

	if (strcmp(state, "connected") != 0 && strcmp(state, "stale") != 0) {
		fail(wait, -ENOTCONN, "the agent is not connected");
		return;
	}
	tools = *text ? json_parse(text, strlen(text), HUB_MESSAGE_MAX_BYTES, &err) : NULL;
	if (tools)
		end(wait, tools, NULL);
	else
		wait_on(wait);
}

static void handle_read(struct hub_op *op, const struct store_result *result,
			const struct error *err)
{
	struct hub_tools_elsewhere *wait = op->hub->tools_elsewhere;

	while (wait && wait->number != op->link)
		wait = wait->next;
	if (!wait)
		return;
	wait->is_reading = false;
	if (err)
		end(wait, NULL, err);
	else
		take(wait, &result->steps[0]);
}

static void look(struct hub_tools_elsewhere *wait)
{
	struct hub_op *op;
	struct hub_batch batch = { 0 };

	if (wait->is_reading)
		return;
	wait->is_reading = true;
	op = hub_op_new(wait->hub, wait->org, wait->agent, NULL);
	op->link = wait->number;
	op->done = handle_read;
	BATCH_ADD(&batch, STORE_ANY,
		  "SELECT a.state, t.tools FROM agents a LEFT JOIN agent_tools t ON t.org = a.org"
		  " AND t.version = a.version AND t.time > $3 WHERE a.org = $1 AND a.id = $2",
		  store_text(op->org), store_text(op->agent),
		  store_int((int64_t)(clock_wall_ns() - FRESH_NS)));
	hub_op_submit(op, &batch);
}

static void handle_again(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	look(data);
}

void tools_ask_elsewhere(struct hub *hub, const char *org, const char *agent, hub_tools_done *done,
			 void *data)
{
	struct hub_tools_elsewhere *wait = calloc(1, sizeof(*wait));

	if (!wait)
		abort();
	wait->hub = hub;
	wait->next = hub->tools_elsewhere;
	hub->tools_elsewhere = wait;
	wait->number = ++hub->next_wait;
	wait->done = done;
	wait->data = data;
	text_copy(wait->org, sizeof(wait->org), org);
	text_copy(wait->agent, sizeof(wait->agent), agent);
	wait->timer = event_new(hub->config.base, -1, 0, handle_again, wait);
	if (!wait->timer)
		abort();
	look(wait);
}

void tools_hear_told(struct hub *hub, const struct hub_hint *hint)
{
	for (struct hub_tools_elsewhere *wait = hub->tools_elsewhere; wait; wait = wait->next)
		if (strcmp(wait->org, hint->org) == 0)
			look(wait);
}

void tools_share(struct hub *hub, const char *org, const char *version, const json_t *tools)
{
	CLEANUP(text) char *text = NULL;
	struct hub_op *op;
	struct hub_batch batch = { 0 };

	if (!*hub->server)
		return;
	text = json_canonical(tools);
	op = hub_op_new(hub, org, NULL, NULL);
	op->notice = json_fill("[\"told\",$s,\"\",\"\",\"\"]", org);
	BATCH_ADD(&batch, STORE_ANY,
		  "INSERT INTO agent_tools (org, version, time, tools) VALUES ($1, $2, $3, $4)"
		  " ON CONFLICT (org, version) DO UPDATE SET time = $3, tools = $4",
		  store_text(org), store_text(version), store_int((int64_t)clock_wall_ns()),
		  store_text(text));
	hub_op_submit(op, &batch);
}

void tools_elsewhere_drop(struct hub *hub)
{
	while (hub->tools_elsewhere)
		fail(hub->tools_elsewhere, -ESHUTDOWN, "the server ends");
}
