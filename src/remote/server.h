/*
 * The server as commands see it: requests with this user's key, failures as one
 * sentence that says what to do.
 */
#pragma once

#include "cli/command.h"
#include "net/fetch.h"
#include "remote/credentials.h"

/* The proxy to the server and who is reached without it, as configured. */
void server_set_way(struct fetch_config *fetch, const struct config *config);

struct server {
	struct fetcher *fetcher;
	char url[CREDENTIALS_TEXT_BYTES];
};

/* As settings, variables and `constable login` say. -EINVAL where none does. */
int server_open(struct server *server, const struct cli *cli, struct error *err) MUST_CHECK;
void server_close(struct server *server);
void server_cleanup(struct server *server);

/* GET; a new reference. */
int server_get(struct server *server, const char *path, json_t **body_out,
	       struct error *err) MUST_CHECK;
/* POST, PATCH or DELETE; takes the reference of 'body' (or NULL). 'body_out' may stay NULL. */
int server_send(struct server *server, const struct fetch_request *request, json_t **body_out,
		struct error *err) MUST_CHECK;

/*
 * Every item of a list that comes in pages ({NAME: [...], "next": cursor}), at most
 * PAGES_MAX_ITEMS (client/pages.h): a new reference to an array. 'path' may have a query.
 */
int server_list(struct server *server, const char *path, const char *name, json_t **list_out,
		struct error *err) MUST_CHECK;

/* The one agent of that id or host name, a new reference: "id", "hostname", ... */
int server_find_agent(struct server *server, const char *name, json_t **agent_out,
		      struct error *err) MUST_CHECK;
