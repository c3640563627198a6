/* The events of an investigation, as they come. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "client/client_internal.h"
#include "net/sse_parser.h"

#define AGAIN_NS (120 * NS_PER_SEC) /* how long a broken stream is taken up again */

struct following {
	struct ending ending; /* of the connection */
	struct sse_parser parser;
	int (*handle)(const json_t *event, void *data);
	void *data;
	char last_id[SSE_NAME_BYTES];
	bool is_over; /* after its last event, or where handle() said so */
	bool has_news;
	int status; /* what handle() returned */
};

static bool is_last(const json_t *event)
{
	const char *type = json_get_text(event, "type", "");

	return strcmp(type, "result") == 0 || strcmp(type, "error") == 0;
}

static int handle_event(struct sse_parser *parser, const struct sse_event *event, struct error *err)
{
	struct following *following = container_of(parser, struct following, parser);
	CLEANUP(json) json_t *json = NULL;

	if (following->is_over || !event->data)
		return 0;
	json = json_parse(event->data, strlen(event->data), SSE_DATA_MAX_BYTES, err);
	if (!json)
		return error_wrap(err, "an event of the stream");
	if (event->id)
		text_copy(following->last_id, sizeof(following->last_id), event->id);
	following->has_news = true;
	following->status = following->handle(json, following->data);
	following->is_over = following->status != 0 || is_last(json);
	/* The connection is ended from here; the server may keep it open. */
	return following->is_over ? error_set(err, -ECANCELED, "it is over") : 0;
}

static int handle_bytes(const char *bytes, size_t len, void *data, struct error *err)
{
	struct following *following = container_of(data, struct following, ending);

	return sse_parser_feed(&following->parser, bytes, len, err);
}

/* One connection, from where the last one ended to its own end. */
static int read_stream(struct constable_client *client, const char *path,
		       struct following *following, struct constable_error *err)
{
	const struct fetch_request request = {
		.method = "GET",
		.path = path,
		.bytes = handle_bytes,
		.last_event_id = *following->last_id ? following->last_id : NULL,
	};
	int r;

	sse_parser_init(&following->parser, handle_event);
	following->ending = (struct ending) { 0 };
	r = client_fetch(client, &request, &following->ending, err);
	ending_cleanup(&following->ending);
	sse_parser_finish(&following->parser);
	return following->is_over ? 0 : r;
}

/* What another try may mend: a server that is away, starting, or full. */
static bool is_passing(int code)
{
	return code == 0 || code == -EHOSTUNREACH || code == -ETIMEDOUT || code == -EBUSY ||
	       code == -EREMOTEIO;
}

int constable_follow(struct constable_client *client, const char *investigation,
		     int (*handle)(const json_t *event, void *data), void *data,
		     struct constable_error *err)
{
	static const struct timespec pause = { .tv_sec = 1 };
	const struct operation *operation = operation_find("follow_investigation", err);
	CLEANUP(json)
	json_t *parameters = json_pack("{s:s}", "investigation_id", investigation);
	struct following following = { .handle = handle, .data = data };
	uint64_t until_ns = clock_monotonic_ns() + AGAIN_NS;
	char path[OPERATION_PATH_BYTES];
	int r = operation ? operation_path(operation, parameters, path, err) : err->code;

	if (r < 0)
		return r;
	for (;;) {
		struct constable_error why = { 0 };

		following.has_news = false;
		r = read_stream(client, path, &following, &why);
		if (following.is_over)
			return following.status;
		if (following.has_news)
			until_ns = clock_monotonic_ns() + AGAIN_NS;
		if (!is_passing(r) || clock_monotonic_ns() > until_ns) {
			if (r == 0)
				return client_refuse(err, -ETIMEDOUT,
						     "the stream of '%s' ends before its end",
						     investigation);
			*err = why;
			return r;
		}
		(void)nanosleep(&pause, NULL);
	}
}
