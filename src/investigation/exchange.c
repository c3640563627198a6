#include "investigation/exchange.h"

#include <errno.h>
#include <string.h>

#define REFUSAL_MAX_BYTES (64 * KIB)

static int add_model(struct model_chain *chain, const json_t *entry, struct error *err)
{
	if (chain->n == MODEL_MAX)
		return error_set(err, -EINVAL, "more than %d models", MODEL_MAX);
	return model_parse(&chain->models[chain->n++], entry, err);
}

int model_chain_parse(struct model_chain *chain, const json_t *models, const char *first,
		      struct error *err)
{
	const json_t *entry;
	size_t i;

	*chain = (struct model_chain) { 0 };
	json_array_foreach(models, i,
			   entry) if (strcmp(json_get_text(entry, "name", ""), first) == 0 &&
				      add_model(chain, entry, err) < 0) return err->code;
	if (!chain->n)
		return error_set(err, -ENOENT, "no model is called '%.64s'", first);
	json_array_foreach(models, i,
			   entry) if (strcmp(json_get_text(entry, "name", ""), first) != 0 &&
				      add_model(chain, entry, err) < 0) return err->code;
	return 0;
}

const struct model *model_chain_model(const struct model_chain *chain)
{
	return chain->at < chain->n ? &chain->models[chain->at] : NULL;
}

void exchange_init(struct exchange *exchange, struct model_chain *chain, struct line *line,
		   json_t *(*body)(struct exchange *exchange, const struct model *model))
{
	*exchange = (struct exchange) { .chain = chain, .line = line, .body = body };
	buf_init(&exchange->refusal, REFUSAL_MAX_BYTES);
}

void exchange_finish(struct exchange *exchange)
{
	model_stream_finish(&exchange->stream);
	buf_finish(&exchange->refusal);
}

/* The loops of a crew share the chain: another one may have left this model already. */
static int order(struct exchange *exchange, uint64_t now_ns, struct error *err)
{
	struct model_chain *chain = exchange->chain;
	const struct model *model = model_chain_model(chain);
	CLEANUP(json) json_t *body = model ? exchange->body(exchange, model) : NULL;
	CLEANUP(text) char *text = body ? json_canonical(body) : NULL;

	if (!text) {
		exchange->state = model ? EXCHANGE_TOO_LONG : EXCHANGE_FAILED;
		return 0;
	}
	model_stream_finish(&exchange->stream);
	model_stream_init(&exchange->stream, model);
	buf_clear(&exchange->refusal);
	exchange->id = ++chain->last_id;
	exchange->status = 0;
	exchange->retry_after_s = 0;
	exchange->state = EXCHANGE_SENT;
	exchange->due_ns = now_ns + EXCHANGE_SILENCE_NS;
	chain->uses[chain->at].n_requests++;
	return exchange->line->order(exchange->line,
				     &(struct model_order) { .id = exchange->id,
							     .model = model->name,
							     .path = model->impl->path,
							     .body = text },
				     err);
}

int exchange_start(struct exchange *exchange, uint64_t now_ns, struct error *err)
{
	exchange->n_tries = 0;
	return order(exchange, now_ns, err);
}

static void next_model(struct exchange *exchange, uint64_t now_ns)
{
	struct model_chain *chain = exchange->chain;

	if (exchange->stream.model == model_chain_model(chain)) {
		text_format(chain->uses[chain->at].why, sizeof(chain->uses[0].why), "%s",
			    exchange->why.text);
		chain->at++;
	}
	exchange->n_tries = 0;
	exchange->state = model_chain_model(chain) ? EXCHANGE_WAITING : EXCHANGE_FAILED;
	exchange->due_ns = now_ns;
}

static void try_again(struct exchange *exchange, uint64_t now_ns)
{
	uint64_t wait_ns = EXCHANGE_WAIT_NS << exchange->n_tries;
	double asked_s = exchange->retry_after_s;

	if (exchange->stream.model != model_chain_model(exchange->chain) ||
	    ++exchange->n_tries >= EXCHANGE_TRIES ||
	    asked_s * (double)NS_PER_SEC > (double)EXCHANGE_MAX_WAIT_NS) {
		next_model(exchange, now_ns);
		return;
	}
	if (asked_s > 0)
		wait_ns = (uint64_t)(asked_s * (double)NS_PER_SEC);
	exchange->chain->uses[exchange->chain->at].n_retries++;
	exchange->state = EXCHANGE_WAITING;
	exchange->due_ns = now_ns + wait_ns;
}

static void fail(struct exchange *exchange, enum model_failure failure, const struct error *why,
		 uint64_t now_ns)
{
	exchange->why = *why;
	if (failure == MODEL_TOO_LONG)
		exchange->state = EXCHANGE_TOO_LONG;
	else if (failure == MODEL_RETRY)
		try_again(exchange, now_ns);
	else
		next_model(exchange, now_ns);
}

static void count(struct exchange *exchange)
{
	struct model_chain *chain = exchange->chain;
	const struct usage *usage = &exchange->stream.reply.usage;
	struct model_use *use = &chain->uses[exchange->stream.model - chain->models];

	use->usage.input += usage->input;
	use->usage.cached += usage->cached;
	use->usage.written += usage->written;
	use->usage.output += usage->output;
	use->usage.reasoning += usage->reasoning;
	use->cost += model_cost(exchange->stream.model, usage);
}

static void end(struct exchange *exchange, struct str error, uint64_t now_ns)
{
	struct error why = { 0 };
	enum model_failure failure = MODEL_RETRY;

	if (exchange->status && exchange->status != 200) {
		failure = model_failure_of(exchange->status, buf_text(&exchange->refusal),
					   exchange->refusal.len, &why);
		fail(exchange, failure, &why, now_ns);
		return;
	}
	if (!exchange->status) {
		(void)error_set(&why, -EIO, "%.*s", error.len ? (int)error.len : 9,
				error.len ? error.data : "no answer");
		fail(exchange, failure, &why, now_ns);
		return;
	}
	model_stream_end(&exchange->stream);
	count(exchange);
	if (exchange->stream.failure == MODEL_NO_FAILURE)
		exchange->state = EXCHANGE_REPLIED;
	else
		fail(exchange, exchange->stream.failure, &exchange->stream.why, now_ns);
}

static int hear_chunk(struct exchange *exchange, struct str text, uint64_t now_ns,
		      struct error *err)
{
	exchange->due_ns = now_ns + EXCHANGE_SILENCE_NS;
	if (exchange->status != 200) {
		buf_add(&exchange->refusal, text.data, text.len);
		return 0;
	}
	model_stream_feed(&exchange->stream, text.data, text.len);
	if (exchange->stream.failure == MODEL_NO_FAILURE)
		return 0;
	end(exchange, (struct str) { NULL, 0 }, now_ns);
	return exchange->line->give_up(exchange->line, exchange->id, err);
}

int exchange_take(struct exchange *exchange, const struct news *news, uint64_t now_ns,
		  struct error *err)
{
	if (exchange->state != EXCHANGE_SENT || news->id != exchange->id)
		return 0;
	switch (news->kind) {
	case NEWS_HEAD:
		exchange->status = news->status;
		exchange->retry_after_s = news->retry_after_s;
		exchange->due_ns = now_ns + EXCHANGE_SILENCE_NS;
		return 0;
	case NEWS_CHUNK:
		return hear_chunk(exchange, news->text, now_ns, err);
	case NEWS_END:
		end(exchange, news->text, now_ns);
		return 0;
	case NEWS_NONE:
	case NEWS_ANSWER:
	case NEWS_OVER:
	case NEWS_PERSON:
	case NEWS_TOOLS:
	case NEWS_SPENT:
	case NEWS_WAITS:
		break;
	}
	return 0;
}

int exchange_tick(struct exchange *exchange, uint64_t now_ns, struct error *err)
{
	static const char silence[] = "nothing was heard for too long";

	if (now_ns < exchange->due_ns)
		return 0;
	if (exchange->state == EXCHANGE_WAITING)
		return order(exchange, now_ns, err);
	if (exchange->state != EXCHANGE_SENT)
		return 0;
	end(exchange, (struct str) { silence, strlen(silence) }, now_ns);
	return exchange->line->give_up(exchange->line, exchange->id, err);
}
