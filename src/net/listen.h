/* Listening TCP sockets, to be handed to net/http_server.h. */
#pragma once

#include "base/error.h"

/*
 * Binds and listens. 'address' is numeric ("127.0.0.1", "::"; on "::" IPv4 comes in
 * too), port 0 takes any free one. Returns the descriptor or a negative errno.
 */
int listen_open(const char *address, uint16_t port, struct error *err) MUST_CHECK;

/* The port it has. */
uint16_t listen_port(int fd);
