#include "server/notify/outbox_scene.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "server/org/vault.h"

struct courier_call calls[MAX_CALLS];
unsigned n_calls;
uint64_t now_ns;

struct courier_call *courier_request(struct courier *courier UNUSED,
				     const struct courier_request *request,
				     const struct courier_handlers *handlers, void *data)
{
	struct courier_call *call = &calls[n_calls++];

	CHECK(n_calls < MAX_CALLS);
	*call = (struct courier_call) { .handlers = handlers, .data = data, .is_open = true };
	text_format(call->method, sizeof(call->method), "%s", request->method);
	text_format(call->url, sizeof(call->url), "%s", request->url);
	if (request->n_secrets)
		text_format(call->secret, sizeof(call->secret), "%s", request->secrets[0].value);
	call->body = strndup(request->body ? request->body : "", request->n_body);
	return call;
}

struct courier_call *courier_send_mail(struct courier *courier UNUSED,
				       const struct courier_mail *mail UNUSED,
				       courier_mail_done *done UNUSED, void *data UNUSED)
{
	FAIL("no test sends mail");
	return NULL;
}

void courier_cancel(struct courier_call *call)
{
	call->is_open = false;
}

static uint64_t read_clock(void)
{
	return now_ns;
}

struct outbox *play_make_outbox(struct play *play, const char *owner)
{
	struct outbox *outbox = outbox_new(&(struct outbox_config) {
		.base = play->scene.base,
		.store = play->scene.store,
		.vault = play->vault,
		.owner = owner,
		.now_ns = read_clock,
	});

	outbox_start(outbox);
	return outbox;
}

void play_open(struct play *play)
{
	struct error err = { 0 };

	scene_open(&play->scene);
	text_format(play->key_path, sizeof(play->key_path), "%s/vault.key", play->scene.folder);
	play->vault = vault_open(play->key_path, &err);
	CHECK_OK(err.code, err);
	now_ns = clock_wall_ns();
	n_calls = 0;
	play->outbox = play_make_outbox(play, "first");
}

void play_close(struct play *play)
{
	outbox_free(play->outbox);
	vault_free(play->vault);
	(void)unlink(play->key_path);
	for (unsigned i = 0; i < n_calls; i++)
		free(calls[i].body);
	scene_close(&play->scene);
}

void play_turn(struct play *play)
{
	const struct timeval tick = { .tv_usec = 10000 };

	(void)event_base_loopexit(play->scene.base, &tick);
	(void)event_base_dispatch(play->scene.base);
}

static void add_destination(struct play *play, const char *id, const char *kind, const char *config,
			    const char *secret)
{
	static const char sql[] =
		"INSERT INTO destinations (org, id, kind, name, created, created_by, follow_up, "
		"config, sealed) VALUES ($1, $2, $3, $2, 1, 'test', $4, $5, $6)";
	const char *follow_up = strcmp(kind, "slack") == 0 ? "reply" : NULL;
	CLEANUP(text) char *sealed = NULL;
	struct answer answer;
	char use[64];

	text_format(use, sizeof(use), "destination/%s", id);
	sealed = vault_seal(play->vault, play->scene.org, use, secret, strlen(secret));
	const struct store_value params[] = {
		store_text(play->scene.org), store_text(id),     store_text(kind),
		store_text(follow_up),       store_text(config), store_text(sealed)
	};
	answer = scene_query(&play->scene, play->scene.org,
			     &(struct store_step) { sql, params, 6, STORE_SOME });
	CHECK_TEXT(answer.text, "");
}

void play_add_webhook(struct play *play, const char *id)
{
	add_destination(play, id, "webhook", "{\"url\":\"https://hook.example/x\"}",
			"{\"key\":\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"}");
}

void play_add_slack(struct play *play, const char *id)
{
	add_destination(play, id, "slack", "{\"channel\":\"C1\"}", "{\"token\":\"xoxb-secret\"}");
}

struct sent {
	unsigned n;
	int code;
};

static void handle_sent(const char *delivery UNUSED, const struct error *err, void *data)
{
	struct sent *sent = data;

	sent->n++;
	sent->code = err ? err->code : 0;
}

int play_tell(struct play *play, const char *destination, const char *incident, const char *event)
{
	CLEANUP(json)
	json_t *document = json_pack("{s:s, s:{s:s}}", "kind", event, "incident", "title", event);
	struct sent sent = { 0 };

	outbox_send(play->outbox,
		    &(struct outbox_message) { .org = play->scene.org,
					       .destination = destination,
					       .incident = incident,
					       .event = event,
					       .document = document },
		    handle_sent, &sent);
	CHECK_INT(sent.n, 0);
	WAIT(play, sent.n == 1);
	now_ns++;
	return sent.code;
}

void play_answer(unsigned at, unsigned status, const char *body, const char *retry_after)
{
	struct courier_call *call = &calls[at];
	const struct courier_header header = { "retry-after", retry_after };

	CHECK(call->is_open);
	call->is_open = false;
	call->handlers->head(&(struct courier_head) { .status = status,
						      .headers = &header,
						      .n_headers = retry_after ? 1 : 0 },
			     call->data);
	call->handlers->body(body, strlen(body), call->data);
	call->handlers->end(NULL, call->data);
}

void play_cut(unsigned at, int code)
{
	struct error err = { .code = code, .text = "cut" };

	calls[at].is_open = false;
	calls[at].handlers->end(&err, calls[at].data);
}

const char *play_states(struct play *play)
{
	static struct answer answer;
	static const char sql[] = "SELECT event || '/' || part, state, tries FROM deliveries "
				  "WHERE org = $1 ORDER BY created, seq";
	const struct store_value org = store_text(play->scene.org);

	answer = scene_query(&play->scene, play->scene.org,
			     &(struct store_step) { sql, &org, 1, STORE_ANY });
	CHECK_TEXT(answer.text, "");
	return answer.rows;
}

void play_pass(struct play *play, uint64_t ns)
{
	now_ns += ns;
	outbox_look(play->outbox);
}
