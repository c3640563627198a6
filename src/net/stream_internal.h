/* What every connection does the same way with its bufferevent, TLS below it or not. */
#pragma once

#include <event2/bufferevent.h>
#include <openssl/ssl.h>

#include "base/base.h"

/* NULL for a plain one. */
SSL *stream_tls(struct bufferevent *stream);

/* Says that nothing more will be sent (close_notify, then FIN); the peer may go on. */
void stream_half_close(struct bufferevent *stream);

/* Closes and frees it, with close_notify where that still makes sense. NULL is fine. */
void stream_free(struct bufferevent *stream);

/* Bytes that wait to be sent. */
size_t stream_queued_bytes(struct bufferevent *stream);

/*
 * Whether a peer takes what is queued for it. Every write is noted; whoever asks
 * now and then learns that less than 'min_bytes' went out during a whole limit_ns.
 */
struct stream_pace {
	uint64_t n_queued, n_taken; /* ever; when last looked at */
	uint64_t since_ns;
};

/* 'before' bytes were queued, then something was added. */
void stream_pace_note(struct stream_pace *pace, struct bufferevent *stream, size_t before);
bool stream_pace_is_stalled(struct stream_pace *pace, struct bufferevent *stream, uint64_t limit_ns,
			    size_t min_bytes);

struct timeval stream_timeval(uint64_t ns);
