/* What `constable up` runs, and where it all lies. */
#pragma once

#include "remote/helper.h"
#include "remote/server.h"

#define UP_FOLDER_BYTES 4096
#define UP_PATH_BYTES (UP_FOLDER_BYTES + 128)
#define UP_NAME_BYTES 128
#define UP_KEY_BYTES 256

struct up {
	struct cli *cli;
	const char *port;
	int is_once, wants_json;
	struct helper_user user;
	struct helpers helpers;
	char run[UP_FOLDER_BYTES], logs[UP_FOLDER_BYTES], server[UP_FOLDER_BYTES],
		socket[UP_FOLDER_BYTES];
	char warden[UP_FOLDER_BYTES];
	char ca[UP_PATH_BYTES], key[UP_KEY_BYTES], url[UP_NAME_BYTES];
	struct fetcher *fetcher;
	char agent[UP_NAME_BYTES];
};

/* Finds the user that needs no root, and makes the folders. -ENOENT where root lacks that user. */
int up_make_places(struct up *up, struct error *err) MUST_CHECK;

/* A command of ours to its end, with 'secret' on its standard input. Its exit status. */
int up_run_command(struct up *up, char *const *words, const char *secret,
		   struct error *err) MUST_CHECK;

/* up_approvals.c: a root key for an org that has none, and what this host pins of it. */
int up_make_root(struct up *up, struct error *err) MUST_CHECK;
void up_pin(struct up *up);
