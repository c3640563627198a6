#include "client_play.h"

#include <err.h>
#include <event2/event.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mcp_client/listing.h"

#define LIST_NS (10 * NS_PER_SEC)

/* The executables lie two folders up: build/tests/mcp/mcp_client. */
static void open_courier(struct client_play *play)
{
	char path[4096] = "";
	struct error why = { 0 };

	if (readlink("/proc/self/exe", path, sizeof(path) - 1) < 0)
		err(2, "/proc/self/exe");
	for (unsigned i = 0; i < 3; i++)
		*strrchr(path, '/') = '\0';
	play->courier =
		courier_new(play->base, &(struct courier_config) { .executables = path }, &why);
	if (!play->courier)
		errx(2, "%s", why.text);
}

static void handle_changed(void *data)
{
	((struct client_play *)data)->n_changed++;
}

void client_play_open(struct client_play *play)
{
	char token[8192];
	const struct courier_header secret = { "Authorization", token };
	struct error why = { 0 };

	play->base = event_base_new();
	open_courier(play);
	text_format(token, sizeof(token), "Bearer %s", play->token ? play->token : "");
	client_login_open(&play->login, play->base, play->courier, play->url);
	play->client = mcp_client_new(
		&(struct mcp_client_config) {
			.base = play->base,
			.courier = play->courier,
			.url = play->url,
			.version = play->version,
			.secrets = &secret,
			.n_secrets = play->token ? 1 : 0,
			.grant = play->grant,
			.want_token = play->logs_in ? client_login_want : NULL,
			.token_data = &play->login,
			.schemes = COURIER_HTTP_TOO,
			.networks = "127.0.0.0/8 ::1",
			.max_bytes = play->max_bytes,
			.changed = handle_changed,
			.data = play,
		},
		&why);
	if (!play->client)
		errx(2, "%s", why.text);
	play->login.client = play->client;
}

static void stop(void *data)
{
	(void)event_base_loopbreak(((struct client_play *)data)->base);
}

void client_play_close(struct client_play *play)
{
	client_login_close(&play->login);
	mcp_client_free(play->client);
	courier_free(play->courier);
	event_base_free(play->base);
}

static void say(struct client_play *play, json_t *said)
{
	json_put(said, "version",
		 mcp_client_version(play->client) ? json_string(mcp_client_version(play->client))
						  : json_null());
	json_put(said, "changed", json_integer(play->n_changed));
	json_put(said, "progress", json_integer(play->n_progress));
	play->said = said;
	stop(play);
}

static json_t *say_error(const struct error *why)
{
	return json_pack("{s:s, s:s}", "error", why->text, "errno", strerrorname_np(-why->code));
}

static void say_outcome(struct client_play *play, json_t *said)
{
	if (--play->n_open) {
		play->beside = said;
		return;
	}
	if (play->beside)
		json_put(said, "beside", TAKE(play->beside));
	say(play, said);
}

static void handle_done(const struct mcp_outcome *outcome, void *data)
{
	struct client_play *play = data;
	json_t *said;

	play->request = NULL;
	if (!outcome->err) {
		say_outcome(play, json_pack("{s:O}", "result", outcome->result));
		return;
	}
	said = say_error(outcome->err);
	json_put(said, "code", json_integer(outcome->code));
	json_put(said, "status", json_integer(outcome->status));
	json_put(said, "may_have_run", json_boolean(outcome->may_have_run));
	say_outcome(play, said);
}

static void handle_progress(double progress, double total, const char *message, void *data)
{
	struct client_play *play = data;

	(void)progress;
	(void)total;
	(void)message;
	play->n_progress++;
	if (!play->cancels || !play->request)
		return;
	mcp_request_cancel(TAKE(play->request));
	say(play, json_pack("{s:b}", "cancelled", 1));
}

/* As a person who is shown them and enters nothing. */
static json_t *defaults_of(const json_t *params)
{
	const json_t *schema = json_object_get(params, "requestedSchema");
	json_t *content = json_object(), *property;
	const char *key;

	json_object_foreach(json_object_get(schema, "properties"), key, property)
	{
		json_t *value = json_object_get(property, "default");

		if (value)
			json_put(content, key, json_incref(value));
	}
	return content;
}

static void handle_question(const struct mcp_question *question, void *data)
{
	const struct client_play *play = data;

	mcp_request_answer(question->request, question->serial,
			   play->accepts ? "accept" : "decline",
			   play->accepts ? defaults_of(question->params) : NULL);
}

static void handle_listed(const json_t *tools, const json_t *left_out, const struct error *why,
			  void *data)
{
	say(data,
	    why ? say_error(why) : json_pack("{s:O, s:O}", "tools", tools, "left_out", left_out));
}

static void handle_ended(void *data)
{
	struct client_play *play = data;

	play->said = json_pack("{s:b}", "ended", 1);
	stop(play);
}

static void request(struct client_play *play, const json_t *order)
{
	json_t *params = json_object_get(order, "params");

	play->n_open++;
	play->request = mcp_client_request(
		play->client,
		&(struct mcp_order) {
			.method = json_get_text(order, "method", ""),
			.params = json_incref(params),
			.schema = json_object_get(order, "schema"),
			.total_ns = (uint64_t)json_get_int(order, "timeout_ms", 10000) * NS_PER_MS,
			.done = handle_done,
			.progress = handle_progress,
			.ask = handle_question,
			.data = play,
		});
}

static void begin(struct client_play *play, const json_t *order)
{
	const char *method = json_get_text(order, "method", "");

	play->cancels = json_get_bool(order, "cancel", false);
	play->n_progress = play->n_open = 0;
	if (strcmp(method, "list") == 0)
		(void)mcp_listing_start(play->client, LIST_NS, handle_listed, play);
	else if (strcmp(method, "end") == 0)
		mcp_client_end(TAKE(play->client), handle_ended, play);
	else
		request(play, order);
	if (json_get_bool(order, "beside", false))
		request(play, order);
}

json_t *client_play_order(struct client_play *play, const json_t *order)
{
	if (!play->client)
		errx(2, "it has ended");
	begin(play, order);
	while (!play->said)
		if (event_base_dispatch(play->base) != 0)
			errx(2, "nothing is under way");
	return TAKE(play->said);
}
