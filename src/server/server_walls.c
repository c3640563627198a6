/* The walls of the process itself, once all is open: see sandbox_confine_server(). */
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>

#include "call/sandbox/confine.h"
#include "server/server.h"

#define MAX_PATHS 8

/* Where a file lies that is replaced or turned. */
static void find_folder(const char *path, char folder[SERVER_PATH_BYTES])
{
	const char *slash = strrchr(path, '/');

	if (slash)
		text_format(folder, SERVER_PATH_BYTES, "%.*s", (int)(slash - path) + 1, path);
	else
		text_format(folder, SERVER_PATH_BYTES, "%s", *path ? "." : "");
}

struct paths {
	const char *list[MAX_PATHS + 1];
	size_t n;
	char room[MAX_PATHS][SERVER_PATH_BYTES];
};

static void add(struct paths *paths, const char *path)
{
	if (*path)
		paths->list[paths->n++] = path;
}

/* The folder, since who renews a certificate puts a new file in place of the old one; and that
 * of the file which a link leads to, since then it is the link that is turned. */
static void add_folders_of(struct paths *paths, const char *path)
{
	CLEANUP(text) char *real = *path ? realpath(path, NULL) : NULL;
	const char *const both[] = { path, real ? real : "" };

	for (size_t i = 0; i < ARRAY_LEN(both); i++) {
		find_folder(both[i], paths->room[paths->n]);
		add(paths, paths->room[paths->n]);
	}
}

int server_confine(const struct server *server, struct error *err)
{
	const struct config *config = server->config;
	const char *keys = config_get(config, "oauth_keys")->text;
	struct paths kept = { 0 }, read = { 0 };
	const struct sandbox_home home = { .folders = kept.list, .roots = read.list };
	uint32_t walls;

	add(&kept, server->place.state);
	find_folder(config_get(config, "log_file")->text, kept.room[0]);
	add(&kept, kept.room[0]);
	add(&read, config_get(config, "install_dir")->text);
	add(&read, config_get(config, "dist_dir")->text);
	add_folders_of(&read, config_get(config, "tls_certificate")->text);
	add_folders_of(&read, config_get(config, "tls_key")->text);
	if (*keys == '/')
		add_folders_of(&read, keys);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "close the server's memory to others");
	return sandbox_confine_server(&home, &walls, err);
}
