/*
 * Which server this user speaks to, and as whom: what `constable login` keeps.
 *
 * A private file, credentials.json (see cli/own_folder.h). Over it stand the
 * settings 'server' and 'server_ca' and the variable CONSTABLE_API_KEY.
 */
#pragma once

#include "base/config.h"
#include "base/json.h"

#define CREDENTIALS_TEXT_BYTES 1024 /* OWN_PATH_BYTES */

struct credentials {
	char server[CREDENTIALS_TEXT_BYTES];
	char pin[CREDENTIALS_TEXT_BYTES];     /* or "" */
	char ca_file[CREDENTIALS_TEXT_BYTES]; /* or "" */
	char key[CREDENTIALS_TEXT_BYTES];     /* or ""; wiped by finish */
};

/* Settings, variables, file. A file that others can read is refused (-EACCES). */
int credentials_load(struct credentials *credentials_out, const struct config *config,
		     struct error *err) MUST_CHECK;
/* Makes the folder; 'path_out' says where it went. */
int credentials_save(const struct credentials *credentials, char path_out[CREDENTIALS_TEXT_BYTES],
		     struct error *err) MUST_CHECK;
void credentials_finish(struct credentials *credentials);
void credentials_cleanup(struct credentials *credentials);
