/*
 * Open calls of the warden's clients.
 *
 *	{"type":"call","id","tool","nonce"?,"approval"?,"grant"?,"call_id"?,"on_behalf"?,"deadline_ms"?,
 *		"client"?,"application"?,
 *		"progress"?: true}, body: the
 *		exact argument bytes. With "call_id" it is durable (call/spool.h): it goes on
 *		when its client is gone, and made again it is answered with what is known:
 *		its answer ("already":"finished"), or -EALREADY ("started", "forgotten").
 *		"on_behalf" ("org/person") makes it the link's: what policy wants asked about is
 *		refused with -EACCES and an "approval" to sign (call/consent.h), and made again
 *		with "approval", the sealed statement. A standing "grant", sealed, may come
 *		with it at once.
 *		"client" ("key grafana", "registry") is for whom the agent asks, as policy
 *		names clients; "application" is its second name, if it has one. No durable one.
 *		With "progress" its answer may follow frames {"type":"progress","id",
 *		"call_id"?,"stream":"stdout|stderr|note","seq","text"}: redacted lines of what
 *		it writes. "seq" counts the call's from 1; those that a slow client has no
 *		room for (REQUEST_PROGRESS_BYTES) are dropped, which the gaps tell, and
 *		"progress_dropped" of the answer. The result holds it all, to its own bounds.
 *	{"type":"cancel","id"} of the connection's own call; no answer but the call's
 *	{"type":"cancel","call_id"} of a durable one
 *	{"type":"collect","id","call_id","wait"?}: the kept answer of a durable call; -EALREADY
 *		while it runs, unless the client waits for it
 *
 * Only whose call it was, root, and whom the warden runs as may touch a durable one.
 */
#pragma once

#include "warden/connection.h"

#define REQUEST_PROGRESS_BYTES (256 * KIB)

/* False if it is a request of another kind. Takes the frame over if it wants it. */
bool request_serve(struct connection *connection, const char *type, struct frame *frame);

/* The client is gone: its calls are cancelled, its durable ones go on without it. */
void request_leave_all(struct connection *connection);
