/*
 * Orgs that another server of the database makes or changes are known here too, at
 * its notice, or with the next of our beats (replica_silence) after it.
 */
#pragma once

#include "server/store/store.h"

struct server;

struct server_news {
	int64_t n, version; /* of all orgs, as they were last seen */
	bool is_under_way, must_look;
};

extern const char server_orgs_sql[]; /* $1 "": their rows for orgs_add_row() */
void server_orgs_look(struct server *server);
/* Those whose row has no CA get ours, where other servers can be. */
void server_orgs_share(struct server *server, const struct store_rows *rows);
/* A step whose row says how many there are and how often they were changed, and what it says. */
struct store_step server_orgs_step(void);
void server_orgs_compare(struct server *server, const struct store_rows *rows);
