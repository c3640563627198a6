/*
 * What a NATS server says, line by line (docs.nats.io, "NATS Client Protocol"): core NATS without
 * headers, which we do not ask for.
 */
#pragma once

#include "base/error.h"
#include "base/scan.h"

#define NATS_LINE_MAX_BYTES (32 * KIB) /* INFO tells of a whole cluster */
#define NATS_PAYLOAD_MAX_BYTES (64 * KIB)

enum nats_kind {
	NATS_INFO,    /* 'payload' is JSON */
	NATS_MESSAGE, /* 'subject', 'payload' */
	NATS_PING,
	NATS_PONG,
	NATS_OK,
	NATS_REFUSED, /* 'payload' is the reason, without quotes */
};

/* All borrowed from the bytes. */
struct nats_said {
	enum nats_kind kind;
	struct str subject, payload;
};

/* What a server refuses and goes on all the same. */
enum nats_refused {
	NATS_REFUSED_ALL, /* it is over */
	NATS_REFUSED_MESSAGE,
	NATS_REFUSED_SUBJECT, /* to listen to */
};

/* How many bytes the first thing takes; 0 where more are needed; -EPROTO for what is none. */
ssize_t nats_parse(const char *bytes, size_t len, struct nats_said *said_out,
		   struct error *err) MUST_CHECK;

/* What the reason of NATS_REFUSED is about. */
enum nats_refused nats_refused_what(struct str why);

/* A subject to publish on or to listen to: words with dots between, no blank, no wildcard. */
bool nats_is_subject(const char *text);
