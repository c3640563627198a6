/* What the hub does not answer itself: kept until somebody does. */
#include <assert.h>
#include <errno.h>
#include <stdlib.h>

#include "server/hub/link_internal.h"

#define REFUSED (-32000)

struct question {
	struct hub_question face;
	struct hub *hub; /* NULL once the hub is gone */
	struct question *next;
	char org[HUB_ID_BYTES], agent[HUB_ID_BYTES], address[64];
	json_t *id, *params;
	uint64_t link;
};

static struct question *of(struct hub_question *face)
{
	return container_of(face, struct question, face);
}

static struct hub_link *link_of(const struct question *question)
{
	struct hub_link *link = NULL;

	if (question->hub)
		link = hub_find_link(question->hub, question->org, question->agent, question->link);
	return link && link->state != LINK_CLOSING ? link : NULL;
}

void question_ask(struct hub_link *link, hub_ask *ask, json_t *id, const json_t *params)
{
	struct question *question;

	if (!ask || !json_is_object(params)) {
		link_refuse(link, id, ask ? JSONRPC_INVALID_PARAMS : JSONRPC_METHOD_NOT_FOUND,
			    ask ? "params must be an object" : "the server does not offer this");
		return;
	}
	question = calloc(1, sizeof(*question));
	if (!question)
		abort();
	question->hub = link->hub;
	question->next = link->hub->questions;
	link->hub->questions = question;
	question->link = link->number;
	question->id = json_incref(id);
	question->params = json_deep_copy(params);
	text_format(question->address, sizeof(question->address), "%s",
		    websocket_address(link->ws));
	question->face =
		(struct hub_question) { .address = question->address, .params = question->params };
	if (link->entry) {
		text_format(question->org, sizeof(question->org), "%s", link->entry->org);
		text_format(question->agent, sizeof(question->agent), "%s", link->entry->agent);
		question->face.org = question->org;
		question->face.agent = question->agent;
	}
	link_stop(link);
	ask(&question->face, link->hub->config.data);
}

static void end(struct question *question)
{
	struct question **at = question->hub ? &question->hub->questions : NULL;

	while (at && *at != question)
		at = &(*at)->next;
	if (at)
		*at = question->next;
	json_decref(question->id);
	json_decref(question->params);
	free(question);
}

void hub_answer(struct hub_question *face, json_t *result)
{
	struct question *question = of(face);
	struct hub_link *link = link_of(question);

	if (link) {
		link_release(link);
		link_send(link, jsonrpc_format_result(question->id, result));
	} else {
		json_decref(result);
	}
	end(question);
}

static void say_no(struct hub_link *link, const struct question *question, int code,
		   const char *sentence)
{
	if (link->is_plain)
		link_send(link,
			  json_dumps(json_pack("{s:s, s:s}", "type", "error", "message", sentence),
				     JSON_COMPACT));
	else
		link_send(link, jsonrpc_format_error(question->id, REFUSED, sentence,
						     json_pack("{s:i}", "code", code)));
}

void hub_refuse(struct hub_question *face, int code, const char *sentence)
{
	struct question *question = of(face);
	struct hub_link *link = link_of(question);

	if (link) {
		link_release(link);
		say_no(link, question, code, sentence);
		if (code == -EACCES || link->state == LINK_STRANGE)
			link_close(link, WEBSOCKET_POLICY, sentence);
	}
	end(question);
}

/* The hello that asked to be let in is then taken as the agent's hello. */
void hub_admit(struct hub_question *face, const char *org, const char *agent)
{
	struct question *question = of(face);
	struct hub_link *link = link_of(question);
	struct hub_link **at;

	if (link && link->state == LINK_STRANGE) {
		for (at = &link->hub->strangers; *at != link; at = &(*at)->next)
			;
		*at = link->next;
		link_release(link);
		link->hello_id = json_incref(question->id);
		link->hello = json_incref(question->params);
		link_adopt(link, org, agent);
	}
	end(question);
}

void questions_drop(struct hub *hub)
{
	while (hub->questions) {
		struct question *question = hub->questions;

		hub->questions = question->next;
		question->hub = NULL;
	}
}
