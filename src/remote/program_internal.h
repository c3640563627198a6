/* constable program of the org: what its verbs share. */
#pragma once

#include "remote/server.h"

#define ARTIFACTS "/artifacts"

/* The artifact that is meant: an id, NAME@VERSION, or NAME, of which the newest release that is not
 * revoked, and one that is assigned if that is wanted. A new reference, or NULL with 'err'. */
json_t *program_find(struct server *server, const char *word, bool is_assigned, struct error *err);

/* POST ARTIFACTS/ID/VERB and what came of it; takes 'body' (or NULL) over. An exit status. */
int program_post(struct cli *cli, struct server *server, const json_t *artifact, const char *verb,
		 json_t *body, int wants_json);

/* One artifact as a line, or as JSON. */
void program_print(struct cli *cli, const json_t *artifact, int wants_json);

int program_assign(struct cli *cli, int argc, char **argv);
