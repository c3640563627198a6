/* Requests and mails of one delivery, until there is a verdict. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/step.h"
#include "server/notify/outbox_internal.h"
#include "server/notify/retry.h"

#define MAX_REQUESTS 6
#define MAX_RECIPIENTS 20

static const struct courier_limits limits = {
	.connect_ns = 10 * NS_PER_SEC,
	.first_byte_ns = 30 * NS_PER_SEC,
	.idle_ns = 20 * NS_PER_SEC,
	.total_ns = 45 * NS_PER_SEC, /* MAX_REQUESTS of these are within a lease */
	.max_bytes = ATTEMPT_ANSWER_MAX_BYTES,
};

static void conclude(struct flight *flight, enum verdict verdict)
{
	flight->call = NULL;
	flight->verdict = verdict;
	flight_record(flight);
}

/* Whether the other side may have got it, although it did not say so. */
static bool may_have_got_it(int code)
{
	return code == -EIO || code == -ECONNRESET || code == -ETIMEDOUT || code == -EPROTO ||
	       code == -E2BIG;
}

static void fail(struct flight *flight, const struct error *err)
{
	struct attempt *attempt = &flight->attempt;

	if (may_have_got_it(err->code))
		flight->may_have_arrived = true;
	text_format(attempt->why, sizeof(attempt->why), "%s", err->text);
	conclude(flight,
		 err->code == -EINVAL || err->code == -EACCES ? VERDICT_REFUSED : VERDICT_AGAIN);
}

static void handle_head(const struct courier_head *head, void *data)
{
	struct flight *flight = data;

	flight->attempt.status = head->status;
	for (size_t i = 0; i < head->n_headers; i++)
		if (strcmp(head->headers[i].name, "retry-after") == 0)
			flight->asked_ns = retry_after_ns(head->headers[i].value,
							  (uint64_t)outbox_now(flight->outbox));
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	struct flight *flight = data;

	buf_add(&flight->attempt.answer, bytes, len);
}

static enum verdict judge(struct flight *flight)
{
	struct attempt *attempt = &flight->attempt;
	unsigned status = attempt->status;

	if (status >= 200 && status < 300)
		return flight->kind->hear(attempt);
	text_format(attempt->why, sizeof(attempt->why), "the destination answered %u", status);
	if (status == 429 || status == 408 || status == 425 || status >= 500) {
		flight->may_have_arrived = flight->may_have_arrived || status >= 500;
		return VERDICT_AGAIN;
	}
	return VERDICT_REFUSED;
}

static void send_next(struct flight *flight);

static void handle_end(const struct error *err, void *data)
{
	struct flight *flight = data;
	enum verdict verdict;

	flight->call = NULL;
	step_reached("server-delivery-answered");
	if (err) {
		fail(flight, err);
		return;
	}
	verdict = judge(flight);
	if (verdict == VERDICT_MORE && flight->n_requests < MAX_REQUESTS)
		send_next(flight);
	else
		conclude(flight, verdict == VERDICT_MORE ? VERDICT_AGAIN : verdict);
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

static struct courier_policy policy_of(const struct flight *flight)
{
	return (struct courier_policy) {
		.schemes = COURIER_HTTPS_ONLY,
		.networks = flight->outbox->config.networks,
	};
}

static void send_letter(struct flight *flight, const struct letter *letter)
{
	struct courier_header headers[LETTER_MAX_HEADERS + 1] = {
		{ "Content-Type", "application/json; charset=utf-8" },
	};
	const struct courier_header secret = { "Authorization", letter->secret };

	for (unsigned i = 0; i < letter->n_headers; i++)
		headers[i + 1] = (struct courier_header) { letter->headers[i].name,
							   letter->headers[i].value };
	flight->call = courier_request(flight->outbox->config.courier,
				       &(struct courier_request) {
					       .method = letter->method,
					       .url = letter->url,
					       .headers = headers,
					       .n_headers = letter->n_headers + 1,
					       .secrets = &secret,
					       .n_secrets = *letter->secret ? 1 : 0,
					       .body = letter->body,
					       .n_body = letter->body ? strlen(letter->body) : 0,
					       .wanted = "retry-after",
					       .ca_pem = flight->outbox->config.ca_pem,
					       .policy = policy_of(flight),
					       .limits = limits,
				       },
				       &handlers, flight);
}

static void send_next(struct flight *flight)
{
	struct attempt *attempt = &flight->attempt;
	struct letter *letter = calloc(1, sizeof(*letter));
	enum verdict verdict;

	if (!letter)
		abort();
	attempt->status = 0;
	attempt->why[0] = '\0';
	flight->asked_ns = 0;
	buf_clear(&attempt->answer);
	verdict = flight->kind->ask(attempt, letter);
	step_reached("server-delivery-claimed");
	if (verdict == VERDICT_MORE) {
		flight->n_requests++;
		send_letter(flight, letter);
	} else {
		conclude(flight, verdict);
	}
	letter_finish(letter);
	free(letter);
}

/* Who took it is remembered, so that the next try is for the others. */
static void note_taken(struct flight *flight, const char *address)
{
	struct attempt *attempt = &flight->attempt;

	if (!attempt->progress)
		attempt->progress = json_pack("{s:[]}", "taken");
	json_push(json_object_get(attempt->progress, "taken"), json_string(address));
}

static void handle_mailed(const struct courier_receipt *receipts, size_t n, const struct error *err,
			  void *data)
{
	struct flight *flight = data;
	struct attempt *attempt = &flight->attempt;
	size_t n_later = 0, n_never = 0;

	flight->call = NULL;
	step_reached("server-delivery-answered");
	for (size_t i = 0; i < n; i++) {
		unsigned status = receipts[i].status;

		attempt->status = status ? status : attempt->status;
		if (!err && status >= 200 && status < 300)
			note_taken(flight,
				   json_string_value(json_array_get(flight->mail.recipients, i)));
		n_later += !(status >= 500 || (!err && status >= 200 && status < 300));
		n_never += status >= 500;
	}
	if (err && !(n_never == n && n)) {
		fail(flight, err);
		return;
	}
	if (!err && !attempt->reference)
		attempt->reference = json_pack("{s:b}", "mailed", 1);
	if (n_never || n_later)
		text_format(attempt->why, sizeof(attempt->why),
			    "%zu recipients were refused, %zu put off", n_never, n_later);
	conclude(flight, n_later        ? VERDICT_AGAIN
			 : n_never == n ? VERDICT_REFUSED
					: VERDICT_DELIVERED);
}

static enum courier_security security_of(const json_t *config)
{
	const char *word = json_get_text(config, "security", "starttls");

	if (strcmp(word, "tls") == 0)
		return COURIER_TLS;
	return strcmp(word, "none") == 0 ? COURIER_PLAIN : COURIER_STARTTLS;
}

static void send_mail(struct flight *flight)
{
	struct attempt *attempt = &flight->attempt;
	const char *recipients[MAX_RECIPIENTS];
	size_t n = 0, i;
	const json_t *address;

	flight->kind->write(attempt, &flight->mail);
	json_array_foreach(flight->mail.recipients, i, address)
	{
		if (n < MAX_RECIPIENTS)
			recipients[n++] = json_string_value(address);
	}
	step_reached("server-delivery-claimed");
	if (!n) { /* all took it, but that could not be written down */
		conclude(flight, VERDICT_DELIVERED);
		return;
	}
	flight->call = courier_send_mail(
		flight->outbox->config.courier,
		&(struct courier_mail) {
			.host = json_get_text(attempt->config, "host", ""),
			.port = (uint16_t)json_get_int(attempt->config, "port", 0),
			.security = security_of(attempt->config),
			.user = json_get_text(attempt->config, "user", NULL),
			.password = json_get_text(attempt->secret, "password", NULL),
			.from = json_get_text(attempt->config, "from", ""),
			.recipients = recipients,
			.n_recipients = n,
			.message = flight->mail.message,
			.n_message = strlen(flight->mail.message),
			.ca_pem = flight->outbox->config.ca_pem,
			.policy = policy_of(flight),
			.limits = limits,
		},
		handle_mailed, flight);
}

/* Nobody can answer it any more; how it ended follows. */
static bool is_late(const struct attempt *attempt)
{
	const json_t *appeal = json_object_get(attempt->document, "appeal");
	uint64_t expires_ns;

	return attempt_is(attempt, "appeal") &&
	       strcmp(json_get_text(appeal, "state", ""), "open") == 0 &&
	       clock_parse(json_get_text(appeal, "expires", ""), &expires_ns) &&
	       (int64_t)expires_ns <= attempt->now_ns;
}

void flight_carry(struct flight *flight)
{
	flight->begun_ns = clock_monotonic_ns();
	if (is_late(&flight->attempt))
		conclude(flight, VERDICT_SKIPPED);
	else if (flight->kind->write)
		send_mail(flight);
	else
		send_next(flight);
}
