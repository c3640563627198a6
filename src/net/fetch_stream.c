#include <errno.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/clock.h"
#include "net/fetch_internal.h"

void fetch_add_header(struct curl_slist **headers, const char *line)
{
	struct curl_slist *longer = curl_slist_append(*headers, line);

	if (!longer)
		abort();
	*headers = longer;
}

/* libcurl asks about once a second; its own limit of speed takes a sparse stream for a dead one. */
static int handle_progress(void *data, curl_off_t total UNUSED, curl_off_t now UNUSED,
			   curl_off_t up_total UNUSED, curl_off_t up_now UNUSED)
{
	struct fetch_stream *stream = data;

	if (clock_monotonic_ns() - stream->heard_ns < FETCH_SILENCE_S * NS_PER_SEC)
		return 0;
	error_set(&stream->stopped, -ETIMEDOUT, "the stream was silent for %ld seconds",
		  FETCH_SILENCE_S);
	return 1;
}

void fetch_stream_begin(struct fetch_stream *stream, const struct fetch_request *request,
			CURL *easy)
{
	*stream = (struct fetch_stream) {
		.bytes = request->bytes,
		.data = request->data,
		.heard_ns = clock_monotonic_ns(),
	};
	if (curl_easy_setopt(easy, CURLOPT_XFERINFOFUNCTION, handle_progress) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_XFERINFODATA, stream) != CURLE_OK ||
	    curl_easy_setopt(easy, CURLOPT_NOPROGRESS, 0L) != CURLE_OK)
		abort();
}

bool fetch_stream_takes(const struct fetch_stream *stream, CURL *easy)
{
	long status = 0;

	(void)curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	return stream->bytes && status >= 200 && status < 300;
}

size_t fetch_stream_take(struct fetch_stream *stream, const char *bytes, size_t len)
{
	stream->heard_ns = clock_monotonic_ns();
	return stream->bytes(bytes, len, stream->data, &stream->stopped) < 0 ? 0 : len;
}

struct curl_slist *fetch_stream_headers(const struct curl_slist *headers, const char *last_event_id)
{
	CLEANUP(buf) struct buf line = { 0 };
	struct curl_slist *copied = NULL;

	for (; headers; headers = headers->next)
		fetch_add_header(&copied, headers->data);
	buf_init(&line, 1 * KIB);
	buf_add_format(&line, "Last-Event-ID: %s", last_event_id);
	fetch_add_header(&copied, buf_text(&line));
	return copied;
}
