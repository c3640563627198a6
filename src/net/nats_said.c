#include <errno.h>
#include <event2/buffer.h>
#include <string.h>

#include "base/json.h"
#include "net/nats_internal.h"
#include "net/stream_internal.h"

/* One that asks and asks and reads no answer. */
#define ANSWERS_MAX_BYTES (2 * NATS_QUEUED_MAX_BYTES)

/* What is no text of a nonce is none: then a key has nothing to sign. */
static void take_nonce(struct nats *nats, const char *nonce)
{
	bool is_text = strlen(nonce) < sizeof(nats->nonce);

	for (const char *at = nonce; is_text && *at; at++)
		is_text = *at > ' ' && *at <= '~';
	text_format(nats->nonce, sizeof(nats->nonce), "%s", is_text ? nonce : "");
}

/* 1: the stream is another now, and what it has read was checked to be nothing. */
static int begin(struct nats *nats, const json_t *info, size_t left, struct error *err)
{
	take_nonce(nats, json_get_text(info, "nonce", ""));
	if (!nats->config.tls && json_get_bool(info, "tls_required", false))
		return error_set(err, -EPROTO,
				 "the server wants TLS: say tls://, and which CA vouches for it");
	if (!nats->config.tls || nats->config.is_tls_first)
		return nats_greet(nats, err);
	if (left)
		return error_set(err, -EPROTO, "the server says more than INFO before TLS");
	nats_secure(nats);
	return 1;
}

static int take_info(struct nats *nats, struct str payload, size_t left, struct error *err)
{
	const int64_t most = NATS_PAYLOAD_MAX_BYTES;
	CLEANUP(json)
	json_t *info = json_parse(payload.data, payload.len, NATS_LINE_MAX_BYTES, err);
	int64_t max = json_get_int(info, "max_payload", most);

	if (!json_is_object(info))
		return info ? error_set(err, -EPROTO, "the server's INFO is no object")
			    : error_wrap(err, "the server's INFO");
	nats->max_payload = (size_t)(max < 0 || max > most ? most : max);
	/* Later ones are of its cluster, whose other servers we do not go to, or say that it is
	 * about to stop: then it closes, and who stands for its name is asked anew. */
	return nats->step == NATS_HEARING ? begin(nats, info, left, err) : 0;
}

static int take_pong(struct nats *nats, struct error *err)
{
	if (!nats->is_asked)
		return error_set(err, -EPROTO, "the server answers what nobody asked");
	nats->is_asked = false;
	if (nats->step == NATS_GREETING) {
		nats->step = NATS_UP;
		nats->config.handle_up(nats, nats->config.data);
	} else {
		nats->config.handle_confirmed(nats, nats->config.data);
	}
	nats_arm(nats);
	return 0;
}

static int take_ping(struct nats *nats, struct error *err)
{
	if (stream_queued_bytes(nats->stream) > ANSWERS_MAX_BYTES)
		return error_set(err, -EPROTO, "the server asks and hears no answer");
	nats_send_text(nats, "PONG\r\n");
	return 0;
}

/* What we did not ask for is not heard, whoever sends it. */
static void take_message(const struct nats *nats, const struct nats_said *said)
{
	for (unsigned i = 0; i < NATS_MAX_SUBJECTS && nats->config.subjects[i]; i++)
		if (str_is(said->subject, nats->config.subjects[i])) {
			nats->config.handle_message(said->subject, said->payload,
						    nats->config.data);
			return;
		}
}

static int take_refusal(struct nats *nats, struct str why, struct error *err)
{
	enum nats_refused what = nats_refused_what(why);
	bool is_about_us = str_starts(why, "Authorization") || str_starts(why, "Authentication") ||
			   str_starts(why, "User Authentication") ||
			   str_starts(why, "Account Authentication");

	/* Before we spoke there is nothing of ours to refuse, and before TLS anybody may say so. */
	if (what == NATS_REFUSED_ALL || nats->step < NATS_GREETING)
		return error_set(err, is_about_us ? -EACCES : -EREMOTEIO, "the server says: %.*s",
				 (int)(why.len > 200 ? 200 : why.len), why.data);
	nats->config.handle_refused(nats, what, why, nats->config.data);
	return 0;
}

/* Negative: it is over. 1: the stream is another. */
static int take(struct nats *nats, const struct nats_said *said, size_t left, struct error *err)
{
	if (nats->step == NATS_HEARING && said->kind != NATS_INFO && said->kind != NATS_REFUSED)
		return error_set(err, -EPROTO, "the server does not say what it is");
	switch (said->kind) {
	case NATS_INFO:
		return take_info(nats, said->payload, left, err);
	case NATS_PING:
		return take_ping(nats, err);
	case NATS_PONG:
		return take_pong(nats, err);
	case NATS_MESSAGE:
		take_message(nats, said);
		return 0;
	case NATS_REFUSED:
		return take_refusal(nats, said->payload, err);
	case NATS_OK:
		break;
	}
	return 0;
}

void nats_read(struct nats *nats)
{
	struct evbuffer *input = bufferevent_get_input(nats->stream);
	struct error err = { 0 };
	int r = 0;

	while (r == 0) {
		size_t len = evbuffer_get_length(input);
		struct nats_said said;
		ssize_t used =
			nats_parse((const char *)evbuffer_pullup(input, -1), len, &said, &err);

		if (used == 0)
			return;
		r = used < 0 ? (int)used : take(nats, &said, len - (size_t)used, &err);
		if (r == 0)
			(void)evbuffer_drain(input, (size_t)used);
	}
	if (r < 0)
		nats_fail(nats, &err);
}
