/* The walls of the process itself, once all is open: see sandbox_confine_server(). */
#include <string.h>
#include <sys/prctl.h>

#include "call/sandbox/confine.h"
#include "server/server.h"

/* Where a file lies that is replaced or turned. */
static void find_folder(const char *path, char folder[SERVER_PATH_BYTES])
{
	const char *slash = strrchr(path, '/');

	if (slash)
		text_format(folder, SERVER_PATH_BYTES, "%.*s", (int)(slash - path) + 1, path);
	else
		text_format(folder, SERVER_PATH_BYTES, "%s", *path ? "." : "");
}

static void add(const char **list, size_t *n, const char *path)
{
	if (*path)
		list[(*n)++] = path;
}

int server_confine(const struct server *server, struct error *err)
{
	static const char *const served[] = {
		"install_dir",
		"dist_dir",
		"tls_certificate",
		"tls_key",
	};
	char log_folder[SERVER_PATH_BYTES];
	const char *folders[3] = { server->place.state };
	const char *roots[ARRAY_LEN(served) + 1] = { NULL };
	size_t n_folders = 1, n_roots = 0;
	uint32_t walls;

	find_folder(config_get(server->config, "log_file")->text, log_folder);
	add(folders, &n_folders, log_folder);
	for (size_t i = 0; i < ARRAY_LEN(served); i++)
		add(roots, &n_roots, config_get(server->config, served[i])->text);
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return error_errno(err, "close the server's memory to others");
	return sandbox_confine_server(&(struct sandbox_home) { .folders = folders, .roots = roots },
				      &walls, err);
}
