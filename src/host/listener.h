/* Listening TCP sockets of the host's own network, also from inside an empty one. */
#pragma once

#include "host/host.h"

#define LISTENER_ADDRESS_BYTES 48
#define LISTENERS_MAX 1024

struct listener {
	char address[LISTENER_ADDRESS_BYTES]; /* "127.0.0.1", "::" */
	uint16_t port;
	uint64_t inode;
	uint32_t uid;
};

struct listeners {
	struct listener list[LISTENERS_MAX];
	size_t n;
	bool truncated;
};

/* 0, or a negative errno if neither table can be read. */
int listeners_read(const struct host *host, struct listeners *listeners_out) MUST_CHECK;
