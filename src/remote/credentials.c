#include "remote/credentials.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "cli/own_folder.h"
#include "identity/file.h"

#define FILE_BYTES (16 * KIB)

static void take(char *text, const json_t *json, const char *name)
{
	text_format(text, CREDENTIALS_TEXT_BYTES, "%s", json_get_text(json, name, ""));
}

static int read_file(struct credentials *credentials, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	CLEANUP(json) json_t *json = NULL;
	char path[CREDENTIALS_TEXT_BYTES];
	int r = own_folder_path(OWN_CREDENTIALS, path, err);

	if (r < 0)
		return r;
	buf_init(&text, FILE_BYTES);
	r = file_load_private(path, &text, err);
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	json = json_parse(buf_text(&text), text.len, FILE_BYTES, err);
	if (!json)
		return error_wrap(err, "%s", path);
	take(credentials->server, json, "server");
	take(credentials->pin, json, "pin");
	take(credentials->ca_file, json, "ca_file");
	take(credentials->key, json, "key");
	return 0;
}

int credentials_load(struct credentials *credentials_out, const struct config *config,
		     struct error *err)
{
	const char *server = config_get(config, "server")->text;
	const char *ca_file = config_get(config, "server_ca")->text;
	const char *key = getenv("CONSTABLE_API_KEY");
	CLEANUP(credentials) struct credentials credentials = { 0 };
	int r = read_file(&credentials, err);

	if (r < 0)
		return r;
	/* A key is for the server that it was kept with. */
	if (*server && strcmp(server, credentials.server) != 0) {
		credentials_finish(&credentials);
		text_format(credentials.server, CREDENTIALS_TEXT_BYTES, "%s", server);
	}
	if (*ca_file)
		text_format(credentials.ca_file, CREDENTIALS_TEXT_BYTES, "%s", ca_file);
	if (key && *key)
		text_format(credentials.key, CREDENTIALS_TEXT_BYTES, "%s", key);
	*credentials_out = credentials;
	return 0;
}

int credentials_save(const struct credentials *credentials, char path_out[CREDENTIALS_TEXT_BYTES],
		     struct error *err)
{
	CLEANUP(json)
	json_t *json = json_pack("{s:s, s:s, s:s, s:s}", "server", credentials->server, "pin",
				 credentials->pin, "ca_file", credentials->ca_file, "key",
				 credentials->key);
	CLEANUP(text) char *text = json_canonical(json);
	int r = own_folder_path(OWN_CREDENTIALS, path_out, err);

	if (r == 0)
		r = own_folder_make(path_out, err);
	if (r == 0)
		r = file_save_private(path_out, text, strlen(text), err);
	explicit_bzero(text, strlen(text));
	return r;
}

void credentials_finish(struct credentials *credentials)
{
	explicit_bzero(credentials, sizeof(*credentials));
}

void credentials_cleanup(struct credentials *credentials)
{
	credentials_finish(credentials);
}
