/* What api.c needs of an exchange and handlers do not. */
#pragma once

#include "server/api/exchange.h"

struct within;

/* Takes the request over. Never NULL. */
struct exchange *exchange_new(struct api *api, struct http_request *http);

/* Reads query and body, and holds them against the route's schemas: false where it answered. */
bool exchange_read(struct exchange *exchange);

/* The caller is known: role, quota, schemas, and then the handler. */
void api_admit(struct exchange *exchange);
/* A field for the answer; one from within has none. */
void exchange_header(struct exchange *exchange, const char *name, const char *value);
/* The answer to a question from within, where it goes instead of to a client; takes 'body'. */
void within_take(struct within *within, unsigned status, json_t *body);
