/* Listening unix sockets by the name of their file. */
#pragma once

#include "host/account.h"
#include "host/program.h"

struct database_socket {
	char path[108];                /* "" if the server listens on none */
	uint16_t port;                 /* of a server that is asked by TCP on the loopback */
	const struct program *program; /* or NULL */
	struct account owner;
};

#define DATABASE_MAX_SOCKETS 4

struct database_sockets {
	struct database_socket list[DATABASE_MAX_SOCKETS];
	size_t n;
};

/*
 * Sockets whose file name holds one of 'words' and ends in ".sock", each with a
 * program of one of 'names' that has the same owner; a program without a socket
 * is listed with an empty path. Both lists end with NULL.
 */
void database_sockets_find(const struct host *host, const struct programs *programs,
			   const char *const *words, const char *const *names,
			   struct database_sockets *sockets_out);
