#include "agent/mcp.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/memory.h"
#include "cli/places.h"
#include "cli/skill_texts.h"

#define MAX_VISITORS 64
#define MAX_ASKED 32 /* at the warden; what the link has for it must not wait for clients */

/* What one client has. */
struct mcp_room {
	struct mcp_room *next;
	struct agent_mcp *mcp;
	struct client client;
	uint64_t number; /* never another's */
	uint64_t used;   /* the higher, the later */
	struct mcp_http *http;
	struct mcp_host host;
	struct mcp_gate gate;
};

/* A request that waits for the catalogue. */
struct visitor {
	struct visitor *next;
	struct agent_mcp *mcp;
	struct http_request *request;
	struct client client;
};

/* A request of ours at the warden; its room may be gone when it is answered. */
struct errand {
	struct agent_mcp *mcp;
	uint64_t room;
	json_int_t id;
};

/* --- the gate ----------------------------------------------------------------------------- */

static struct mcp_room *find_number(const struct agent_mcp *mcp, uint64_t number)
{
	struct mcp_room *room = mcp->rooms;

	while (room && room->number != number)
		room = room->next;
	return room;
}

static void handle_answer(const struct frame *answer, const struct error *err, void *data)
{
	struct errand *errand = data;
	struct mcp_room *room = find_number(errand->mcp, errand->room);
	CLEANUP(json) json_t *header = NULL;
	struct frame lost = { 0 };

	if (!answer) {
		header = json_pack("{s:I, s:i, s:s}", "id", errand->id, "code", err->code, "error",
				   err->text);
		lost.header = header;
		lost.body = (char *)(uintptr_t) "";
		answer = &lost;
	}
	errand->mcp->n_asked--;
	agent_was_busy(errand->mcp->agent);
	free(errand);
	if (room)
		mcp_host_take_frame(&room->host, answer);
}

static json_int_t ask(void *data, json_t *header, const char *body, size_t n_body UNUSED,
		      struct error *err)
{
	static const char busy[] = "the warden has enough to do; ask again";
	const struct mcp_room *room = data;
	struct warden *warden = room->mcp->agent->warden;
	struct errand *errand;
	int r;

	if (room->mcp->n_asked >= MAX_ASKED)
		return error_set(err, -EBUSY, "%s", busy);
	errand = calloc(1, sizeof(*errand));
	if (!errand)
		abort();
	*errand = (struct errand) { .mcp = room->mcp, .room = room->number };
	json_put(header, "client", json_string(room->client.name));
	if (room->client.application[0])
		json_put(header, "application", json_string(room->client.application));
	r = warden_ask(warden, json_incref(header), body, handle_answer, errand);
	if (r < 0) {
		free(errand);
		return error_set(err, r, "%s", r == -EBUSY ? busy : warden_why(warden));
	}
	room->mcp->n_asked++;
	errand->id = json_get_int(header, "id", 0);
	return errand->id;
}

static void cancel(void *data, json_int_t id)
{
	const struct mcp_room *room = data;

	warden_cancel(room->mcp->agent->warden, id);
}

void agent_mcp_take_progress(struct agent_mcp *mcp, const json_t *header)
{
	const struct frame frame = { .header = (json_t *)(uintptr_t)header };

	for (struct mcp_room *room = mcp->rooms; room; room = room->next)
		mcp_host_take_frame(&room->host, &frame);
}

/* --- rooms -------------------------------------------------------------------------------- */

static struct mcp_room *find_room(const struct agent_mcp *mcp, const struct client *client)
{
	struct mcp_room *room = mcp->rooms;

	while (room && (strcmp(room->client.name, client->name) != 0 ||
			strcmp(room->client.application, client->application) != 0))
		room = room->next;
	return room;
}

static void close_room(struct mcp_room *room)
{
	struct mcp_room **at = &room->mcp->rooms;

	while (*at != room)
		at = &(*at)->next;
	*at = room->next;
	room->mcp->n_rooms--;
	mcp_http_free(room->http);
	mcp_host_finish(&room->host);
	free(room);
}

void agent_mcp_rest(struct agent_mcp *mcp)
{
	struct mcp_room *next;

	for (struct mcp_room *room = mcp->rooms; room; room = next) {
		next = room->next;
		if (mcp_http_is_idle(room->http))
			close_room(room);
	}
}

bool agent_mcp_could_rest(const struct agent_mcp *mcp)
{
	for (const struct mcp_room *room = mcp->rooms; room; room = room->next)
		if (mcp_http_is_idle(room->http))
			return true;
	return false;
}

static json_t *read_skills(const struct agent *agent)
{
	struct places places = { 0 };
	struct error err = { 0 };
	json_t *skills;

	places_find(&places, agent->config);
	skills = skill_texts(places.skills, &err);
	if (!skills)
		log_warn("no prompts: %s", err.text);
	return skills;
}

/* How many rooms whoever this is has under this or another program; and the one used longest ago.
 */
static unsigned find_own(const struct agent_mcp *mcp, const struct client *client,
			 struct mcp_room **oldest_out)
{
	unsigned n = 0;

	*oldest_out = NULL;
	for (struct mcp_room *room = mcp->rooms; room; room = room->next) {
		if (strcmp(room->client.name, client->name) != 0)
			continue;
		n++;
		if (!*oldest_out || room->used < (*oldest_out)->used)
			*oldest_out = room;
	}
	return n;
}

/* False where there is none but of others who have work under way. */
static bool make_room(struct agent_mcp *mcp, const struct client *client)
{
	struct mcp_room *oldest;

	if (find_own(mcp, client, &oldest) >= AGENT_MCP_ROOMS_OF_ONE)
		close_room(oldest);
	if (mcp->n_rooms == AGENT_MCP_MAX_ROOMS)
		agent_mcp_rest(mcp);
	if (mcp->n_rooms == AGENT_MCP_MAX_ROOMS && find_own(mcp, client, &oldest))
		close_room(oldest);
	return mcp->n_rooms < AGENT_MCP_MAX_ROOMS;
}

/* NULL where as many as there may be have work under way. */
static struct mcp_room *open_room(struct agent_mcp *mcp, const struct client *client,
				  const json_t *catalogue)
{
	static const struct mcp_http_config config = { .history_bytes = AGENT_MCP_HISTORY_BYTES };
	CLEANUP(json) json_t *skills = NULL;
	struct mcp_room *room;

	if (!make_room(mcp, client))
		return NULL;
	room = calloc(1, sizeof(*room));
	if (!room)
		abort();
	skills = read_skills(mcp->agent);
	*room = (struct mcp_room) {
		.next = mcp->rooms,
		.mcp = mcp,
		.client = *client,
		.number = ++mcp->n_rooms_ever,
		.gate = { .ask = ask, .cancel = cancel, .data = room },
	};
	mcp_host_init(&room->host, &room->gate, catalogue, skills, mcp->agent->version);
	room->http = mcp_http_new(mcp->agent->base, &room->host.offer, &config);
	mcp->rooms = room;
	mcp->n_rooms++;
	return room;
}

/* --- the catalogue ------------------------------------------------------------------------ */

static void drop_visitor(struct visitor *visitor)
{
	struct visitor **at = &visitor->mcp->visitors;

	while (*at != visitor)
		at = &(*at)->next;
	*at = visitor->next;
	free(visitor);
}

static void handle_gone(struct http_request *request)
{
	drop_visitor(request->data);
}

static void serve(struct mcp_room *room, struct http_request *request)
{
	room->used = ++room->mcp->n_served;
	mcp_http_serve(room->http, request);
}

static void let_in(struct agent_mcp *mcp, struct visitor *visitor, const json_t *catalogue,
		   const char *why_not)
{
	struct http_request *request = visitor->request;
	struct mcp_room *room = NULL;

	if (!why_not) {
		room = find_room(mcp, &visitor->client);
		if (!room)
			room = open_room(mcp, &visitor->client, catalogue);
		why_not = "as many clients as there may be are at work; ask again";
	}
	drop_visitor(visitor);
	request->gone = NULL;
	if (room)
		serve(room, request);
	else
		http_reply_error(request, 503, NULL, why_not);
}

/* Those who came first are served first. */
static void let_all_in(struct agent_mcp *mcp, const json_t *catalogue, const char *why_not)
{
	while (mcp->visitors) {
		struct visitor *last = mcp->visitors;

		while (last->next)
			last = last->next;
		let_in(mcp, last, catalogue, why_not);
	}
}

static void tell_changed(const struct mcp_room *room)
{
	mcp_http_tell_changed(room->http, "tools");
	mcp_http_tell_changed(room->http, "resources");
}

static void handle_catalogue(const struct frame *answer, const struct error *err, void *data)
{
	struct agent_mcp *mcp = data;
	json_t *catalogue = NULL;
	struct error why = { 0 };

	mcp->is_asking = false;
	if (!err)
		catalogue = json_parse(answer->body, answer->n_body, FRAME_BODY_MAX_BYTES, &why);
	if (!catalogue) {
		let_all_in(mcp, NULL, err ? err->text : why.text);
		return;
	}
	for (struct mcp_room *room = mcp->rooms; room; room = room->next)
		if (mcp_host_take_catalogue(&room->host, catalogue))
			tell_changed(room);
	let_all_in(mcp, catalogue, NULL);
	/* Its tree is megabytes; clients are served from a tenth of them. */
	json_decref(catalogue);
	memory_give_back();
}

static void ask_for_catalogue(struct agent_mcp *mcp)
{
	if (mcp->is_asking)
		return;
	mcp->is_asking = warden_ask(mcp->agent->warden, json_pack("{s:s}", "type", "tools"), NULL,
				    handle_catalogue, mcp) == 0;
	if (!mcp->is_asking)
		let_all_in(mcp, NULL, "the warden does not answer; ask again");
}

void agent_mcp_warden_up(struct agent_mcp *mcp)
{
	if (mcp->rooms)
		ask_for_catalogue(mcp);
}

void agent_mcp_serve(struct agent_mcp *mcp, struct http_request *request,
		     const struct client *client)
{
	struct mcp_room *room = find_room(mcp, client);
	struct visitor *visitor;
	unsigned n = 0;

	if (room) {
		serve(room, request);
		return;
	}
	if (mcp_http_refuse_lost(request))
		return;
	for (visitor = mcp->visitors; visitor; visitor = visitor->next)
		n++;
	if (n >= MAX_VISITORS) {
		http_reply_error(request, 503, NULL, "too many wait already; ask again");
		return;
	}
	visitor = calloc(1, sizeof(*visitor));
	if (!visitor)
		abort();
	*visitor = (struct visitor) { mcp->visitors, mcp, request, *client };
	mcp->visitors = visitor;
	request->data = visitor;
	request->gone = handle_gone;
	ask_for_catalogue(mcp);
}

/* --- its life ----------------------------------------------------------------------------- */

void agent_mcp_init(struct agent_mcp *mcp, struct agent *agent)
{
	*mcp = (struct agent_mcp) { .agent = agent };
}

void agent_mcp_finish(struct agent_mcp *mcp)
{
	let_all_in(mcp, NULL, "the agent ends");
	while (mcp->rooms)
		close_room(mcp->rooms);
}
