/* A TLS handshake to look at a server's certificate; nothing else is said. */
#pragma once

#include "base/error.h"
#include "base/json.h"

/*
 * On a connected, non-blocking socket, until 'until_ns'. Puts "ok" (the chain is
 * trusted and names the server), "handshake", "protocol", "cipher", "error" and
 * "certificate" of the leaf. The host's authorities decide about trust.
 */
void tls_probe(int fd, const char *server_name, uint64_t until_ns, uint64_t now_ns, json_t *result);
