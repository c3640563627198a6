#include "server/api/exchange_internal.h"

#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "call/schema.h"

struct exchange_memory {
	struct exchange_memory *next;
	size_t len;
	uint64_t bytes[];
};

struct exchange *exchange_new(struct api *api, struct http_request *http)
{
	struct exchange *exchange = calloc(1, sizeof(*exchange));

	if (!exchange)
		abort();
	*exchange = (struct exchange) { .api = api, .http = http };
	return exchange;
}

void exchange_end(struct exchange *exchange)
{
	struct exchange_memory *memory = exchange->memory;

	if (exchange->finish)
		exchange->finish(exchange);
	while (memory) {
		struct exchange_memory *next = memory->next;

		/* Some of it are keys and tokens, in the clear. */
		explicit_bzero(memory->bytes, memory->len);
		free(memory);
		memory = next;
	}
	json_decref(exchange->query);
	json_decref(exchange->body);
	free(exchange);
}

void *exchange_alloc(struct exchange *exchange, size_t size)
{
	struct exchange_memory *memory = calloc(1, sizeof(*memory) + size);

	if (!memory)
		abort();
	memory->next = exchange->memory;
	memory->len = size;
	exchange->memory = memory;
	return memory->bytes;
}

const char *exchange_text(struct exchange *exchange, const char *format, ...)
{
	va_list args, again;
	char *text;
	int len;

	va_start(args, format);
	va_copy(again, args);
	len = vsnprintf(NULL, 0, format, args);
	va_end(args);
	text = exchange_alloc(exchange, (size_t)len + 1);
	(void)vsnprintf(text, (size_t)len + 1, format, again);
	va_end(again);
	return text;
}

static void count(struct exchange *exchange, unsigned status)
{
	exchange->api->counters.requests[status / 100 % 6]++;
}

void exchange_header(struct exchange *exchange, const char *name, const char *value)
{
	if (!exchange->within)
		http_reply_header(exchange->http, name, value);
}

/* The exchange is no more. */
static void reply(struct exchange *exchange, unsigned status, json_t *body)
{
	count(exchange, status);
	if (exchange->within)
		within_take(exchange->within, status, body);
	else
		http_reply_json(exchange->http, status, body);
	exchange_end(exchange);
}

/* What the server promises of its answers it keeps, or says so where somebody tests it. */
static bool keeps_promise(struct exchange *exchange, json_t **body)
{
	const struct router_entry *entry = exchange->entry;
	struct error err = { 0 };

	if (exchange->api->config->mode != API_CHECKS || !entry)
		return true;
	if (!entry->response)
		(void)error_set(&err, -EBADMSG, "the route promises no JSON");
	else if (schema_check(entry->response, *body, &err) == 0)
		return true;
	exchange->api->counters.bad_answers++;
	log_error("the answer of %s %s: %s", entry->route->method, entry->route->pattern, err.text);
	json_decref(*body);
	*body = json_pack("{s:s, s:s}", "error", err.text, "code", "bad_answer");
	return false;
}

void exchange_answer(struct exchange *exchange, json_t *body)
{
	unsigned status = exchange->entry->route->status ? exchange->entry->route->status : 200;

	if (!keeps_promise(exchange, &body))
		status = 500;
	reply(exchange, status, body);
}

void exchange_answer_other(struct exchange *exchange, unsigned status, json_t *body)
{
	reply(exchange, status, body);
}

void exchange_answer_text(struct exchange *exchange, unsigned status, const char *type,
			  const char *text)
{
	count(exchange, status);
	http_reply(exchange->http, status, type, text, strlen(text));
	exchange_end(exchange);
}

void exchange_answer_bytes(struct exchange *exchange, const char *type, struct str bytes)
{
	count(exchange, 200);
	http_reply(exchange->http, 200, type, bytes.data, bytes.len);
	exchange_end(exchange);
}

bool exchange_is_known(struct exchange *exchange, const char *tag)
{
	const char *known =
		exchange->within ? NULL : http_request_field(exchange->http, "if-none-match");

	exchange_header(exchange, "ETag", tag);
	if (!known || strcmp(known, tag) != 0)
		return false;
	count(exchange, 304);
	http_reply(exchange->http, 304, NULL, "", 0);
	exchange_end(exchange);
	return true;
}

static json_t *error_json(const struct exchange *exchange, unsigned status, const char *code,
			  const char *sentence)
{
	json_t *body = http_error_json(status, code, sentence);
	char now[CLOCK_TEXT_BYTES];

	if (exchange->entry && exchange->entry->route->flags & ROUTE_TIMED)
		json_put(body, "timestamp", json_string(clock_format(clock_wall_ns(), now)));
	return body;
}

void exchange_refuse(struct exchange *exchange, unsigned status, const char *code,
		     const char *format, ...)
{
	char sentence[ERROR_TEXT_BYTES];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(sentence, sizeof(sentence), format, args);
	va_end(args);
	if (exchange->within) {
		reply(exchange, status,
		      json_pack("{s:o, s:s}", "error", json_text(sentence, strlen(sentence)),
				"code", code ? code : "refused"));
		return;
	}
	count(exchange, status);
	http_reply_json(exchange->http, status, error_json(exchange, status, code, sentence));
	exchange_end(exchange);
}

static unsigned status_of(int code)
{
	switch (-code) {
	case ENOENT:
		return 404;
	case EEXIST:
	case ENOTCONN:
		return 409;
	case EACCES:
	case EPERM:
	case EBADE:
		return 403;
	case EINVAL:
	case EBADMSG:
		return 400;
	case E2BIG:
		return 413;
	case EOPNOTSUPP:
		return 501;
	case ETIMEDOUT:
	case EREMOTEIO:
		return 504;
	case EBUSY:
	case EAGAIN:
	case ESHUTDOWN:
	case EIO:
	case ENOSPC:
	case EROFS:
		return 503;
	default:
		return 500;
	}
}

void exchange_fail(struct exchange *exchange, const struct error *err)
{
	unsigned status = status_of(err->code);

	if (status == 500)
		log_error("%s %s: %s", exchange->http->method, exchange->entry->route->pattern,
			  err->text);
	if (status == 503)
		exchange_header(exchange, "Retry-After", "1");
	exchange_refuse(exchange, status, NULL, "%s",
			err->code == -ENOENT ? "there is no such thing here" : err->text);
}

void exchange_recorded(struct exchange *exchange)
{
	if (exchange->audited)
		audit_seal(exchange->api->store, exchange->audited);
	exchange->audited = NULL;
}

static void handle_stored(const struct store_result *result, const struct error *err, void *data)
{
	struct exchange *exchange = data;

	if (!err) {
		exchange_recorded(exchange);
		exchange->done(exchange, result);
	} else if (err->code == -EINVAL) {
		log_error("%s: %s", exchange->entry->route->pattern, err->text);
		exchange_refuse(exchange, 500, NULL, "the server asked its store wrongly");
	} else if (exchange->failed) {
		exchange->failed(exchange, err);
	} else {
		exchange_fail(exchange, err);
	}
}

static void submit(struct exchange *exchange, const struct store_batch *wanted, exchange_done *done)
{
	struct store_batch batch = *wanted;

	batch.notice = exchange->notice;
	exchange->notice = NULL;
	exchange->done = done;
	(void)store_submit(exchange->api->store, &batch, handle_stored, exchange);
}

void exchange_submit(struct exchange *exchange, const struct store_step *steps, unsigned n_steps,
		     exchange_done *done)
{
	const struct store_batch batch = {
		.org = exchange->caller.org->id,
		.steps = steps,
		.n_steps = n_steps,
	};

	submit(exchange, &batch, done);
}

void exchange_ask(struct exchange *exchange, const char *org, const struct store_step *steps,
		  unsigned n_steps, exchange_done *done)
{
	const struct store_batch batch = {
		.org = org,
		.steps = steps,
		.n_steps = n_steps,
		.is_question = true,
	};

	submit(exchange, &batch, done);
}

void exchange_submit_all(struct exchange *exchange, const struct store_step *steps,
			 unsigned n_steps, exchange_done *done)
{
	const struct store_batch batch = {
		.org = STORE_EVERY_ORG,
		.steps = steps,
		.n_steps = n_steps,
	};

	submit(exchange, &batch, done);
}

struct store_value exchange_org(const struct exchange *exchange)
{
	return store_text(exchange->caller.org->id);
}

struct store_value exchange_now(void)
{
	return store_int((int64_t)clock_wall_ns());
}

uint64_t exchange_ticks(void)
{
	return clock_monotonic_ns();
}

const char *exchange_actor(struct exchange *exchange)
{
	const struct caller *caller = &exchange->caller;

	if (caller->actor)
		return exchange_text(exchange, "%s/%s", caller->actor, caller->id);
	switch (caller->role) {
	case ROLE_NONE:
		return exchange_text(exchange, "token/%s", caller->id);
	case ROLE_AGENT:
		return exchange_text(exchange, "agent/%s", caller->id);
	default:
		return exchange_text(exchange, "key/%s", caller->id);
	}
}

struct store_step exchange_audit(struct exchange *exchange, const char *action, const char *target,
				 json_t *details)
{
	const char *text = NULL;

	if (details) {
		char *canonical = json_canonical(details);

		text = exchange_text(exchange, "%s", canonical);
		free(canonical);
		json_decref(details);
	}
	exchange->audited = exchange->caller.org;
	return audit_step(&exchange->record, &(struct audit_entry) {
						     .org = exchange->caller.org->id,
						     .actor = exchange_actor(exchange),
						     .action = action,
						     .target = target,
						     .details = text,
					     });
}

static void handle_recorded(struct exchange *exchange, const struct store_result *result UNUSED)
{
	exchange->recorded(exchange);
}

void exchange_record(struct exchange *exchange, const struct store_step *audit,
		     void (*then)(struct exchange *exchange))
{
	exchange->recorded = then;
	exchange_submit(exchange, audit, 1, handle_recorded);
}
