/*
 * The org's root key, and the list of approvers that it signs.
 *
 * The key lies with a person: root-ID.key beside the credentials, or wherever a file says; no
 * server has it, so none can say who approves. Beside the key lies the last list it signed:
 * a server that gives an older one cannot bring a removed approver back.
 */
#pragma once

#include <openssl/types.h>

#include "cli/own_folder.h"
#include "identity/approvers.h"
#include "remote/server.h"

struct root {
	EVP_PKEY *key;
	char path[OWN_PATH_BYTES]; /* of the key */
	struct approvers list;     /* in force; sequence 0 where there is none yet */
};

void root_cleanup(struct root *root);

/*
 * Makes a root key in 'file' (NULL: the usual place), for an org that has none.
 * -EEXIST where the file is there.
 */
int root_make(struct root *root, const char *org, const char *file, struct error *err) MUST_CHECK;

/* The key of the caller's org, from 'file' or the usual place, and the list as it is now. */
int root_open(struct root *root, struct server *server, const char *file,
	      struct error *err) MUST_CHECK;

/* Signs the list anew, keeps it here, and puts it in force. */
int root_publish(struct root *root, struct server *server, struct error *err) MUST_CHECK;

/* -ENOENT where no approver has that name. */
int root_remove(struct root *root, const char *name, struct error *err) MUST_CHECK;
