/*
 * What an org's hub tells: what hosts say while their tools run, which of them come and go, and
 * what that changes for clients. One subscription an org, while there are fans or somebody watches.
 */
#include <string.h>

#include "server/gateway/fan_internal.h"
#include "server/hub/events.h"

#define URI_BYTES 256
#define DIGITS "0123456789" /* an incident's number is no id of it */
#define ID_CHARS DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_-."

static struct fan_leg *find_leg(struct gateway_org *org, const char *call)
{
	struct fan *fan;

	LIST_FOREACH(fan, &org->fans, link)
	{
		for (unsigned i = 0; i < fan->n_legs; i++)
			if (strcmp(fan->legs[i].call, call) == 0)
				return &fan->legs[i];
	}
	return NULL;
}

static void hear_presence(struct gateway_org *org, const char *agent, const char *presence)
{
	struct fan *fan;

	LIST_FOREACH(fan, &org->fans, link)
	{
		for (unsigned i = 0; i < fan->n_legs; i++)
			if (strcmp(fan->legs[i].agent, agent) == 0)
				fan_leg_hear(&fan->legs[i], presence);
	}
}

/* What is an event's for, and which resources it makes others. */
static const struct {
	const char *kind;
	const char *list; /* the resource that lists such */
	const char *each; /* what those of one begin with, or NULL */
} subjects[] = {
	{ "agent", "constable://hosts", NULL },
	{ "incident", "constable://incidents", "constable://incidents/" },
	{ "investigation", "constable://investigations", "constable://reports/" },
};

static void tell_updated(struct gateway_org *org, const char *uri)
{
	struct gateway_client *client;

	LIST_FOREACH(client, &org->clients, link) mcp_http_tell_updated(client->http, uri);
}

static void tell_watchers(struct gateway_org *org, size_t subject, const char *id)
{
	char uri[URI_BYTES];

	tell_updated(org, subjects[subject].list);
	if (!subjects[subject].each)
		return;
	text_format(uri, sizeof(uri), "%s%s", subjects[subject].each, id);
	tell_updated(org, uri);
}

static int deliver(const struct hub_event *event, void *data)
{
	struct gateway_org *org = data;
	CLEANUP(json) json_t *value = json_loads(event->data, 0, NULL);
	const char *id = json_get_text(value, "id", "");
	struct fan_leg *leg;

	if (strcmp(event->kind, "progress") == 0) {
		leg = find_leg(org, id);
		if (leg && !leg->is_closed)
			fan_tell(leg->fan, leg, json_get_text(value, "text", ""));
		return 0;
	}
	if (strcmp(event->kind, "agent") == 0) {
		hear_presence(org, id, json_get_text(value, "state", ""));
		gateway_look_soon(org);
	}
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++)
		if (strcmp(event->kind, subjects[i].kind) == 0)
			tell_watchers(org, i, id);
	return 0;
}

static void handle_lost(uint64_t seq UNUSED, void *data UNUSED)
{
	/* Only of what is now is anything told. */
}

/* Without it a fan has its outcomes all the same. */
bool news_hear(struct gateway_org *org)
{
	const struct hub_subscriber subscriber = { .org = org->org->id,
						   .after_seq = EVENTS_FROM_NOW,
						   .deliver = deliver,
						   .lost = handle_lost,
						   .data = org };
	struct error ignored = { 0 };

	if (!org->news)
		org->news = hub_subscribe(org->gateway->api->hub, &subscriber, &ignored);
	return org->news;
}

void news_hear_no_more(struct gateway_org *org)
{
	if (org->news)
		hub_subscription_end(TAKE(org->news));
}

/* As we write it ourselves when it changes: an id that is not encoded. */
static bool is_watchable(const char *uri)
{
	for (size_t i = 0; i < ARRAY_LEN(subjects); i++) {
		const char *each = subjects[i].each;
		size_t n = each ? strlen(each) : 0;

		if (strcmp(uri, subjects[i].list) == 0)
			return true;
		if (each && strncmp(uri, each, n) == 0)
			return uri[n] && strlen(uri) < URI_BYTES &&
			       uri[n + strspn(uri + n, ID_CHARS)] == '\0' &&
			       uri[n + strspn(uri + n, DIGITS)] != '\0';
	}
	return false;
}

bool news_watch(void *data, const char *uri)
{
	const struct gateway_client *client = data;

	return is_watchable(uri) && news_hear(client->org);
}
