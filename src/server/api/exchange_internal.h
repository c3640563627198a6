/* What api.c needs of an exchange and handlers do not. */
#pragma once

#include "server/api/exchange.h"

/* Takes the request over. Never NULL. */
struct exchange *exchange_new(struct api *api, struct http_request *http);

/* Reads query and body, and holds them against the route's schemas: false where it answered. */
bool exchange_read(struct exchange *exchange);
