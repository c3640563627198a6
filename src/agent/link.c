#include "agent/link.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "agent/link_internal.h"
#include "base/memory.h"
#include "base/clock.h"
#include "base/log.h"
#include "net/dial.h"
#include "net/tls.h"

#define SILENCE_NS (90 * NS_PER_SEC)

static void dial(struct link *link);

static void wait_for_retry(struct link *link, enum backoff_reason reason, unsigned asked_s)
{
	uint64_t random = 0, wait_ns;
	struct timeval delay;

	if (link->is_ending)
		return;
	if (getrandom(&random, sizeof(random), GRND_NONBLOCK) < 0)
		random = clock_monotonic_ns();
	wait_ns = backoff_next(&link->backoff, reason, random, asked_s * NS_PER_SEC);
	delay = (struct timeval) { .tv_sec = (time_t)(wait_ns / NS_PER_SEC),
				   .tv_usec = (suseconds_t)(wait_ns % NS_PER_SEC / 1000) };
	(void)event_add(link->retry, &delay);
}

/* The first failure of a kind is worth a line, a thousand are not. */
static void note_why(struct link *link, enum backoff_reason reason, const char *why)
{
	/* One that goes because a newer one came is not missed. */
	bool is_new = strcmp(link->why, why) != 0 && !link->fresh;

	link->is_refused = reason == BACKOFF_REFUSED;
	text_format(link->why, sizeof(link->why), "%s", why);
	if (is_new && link->is_refused)
		log_error("the server refuses this agent: %s; was it revoked? 'constable provision "
			  "--force' enrols it anew",
			  why);
	else if (is_new)
		log_warn("no link to the server: %s", why);
	if (!link->ws)
		notify_status(&link->agent->notify, "not connected: %s", why);
}

void link_fail_fresh(struct link *link, enum backoff_reason reason, const char *why)
{
	if (link->fresh)
		websocket_abort(link->fresh, WEBSOCKET_GOING_AWAY, "");
	link->fresh = NULL;
	note_why(link, reason, why);
	if (!link->ws)
		wait_for_retry(link, reason, 0);
}

static enum backoff_reason reason_of(unsigned code)
{
	return code == WEBSOCKET_POLICY ? BACKOFF_REFUSED : BACKOFF_FAILED;
}

static void lose(struct link *link, unsigned code, const char *reason)
{
	char why[ERROR_TEXT_BYTES];

	text_format(why, sizeof(why), "the connection ended (%u%s%s)", code, *reason ? ": " : "",
		    reason);
	link->ws = NULL;
	if (link->is_ending) {
		(void)event_base_loopexit(link->agent->base, NULL);
		return;
	}
	link->heartbeat_id = link->renewal_id = 0;
	backoff_note_held(&link->backoff, clock_monotonic_ns() - link->up_since_ns);
	note_why(link, reason_of(code), why);
	calls_link_down(&link->agent->calls);
	metrics_stop(&link->agent->metrics);
	if (!link->dial && !link->fresh)
		wait_for_retry(link, reason_of(code), 0);
}

static void handle_closed(struct websocket *ws, unsigned code, const char *reason, void *data)
{
	struct link *link = data;
	char why[ERROR_TEXT_BYTES];

	if (ws == link->ws) {
		lose(link, code, reason);
	} else if (ws == link->fresh) {
		link->fresh = NULL;
		text_format(why, sizeof(why), "the server closed at the greeting (%u %s)", code,
			    reason);
		link_fail_fresh(link, reason_of(code), why);
	}
}

static void take_response(struct link *link, const struct jsonrpc_message *message)
{
	json_int_t id = json_integer_value(message->id);

	if (id == link->heartbeat_id)
		heartbeat_take(link->agent, message);
	else if (id == link->renewal_id)
		renewal_take(link, message);
	if (id == link->heartbeat_id) {
		link->heartbeat_id = 0;
		memory_give_back(); /* what the heartbeat touched, while awake anyway */
	}
}

static void handle_message(struct websocket *ws, const char *text, size_t len, void *data)
{
	struct link *link = data;
	CLEANUP(jsonrpc) struct jsonrpc_message message = { 0 };
	struct error err = { 0 };
	bool is_response;

	if (ws != link->ws && ws != link->fresh)
		return;
	if (jsonrpc_parse(text, len, LINK_MESSAGE_MAX_BYTES, &message, &err) < 0) {
		log_warn("the server sent what is no message: %s", err.text);
		/* It may have been a call, or an acknowledgement: the next hello tells. */
		websocket_abort(ws, WEBSOCKET_PROTOCOL_ERROR, "what came is no message");
		return;
	}
	is_response = message.kind == JSONRPC_RESULT || message.kind == JSONRPC_ERROR;
	if (ws == link->fresh) {
		if (is_response && json_integer_value(message.id) == link->hello_id)
			greeting_take(link, &message);
		return;
	}
	if (is_response)
		take_response(link, &message);
	else
		method_take(link, &message);
}

static void handle_drained(struct websocket *ws, void *data)
{
	struct link *link = data;

	if (ws != link->ws || !link->is_wanting)
		return;
	link->is_wanting = false;
	calls_link_drained(&link->agent->calls);
}

static void handle_dialled(struct dial *done UNUSED, struct dial_outcome *outcome, void *data)
{
	struct link *link = data;
	/* A proxy's no (-EPERM) says nothing of what the server thinks. */
	enum backoff_reason reason =
		outcome->err.code == -EACCES ? BACKOFF_REFUSED : BACKOFF_FAILED;

	link->dial = NULL;
	if (outcome->ws) {
		link->fresh = outcome->ws;
		greeting_start(link);
		return;
	}
	note_why(link, reason, outcome->err.text);
	if (!link->ws)
		wait_for_retry(link, reason, outcome->retry_after_s);
}

static void dial(struct link *link)
{
	struct agent *agent = link->agent;
	struct error err = { 0 };
	char resolver[STATE_PATH_BYTES];
	struct dial_config config = {
		.url = agent->state.websocket,
		.tls = link->tls,
		.resolver = resolver,
		.headers = { { "x-agent-version", agent->version },
			     { "x-vm-id", agent->state.agent } },
		.websocket = {
			.handle_message = handle_message,
			.handle_drained = handle_drained,
			.handle_closed = handle_closed,
			.data = link,
			.max_message_bytes = LINK_MESSAGE_MAX_BYTES,
			.max_queued_bytes = LINK_QUEUED_MAX_BYTES,
			.silence_ns = SILENCE_NS,
		},
		.handle_done = handle_dialled,
		.data = link,
	};

	text_format(resolver, sizeof(resolver), "%s/constable-resolver", agent->executables);
	if (*config_get(agent->config, "proxy")->text)
		config.proxy = config_get(agent->config, "proxy")->text;
	if (*config_get(agent->config, "no_proxy")->text)
		config.no_proxy = config_get(agent->config, "no_proxy")->text;
	link->dial = dial_start(agent->base, &config, &err);
	if (link->dial)
		return;
	note_why(link, BACKOFF_FAILED, err.text);
	if (!link->ws)
		wait_for_retry(link, BACKOFF_REFUSED, 0);
}

static void handle_retry(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct link *link = data;

	if (!link->ws && !link->fresh && !link->dial)
		dial(link);
}

static int make_tls(struct link *link, struct error *err)
{
	struct state *state = &link->agent->state;
	struct tls_identity identity = { .certificate = state->certificate, .key = state->key };
	X509_STORE *trusted = tls_trust_parse(state->ca_pem, err);

	if (!trusted)
		return error_wrap(err, "ca.crt");
	link->tls = tls_client_new(&identity, trusted, err);
	X509_STORE_free(trusted);
	return link->tls ? 0 : err->code;
}

int link_init(struct link *link, struct agent *agent, struct error *err)
{
	*link = (struct link) { .agent = agent };
	/* An answer to an earlier process is none to this one. */
	link->next_id = (json_int_t)(clock_wall_ns() / NS_PER_MS);
	link->renew_at_ns = certificate_renew_at_ns(agent->state.certificate);
	text_format(link->why, sizeof(link->why), "not connected yet");
	link->retry = event_new(agent->base, -1, 0, handle_retry, link);
	if (!link->retry)
		abort();
	return make_tls(link, err);
}

void link_start(struct link *link)
{
	dial(link);
}

void link_finish(struct link *link)
{
	if (link->dial)
		dial_cancel(link->dial);
	if (link->fresh)
		websocket_free(link->fresh);
	if (link->ws)
		websocket_free(link->ws);
	if (link->retry)
		event_free(link->retry);
	SSL_CTX_free(link->tls);
	*link = (struct link) { 0 };
}

void link_end(struct link *link)
{
	link->is_ending = true;
	(void)event_del(link->retry);
	if (link->dial)
		dial_cancel(link->dial);
	link->dial = NULL;
	if (link->fresh)
		websocket_free(link->fresh);
	link->fresh = NULL;
	if (link->ws)
		websocket_close(link->ws, WEBSOCKET_GOING_AWAY, "the agent ends");
}

bool link_is_closed(const struct link *link)
{
	return !link->ws;
}

enum link_phase link_phase(const struct link *link)
{
	if (link->ws)
		return LINK_UP;
	if (link->fresh)
		return LINK_GREETING;
	return link->dial ? LINK_DIALLING : LINK_DOWN;
}

void link_promote(struct link *link)
{
	struct websocket *old = link->ws;

	link->ws = link->fresh;
	link->fresh = NULL;
	link->heartbeat_id = link->renewal_id = 0;
	link->up_since_ns = clock_monotonic_ns();
	link->is_refused = false;
	link->why[0] = '\0';
	link->n_connected++;
	if (old) {
		calls_link_down(&link->agent->calls);
		websocket_close(old, WEBSOCKET_GOING_AWAY, "a newer link took its place");
	}
	log_info("connected to the server as %s", link->agent->state.agent);
	notify_status(&link->agent->notify, "connected");
	calls_link_up(&link->agent->calls);
}

int link_send(struct link *link, char *text)
{
	int r = link->ws ? websocket_send(link->ws, text, strlen(text)) : -ENOTCONN;

	free(text);
	return r;
}

int link_send_result(struct link *link, char *text)
{
	size_t len = strlen(text);
	int r = -ENOBUFS;

	if (link->ws &&
	    (len <= LINK_SMALL_BYTES || websocket_queued_bytes(link->ws) <= LINK_BUSY_BYTES))
		r = websocket_send(link->ws, text, len);
	else if (link->ws)
		websocket_request_drained(link->ws);
	free(text);
	if (r < 0)
		link->is_wanting = true;
	return r;
}

void link_refresh(struct link *link)
{
	struct state *state = &link->agent->state;
	struct tls_identity identity = { .certificate = state->certificate, .key = state->key };
	struct error err = { 0 };

	link->renew_at_ns = certificate_renew_at_ns(state->certificate);
	if (tls_set_identity(link->tls, &identity, &err) < 0) {
		log_error("the new certificate cannot be used: %s", err.text);
		return;
	}
	if (!link->dial && !link->fresh)
		dial(link);
}

/* The last heartbeat has no answer yet: nobody is there, whatever TCP thinks. */
static void cut(struct link *link)
{
	link->heartbeat_id = 0;
	websocket_abort(link->ws, WEBSOCKET_LOST, "the server does not answer");
}

void link_ask_now(struct link *link)
{
	if (link->ws && !link->heartbeat_id)
		heartbeat_start(link->agent);
}

void link_tick(struct link *link)
{
	if (!link->ws)
		return;
	if (link->heartbeat_id) {
		cut(link);
		return;
	}
	heartbeat_start(link->agent);
	if (clock_wall_ns() >= link->renew_at_ns && !link->renewal_id)
		renewal_start(link);
}
