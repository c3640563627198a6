/*
 * An investigation as a stream of server-sent events: each is one "data:" line with {"type",
 * "data", "thread_id", "timestamp"}, and on the faces below /api/v1 an "id:" line before it. It
 * ends after the last event; what a slow client has not read costs no memory of ours.
 */
#pragma once

#include "server/api/exchange.h"
#include "server/inquiry/inquiry.h"

enum stream_ids {
	STREAM_WITHOUT_IDS, /* as documented of POST /investigate */
	STREAM_WITH_IDS,
};

/* By the face that was asked. */
enum stream_ids stream_ids_of(const struct exchange *exchange);

struct stream_wish {
	const char *investigation, *thread;
	uint64_t after_seq;
	enum stream_ids ids;
	json_t *files; /* of the request, for a first thought that is not on record; or NULL */
};

/* Answers the exchange, which is no more. */
void stream_start(struct exchange *exchange, const struct stream_wish *wish);
