/*
 * A model: how a provider is asked, and how its answer is read.
 *
 * No network and no key here: the body of a request is made, and the bytes of the
 * answer are read as they come. A provider is one file with one struct model_impl
 * and a line in model_impls[] (model.c). Models come from the configuration, by
 * way of the parent's start message:
 *	{"name", "provider", "model", "context_tokens", "max_output_tokens",
 *	 "thinking": "adaptive" | "off",
 *	 "price": {"input", "output", "cached", "written"}}       dollars per million tokens
 * Providers: anthropic, openai, ollama, vllm, llamacpp, tensorzero.
 */
#pragma once

#include "investigation/model/conversation.h"
#include "investigation/model/reply.h"
#include "net/sse_parser.h"

#define MODEL_NAME_BYTES 64
#define MODEL_ID_BYTES 160
#define MODEL_CONTEXT_TOKENS 8192 /* where the configuration does not say */
#define MODEL_OUTPUT_TOKENS 2048
#define MODEL_MAX 8 /* in one start message */
#define MODEL_STREAM_MAX_BYTES (8 * MIB)

struct model_price {
	double input, output, cached, written;
};

struct model {
	char name[MODEL_NAME_BYTES]; /* what `--engine` and pipelines call it */
	char id[MODEL_ID_BYTES];     /* what the provider calls it */
	const struct model_impl *impl;
	unsigned context_tokens, max_output_tokens;
	bool thinks, sees; /* images */
	struct model_price price;
};

/* Everything one request says; borrowed. */
struct model_request {
	const char *prompt;  /* the same bytes each time, so that it is cached */
	const json_t *tools; /* [{"name", "summary", "schema": {}}], sorted by name */
	const struct conversation *messages;
	const char *episode;   /* or NULL */
	const char *must_call; /* the name of a tool it has to call now, or NULL */
};

/* A provider that refused or broke off: what it said, and what to do about it. */
enum model_failure {
	MODEL_NO_FAILURE,
	MODEL_RETRY,    /* busy, overloaded or broken: again after a while */
	MODEL_TOO_LONG, /* the conversation does not fit: shorten it */
	MODEL_REFUSED,  /* asking again helps nobody: the next model */
};

struct model_impl {
	const char *provider;
	const char *path; /* below the model's address */

	/* The body of a streaming request; a new reference. */
	json_t *(*body)(const struct model *model, const struct model_request *request);

	/*
	 * Reads one event. 0 to go on; the reply's is_whole says that it ended properly.
	 * -EBADMSG for what is no answer; -EREMOTEIO if it is the provider's error, whose
	 * kind goes to 'failure_out'.
	 */
	int (*take)(const struct model *model, struct reply *reply, const struct sse_event *event,
		    enum model_failure *failure_out, struct error *err);
};

/* What stands for an image where a model sees none. */
#define MODEL_UNSEEN_IMAGE "[an image is here, which you cannot be shown]"

extern const struct model_impl model_anthropic, model_openai, model_ollama, model_vllm,
	model_llamacpp, model_tensorzero;

/* NULL for an unknown provider. */
const struct model_impl *model_impl_find(const char *provider);

/* One entry of "models". -EINVAL with what is wrong. */
int model_parse(struct model *model, const json_t *entry, struct error *err) MUST_CHECK;

/* Dollars, 0 where no price is known. */
double model_cost(const struct model *model, const struct usage *usage);

/* What an error answer (any status but 200) means; its sentence goes to 'err'. */
enum model_failure model_failure_of(int status, const char *body, size_t len, struct error *err);

/* The same for the type (or code) that an error names: "overloaded_error", ... */
enum model_failure model_failure_named(const char *type);

/* One answer being read. */
struct model_stream {
	const struct model *model; /* borrowed */
	struct reply reply;
	enum model_failure failure;
	struct error why;
	/* private */
	struct sse_parser parser;
	size_t n_bytes;
};

void model_stream_init(struct model_stream *stream, const struct model *model);
void model_stream_finish(struct model_stream *stream);
void model_stream_cleanup(struct model_stream *stream);

/* Bytes as they come, cut anywhere. After a failure, which 'failure' and 'why' say, it takes none.
 */
void model_stream_feed(struct model_stream *stream, const char *bytes, size_t len);

/*
 * The connection ended. A stream that did not come to its end fails with MODEL_RETRY, unless
 * whole calls were said: those stand, and the reply counts as REPLY_CALLS.
 */
void model_stream_end(struct model_stream *stream);
