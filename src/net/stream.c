#include <event2/buffer.h>
#include <event2/bufferevent_ssl.h>
#include <openssl/err.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "net/stream_internal.h"

SSL *stream_tls(struct bufferevent *stream)
{
	return bufferevent_openssl_get_ssl(stream);
}

static void send_close_notify(SSL *tls)
{
	if (tls && SSL_is_init_finished(tls) && !(SSL_get_shutdown(tls) & SSL_SENT_SHUTDOWN))
		(void)SSL_shutdown(tls);
	/* One loop, one queue: what is left here would be blamed on the next connection. */
	ERR_clear_error();
}

void stream_half_close(struct bufferevent *stream)
{
	send_close_notify(stream_tls(stream));
	(void)shutdown(bufferevent_getfd(stream), SHUT_WR);
}

void stream_free(struct bufferevent *stream)
{
	if (!stream)
		return;
	send_close_notify(stream_tls(stream));
	bufferevent_free(stream);
	ERR_clear_error();
}

size_t stream_queued_bytes(struct bufferevent *stream)
{
	return evbuffer_get_length(bufferevent_get_output(stream));
}

void stream_pace_note(struct stream_pace *pace, struct bufferevent *stream, size_t before)
{
	if (!before)
		pace->since_ns = clock_monotonic_ns();
	pace->n_queued += stream_queued_bytes(stream) - before;
}

bool stream_pace_is_stalled(struct stream_pace *pace, struct bufferevent *stream, uint64_t limit_ns,
			    size_t min_bytes)
{
	uint64_t now_ns = clock_monotonic_ns();
	size_t queued = stream_queued_bytes(stream);
	uint64_t n_taken = pace->n_queued - queued;

	if (!queued || n_taken - pace->n_taken >= min_bytes) {
		pace->n_taken = n_taken;
		pace->since_ns = now_ns;
	}
	return now_ns - pace->since_ns >= limit_ns;
}

struct timeval stream_timeval(uint64_t ns)
{
	return (struct timeval) { (time_t)(ns / NS_PER_SEC),
				  (suseconds_t)(ns % NS_PER_SEC / 1000) };
}
