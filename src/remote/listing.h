/* What the listing commands share: verbs, and a list as a table or as JSON. */
#pragma once

#include "remote/server.h"
#include "remote/table.h"

struct listing {
	const char *path; /* "/api/v1/keys" */
	const char *name; /* of the array in the answer */
	const struct table_column *columns;
	const char *empty;
};

/* Exit status. */
int listing_print(struct cli *cli, const struct listing *listing, int wants_json);

/* The verb "list [--json]" of a command; exit status. */
int listing_run(const struct command *command, const struct listing *listing, struct cli *cli,
		int argc, char **argv);

struct verb {
	const char *name; /* the table ends with NULL */
	int (*run)(struct cli *cli, int argc, char **argv);
};

/* Runs the verb in argv[1], with it as argv[0]; prints the usage where there is none. */
int verb_run(const struct command *command, const struct verb *verbs, struct cli *cli, int argc,
	     char **argv);

/* DELETE of 'path' and the one word, "ID gone"; exit status. */
int listing_delete(struct cli *cli, const char *path, int argc, char **argv);

/* "K=V" words into an object; -EINVAL. */
int labels_parse(const char *const *words, size_t n, json_t *object, struct error *err) MUST_CHECK;

/*
 * POST of what makes a secret: prints it alone on standard output and the rest on
 * standard error, or the whole answer as JSON. 'secret' is its member. Exit status.
 */
int listing_create(struct cli *cli, const struct fetch_request *request, const char *secret,
		   int wants_json);

/* "expires_hours" where a duration was given, rounded up. */
void add_expiry(json_t *body, uint64_t expires_ns);
