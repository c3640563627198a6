#include "remote/signer.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cli/own_folder.h"
#include "identity/key.h"

#define KEY_FILE "signing.key"

EVP_PKEY *signer_key(struct error *err)
{
	char path[OWN_PATH_BYTES];

	if (own_folder_path(KEY_FILE, path, err) < 0 || own_folder_make(path, err) < 0)
		return NULL;
	return key_load_or_make(path, KEY_ED25519, err);
}

int signer_tell(struct server *server, EVP_PKEY *key, char name_out[APPROVER_NAME_BYTES],
		struct error *err)
{
	char text[KEY_TEXT_BYTES];
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = {
		.method = "POST",
		.path = "/api/v1/signing-keys",
		.body = json_pack("{s:s}", "key", key_text(key, text)),
	};
	int r = server_send(server, &request, &answer, err);

	if (r < 0)
		return r;
	text_format(name_out, APPROVER_NAME_BYTES, "%s", json_get_text(answer, "name", ""));
	return approver_is_name(name_out)
		       ? 0
		       : error_set(err, -EBADMSG, "the server says no name for this key");
}

int signer_find_name(struct server *server, EVP_PKEY *key, char name_out[APPROVER_NAME_BYTES],
		     json_t **list_out, struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	char text[KEY_TEXT_BYTES];
	const json_t *item;
	size_t i;
	int r = server_get(server, "/api/v1/approvers", &answer, err);

	if (r < 0)
		return r;
	if (list_out)
		*list_out = json_incref(answer);
	(void)key_text(key, text);
	json_array_foreach(json_object_get(answer, "approvers"), i, item)
	{
		if (strcmp(json_get_text(item, "key", ""), text) != 0)
			continue;
		text_format(name_out, APPROVER_NAME_BYTES, "%s", json_get_text(item, "name", ""));
		return 0;
	}
	return error_set(err, -EACCES,
			 "your key %s is none of an approver: who keeps the org's root key adds "
			 "it ('constable approver add')",
			 text);
}

bool signer_asks_yes(const char *question)
{
	char line[16] = "";

	if (!isatty(STDIN_FILENO) || !isatty(STDERR_FILENO))
		return false;
	(void)fprintf(stderr, "%s [y/N] ", question);
	return fgets(line, sizeof(line), stdin) && (line[0] == 'y' || line[0] == 'Y');
}
