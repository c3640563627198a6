#include "investigation/model/model.h"

#include <errno.h>

static int handle_event(struct sse_parser *parser, const struct sse_event *event, struct error *err)
{
	struct model_stream *stream = container_of(parser, struct model_stream, parser);
	enum model_failure failure = MODEL_RETRY;
	int r;

	if (stream->reply.is_whole)
		return 0;
	r = stream->model->impl->take(stream->model, &stream->reply, event, &failure, err);
	if (r < 0)
		stream->failure = failure;
	return r;
}

void model_stream_init(struct model_stream *stream, const struct model *model)
{
	*stream = (struct model_stream) { .model = model };
	reply_init(&stream->reply);
	sse_parser_init(&stream->parser, handle_event);
}

void model_stream_finish(struct model_stream *stream)
{
	if (!stream->model)
		return;
	reply_finish(&stream->reply);
	sse_parser_finish(&stream->parser);
	stream->model = NULL;
}

void model_stream_cleanup(struct model_stream *stream)
{
	model_stream_finish(stream);
}

void model_stream_feed(struct model_stream *stream, const char *bytes, size_t len)
{
	int r;

	if (stream->failure != MODEL_NO_FAILURE)
		return;
	stream->n_bytes += len;
	r = stream->n_bytes > MODEL_STREAM_MAX_BYTES
		    ? error_set(&stream->why, -E2BIG, "an answer of more than %zu bytes",
				(size_t)MODEL_STREAM_MAX_BYTES)
		    : sse_parser_feed(&stream->parser, bytes, len, &stream->why);
	if (r < 0 && stream->failure == MODEL_NO_FAILURE)
		stream->failure = MODEL_RETRY;
}

void model_stream_end(struct model_stream *stream)
{
	struct reply *reply = &stream->reply;

	if (stream->failure == MODEL_NO_FAILURE && reply->stop != REPLY_OPEN)
		reply->is_whole = true; /* it said why it stopped; only the last word was lost */
	if (reply->is_whole)
		return;
	reply_close_broken(reply, stream->model->name);
	if (stream->failure == MODEL_NO_FAILURE)
		(void)error_set(&stream->why, -EPIPE, "the answer broke off");
	if (reply->n_calls && stream->failure != MODEL_TOO_LONG) {
		stream->failure = MODEL_NO_FAILURE;
		reply->stop = REPLY_CALLS;
	} else if (stream->failure == MODEL_NO_FAILURE) {
		stream->failure = MODEL_RETRY;
	}
}
