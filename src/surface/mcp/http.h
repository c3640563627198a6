/*
 * MCP over HTTP ("Streamable HTTP"), at one endpoint for both kinds of client: sessions of
 * 2025-03-26 to 2025-11-25, and requests of 2026-07-28, which stand alone.
 *
 * A request that is answered at once gets JSON, any other a stream of server-sent events. Who
 * loses the stream of a session after an event with an id may take it up again, by GET with
 * Last-Event-ID, for 'resume_ns'; then, and where no stream can be taken up, its calls are
 * cancelled. A session ends by DELETE, after 'idle_ns' without a request, or, when there are too
 * many, for a new one. While there is none, nothing is kept and no timer runs.
 *
 * Who may ask (the token, Host, Origin) is settled before.
 */
#pragma once

#include "net/http_server.h"
#include "surface/mcp/mcp.h"

struct mcp_http;

/* 0 stands for what is in brackets. */
struct mcp_http_config {
	uint64_t idle_ns;      /* [30 min] */
	uint64_t resume_ns;    /* [60 s] */
	unsigned max_sessions; /* [64] */
	/* Of events that are kept for who takes a stream up again, of all sessions [16 MiB]: the
	 * oldest make room; what was said last of a session is kept in any case. */
	size_t history_bytes;
};

/* 'offer' is borrowed. Never NULL. */
struct mcp_http *mcp_http_new(struct event_base *base, const struct mcp_offer *offer,
			      const struct mcp_http_config *config);
/* Cancels what runs. Before the server whose requests it has is freed. */
void mcp_http_free(struct mcp_http *http);

/* Answers, now or later. Its body may have MCP_MESSAGE_MAX_BYTES. */
void mcp_http_serve(struct mcp_http *http, struct http_request *request);

/*
 * For who has many of these: answers a request of a session where nobody has any, so that none is
 * made for it. False: it is of none.
 */
bool mcp_http_refuse_lost(struct http_request *request);

/* No session, no call, no task: nobody would miss the offer. */
bool mcp_http_is_idle(const struct mcp_http *http);
/* mcp_tell_changed() to everybody. */
void mcp_http_tell_changed(struct mcp_http *http, const char *list);
/* mcp_tell_updated() to everybody. */
void mcp_http_tell_updated(struct mcp_http *http, const char *uri);
