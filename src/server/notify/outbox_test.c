/*
 * The outbox on a real store, with a clock of ours and a courier that answers what the test
 * says: the courier's functions stand below in place of the library's.
 */
#include "server/notify/outbox_internal.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/test.h"
#include "server/org/vault.h"
#include "server/store/scene.h"

#define MAX_CALLS 64
#define PATIENCE_NS (20 * NS_PER_SEC)
#define MINUTE_NS (60 * NS_PER_SEC)

/* Every request that was made, in order. */
struct courier_call {
	char method[8], url[512], secret[128];
	char *body;
	const struct courier_handlers *handlers;
	void *data;
	bool is_open;
};

static struct courier_call calls[MAX_CALLS];
static unsigned n_calls;
static uint64_t now_ns;

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

struct play {
	struct scene scene;
	struct vault *vault;
	struct outbox *outbox;
	char key_path[96];
};

static struct outbox *make_outbox(struct play *play, const char *owner)
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

static void open_play(struct play *play)
{
	struct error err = { 0 };

	scene_open(&play->scene);
	text_format(play->key_path, sizeof(play->key_path), "%s/vault.key", play->scene.folder);
	play->vault = vault_open(play->key_path, &err);
	CHECK_OK(err.code, err);
	now_ns = clock_wall_ns();
	n_calls = 0;
	play->outbox = make_outbox(play, "first");
}

static void close_play(struct play *play)
{
	outbox_free(play->outbox);
	vault_free(play->vault);
	(void)unlink(play->key_path);
	for (unsigned i = 0; i < n_calls; i++)
		free(calls[i].body);
	scene_close(&play->scene);
}

/* Nothing here waits for time: the loop turns until it is so. */
#define WAIT(play, condition)                                                 \
	do {                                                                  \
		uint64_t end_ns = clock_monotonic_ns() + PATIENCE_NS;         \
		while (!(condition)) {                                        \
			const struct timeval tick = { .tv_usec = 10000 };     \
			if (clock_monotonic_ns() > end_ns)                    \
				FAIL("never: %s", #condition);                \
			(void)event_base_loopexit((play)->scene.base, &tick); \
			(void)event_base_dispatch((play)->scene.base);        \
		}                                                             \
	} while (0)

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

static void add_webhook(struct play *play, const char *id)
{
	add_destination(play, id, "webhook", "{\"url\":\"https://hook.example/x\"}",
			"{\"key\":\"whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=\"}");
}

static void add_slack(struct play *play, const char *id)
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

static int tell(struct play *play, const char *destination, const char *incident, const char *event)
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

static void answer(unsigned at, unsigned status, const char *body, const char *retry_after)
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

static void cut(unsigned at, int code)
{
	struct error err = { .code = code, .text = "cut" };

	calls[at].is_open = false;
	calls[at].handlers->end(&err, calls[at].data);
}

/* "EVENT/PART STATE TRIES" of all, in their order. */
static const char *states(struct play *play)
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

/* Time passes, and the outbox notices. */
static void pass(struct play *play, uint64_t ns)
{
	now_ns += ns;
	outbox_look(play->outbox);
}

TEST(a_delivery_is_sent_once_and_recorded)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "inc", "opened"), 0);
	WAIT(&play, n_calls == 1);
	CHECK_TEXT(calls[0].url, "https://hook.example/x");
	CHECK(strstr(calls[0].body, "\"event\":\"opened\""));
	CHECK_TEXT(states(&play), "opened/message sending 1 ");
	answer(0, 204, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(states(&play), "opened/message delivered 1 ");
	pass(&play, 3600 * NS_PER_SEC);
	(void)states(&play);
	CHECK_INT(n_calls, 1);
	close_play(&play);
}

TEST(what_cannot_be_is_refused_before_it_is_stored)
{
	struct play play;
	char incident[200];

	open_play(&play);
	CHECK_INT(tell(&play, "none", "inc", "opened"), -ENOENT);
	add_webhook(&play, "hook");
	(void)memset(incident, 'x', sizeof(incident));
	incident[199] = '\0';
	CHECK_INT(tell(&play, "hook", incident, "opened"), -EINVAL);
	CHECK_INT(tell(&play, "hook", "", "opened"), -EINVAL);
	CHECK_TEXT(states(&play), "");
	close_play(&play);
}

TEST(failures_are_tried_again_later_each_time)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "inc", "opened"), 0);
	WAIT(&play, n_calls == 1);
	answer(0, 500, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	pass(&play, 500 * NS_PER_MS);
	CHECK_TEXT(states(&play), "opened/message waiting 1 ");
	pass(&play, 2 * NS_PER_SEC);
	WAIT(&play, n_calls == 2);
	cut(1, -ECONNREFUSED);
	WAIT(&play, outbox_counters(play.outbox)->retries == 2);
	pass(&play, 1900 * NS_PER_MS);
	CHECK_TEXT(states(&play), "opened/message waiting 2 ");
	pass(&play, 3 * NS_PER_SEC);
	WAIT(&play, n_calls == 3);
	answer(2, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(states(&play), "opened/message delivered 3 ");
	/* The same delivery in each try, so that the receiver knows it again. */
	CHECK(strstr(calls[2].body, "\"delivery\":\"dlv_"));
	close_play(&play);
}

TEST(a_destination_that_asks_for_time_gets_it_for_all)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	answer(0, 429, "", "120");
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	CHECK_INT(tell(&play, "hook", "one", "resolved"), 0);
	pass(&play, MINUTE_NS);
	CHECK_TEXT(states(&play), "opened/message waiting 1 resolved/message waiting 0 ");
	pass(&play, 61 * NS_PER_SEC);
	WAIT(&play, n_calls == 2);
	CHECK(strstr(calls[1].body, "\"event\":\"opened\""));
	answer(1, 200, "", NULL);
	WAIT(&play, n_calls == 3);
	CHECK(strstr(calls[2].body, "\"event\":\"resolved\""));
	answer(2, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 2);
	close_play(&play);
}

TEST(one_at_a_time_for_an_incident_and_in_order)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "one", "opened"), 0);
	CHECK_INT(tell(&play, "hook", "one", "resolved"), 0);
	CHECK_INT(tell(&play, "hook", "two", "joined"), 0);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(states(&play), "opened/message sending 1 resolved/message waiting 0 "
				  "joined/message sending 1 ");
	answer(0, 400, "", NULL);
	WAIT(&play, n_calls == 3);
	CHECK(strstr(calls[2].body, "\"event\":\"resolved\""));
	answer(2, 200, "", NULL);
	answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 2);
	CHECK_INT(outbox_counters(play.outbox)->refused, 1);
	CHECK_TEXT(states(&play), "opened/message failed 1 resolved/message delivered 1 "
				  "joined/message delivered 1 ");
	close_play(&play);
}

TEST(after_a_day_it_is_given_up)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	now_ns += OUTBOX_PATIENCE_NS;
	answer(0, 503, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->given_up == 1);
	CHECK_TEXT(states(&play), "opened/message failed 1 ");
	close_play(&play);
}

TEST(what_was_under_way_when_a_server_ended_goes_on)
{
	struct play play;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	outbox_free(play.outbox);
	CHECK_TEXT(states(&play), "opened/message sending 1 ");
	play.outbox = make_outbox(&play, "first");
	WAIT(&play, n_calls == 2);
	answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	CHECK_TEXT(states(&play), "opened/message delivered 2 ");
	close_play(&play);
}

TEST(another_server_takes_over_only_when_the_lease_has_ended)
{
	struct play play;
	struct outbox *other;

	open_play(&play);
	add_webhook(&play, "hook");
	CHECK_INT(tell(&play, "hook", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	other = make_outbox(&play, "second");
	CHECK_TEXT(states(&play), "opened/message sending 1 ");
	now_ns += OUTBOX_LEASE_NS + 1;
	outbox_look(other);
	WAIT(&play, n_calls == 2);
	answer(1, 200, "", NULL);
	WAIT(&play, outbox_counters(other)->delivered == 1);
	/* The first one wakes up: what it has to say is not its any more. */
	answer(0, 500, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->open == 0);
	CHECK_TEXT(states(&play), "opened/message delivered 2 ");
	outbox_free(other);
	close_play(&play);
}

static const char posted[] = "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"17.1\"}";

TEST(slack_has_one_message_that_is_updated_and_a_thread)
{
	struct play play;

	open_play(&play);
	add_slack(&play, "chat");
	CHECK_INT(tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	CHECK_TEXT(calls[0].url, "https://slack.com/api/chat.postMessage");
	CHECK_TEXT(calls[0].secret, "Bearer xoxb-secret");
	answer(0, 200, posted, NULL);
	CHECK_INT(tell(&play, "chat", "one", "report"), 0);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(calls[1].url, "https://slack.com/api/chat.update");
	CHECK(strstr(calls[1].body, "\"ts\":\"17.1\""));
	answer(1, 200, posted, NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.postMessage");
	CHECK(strstr(calls[2].body, "\"thread_ts\":\"17.1\""));
	answer(2, 200, "{\"ok\":true,\"channel\":\"C1\",\"ts\":\"17.2\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 3);
	CHECK_TEXT(states(&play), "opened/message delivered 1 report/message delivered 1 "
				  "report/reply delivered 1 ");
	close_play(&play);
}

TEST(slack_is_asked_before_a_message_is_posted_again)
{
	struct play play;

	open_play(&play);
	add_slack(&play, "chat");
	CHECK_INT(tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	cut(0, -ECONNRESET);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	pass(&play, MINUTE_NS);
	WAIT(&play, n_calls == 2);
	CHECK_TEXT(calls[1].method, "GET");
	CHECK(strstr(calls[1].url, "/conversations.history?include_all_metadata=true"));
	answer(1, 200,
	       "{\"ok\":true,\"messages\":[{\"ts\":\"1.1\"},{\"ts\":\"17.1\",\"metadata\":{"
	       "\"event_type\":\"constable_delivery\",\"event_payload\":{\"incident\":\"one\"}}}]}",
	       NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.update");
	answer(2, 200, posted, NULL);
	WAIT(&play, outbox_counters(play.outbox)->delivered == 1);
	close_play(&play);
}

TEST(slack_without_that_right_gets_it_again)
{
	struct play play;

	open_play(&play);
	add_slack(&play, "chat");
	CHECK_INT(tell(&play, "chat", "one", "opened"), 0);
	WAIT(&play, n_calls == 1);
	answer(0, 502, "", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 1);
	pass(&play, MINUTE_NS);
	WAIT(&play, n_calls == 2);
	answer(1, 200, "{\"ok\":false,\"error\":\"missing_scope\"}", NULL);
	WAIT(&play, n_calls == 3);
	CHECK_TEXT(calls[2].url, "https://slack.com/api/chat.postMessage");
	answer(2, 200, "{\"ok\":false,\"error\":\"ratelimited\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->retries == 2);
	close_play(&play);
}

TEST(slack_that_says_no_is_not_asked_again)
{
	struct play play;

	open_play(&play);
	add_slack(&play, "chat");
	CHECK_INT(tell(&play, "chat", "one", "report"), 0);
	WAIT(&play, n_calls == 1);
	answer(0, 200, "{\"ok\":false,\"error\":\"channel_not_found\"}", NULL);
	WAIT(&play, outbox_counters(play.outbox)->skipped == 1);
	CHECK_INT(n_calls, 1);
	CHECK_TEXT(states(&play), "report/message failed 1 report/reply skipped 1 ");
	close_play(&play);
}
