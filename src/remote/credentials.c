#include "remote/credentials.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "identity/file.h"

#define FILE_BYTES (16 * KIB)
#define FOLDER_BYTES (CREDENTIALS_TEXT_BYTES - 64)

static int find_folder(char folder[FOLDER_BYTES], struct error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (xdg && *xdg == '/') {
		text_format(folder, FOLDER_BYTES, "%s/constable", xdg);
		return 0;
	}
	if (!home || *home != '/') {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : NULL;
	}
	if (!home)
		return error_set(err, -ENOENT,
				 "this user has no home folder; set CONSTABLE_CREDENTIALS");
	text_format(folder, FOLDER_BYTES, "%s/.config/constable", home);
	return 0;
}

static int find_file(char path[CREDENTIALS_TEXT_BYTES], struct error *err)
{
	const char *given = getenv("CONSTABLE_CREDENTIALS");
	char folder[FOLDER_BYTES];
	int r;

	if (given && *given) {
		text_format(path, CREDENTIALS_TEXT_BYTES, "%s", given);
		return 0;
	}
	r = find_folder(folder, err);
	if (r == 0)
		text_format(path, CREDENTIALS_TEXT_BYTES, "%s/credentials.json", folder);
	return r;
}

static void take(char *text, const json_t *json, const char *name)
{
	text_format(text, CREDENTIALS_TEXT_BYTES, "%s", json_get_text(json, name, ""));
}

static int read_file(struct credentials *credentials, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	CLEANUP(json) json_t *json = NULL;
	char path[CREDENTIALS_TEXT_BYTES];
	int r = find_file(path, err);

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

static int make_folders(const char *path, struct error *err)
{
	CLEANUP(text) char *copy = strdup(path);

	if (!copy)
		abort();
	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return error_errno(err, "make '%s'", copy);
		*at = '/';
	}
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
	int r = find_file(path_out, err);

	if (r == 0)
		r = make_folders(path_out, err);
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
