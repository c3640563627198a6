/*
 * The device grant (RFC 8628) from the asker's side: a code that an admin confirms on
 * the server's page brings a secret: a token that enrols this host, or an API key.
 */
#pragma once

#include "base/buf.h"
#include "cli/terminal/page.h"
#include "net/fetch.h"

struct device_request {
	const char *scope;  /* "agent", or a role: "viewer" to "admin" */
	const char *name;   /* the host's, shown to the admin */
	const char *portal; /* where he finds the server's page, "" for the server itself */
};

/*
 * Shows the code on 'page' and waits until it is confirmed (then the secret is added to
 * 'secret'), refused (-EACCES), or ten minutes have passed (-ETIMEDOUT).
 */
int device_ask(struct fetcher *fetcher, const struct device_request *request, struct page *page,
	       struct buf *secret, struct error *err) MUST_CHECK;
