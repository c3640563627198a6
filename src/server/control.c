/*
 * STATE/control.sock: HTTP for commands on this machine, by our own user or root.
 * POST /backup with the path as body: the store writes the database there, and the answer is
 * the keys, for the command to save beside it. The server itself may write only to its folders.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/log.h"
#include "server/backup.h"
#include "server/server.h"

struct saving {
	struct server *server;
	struct http_request *request;
	char file[SERVER_PATH_BYTES];
};

static void answer(struct saving *saving, json_t *keys, const struct error *err)
{
	if (keys)
		http_reply_json(saving->request, 200, keys);
	else
		http_reply_error(saving->request, 500, "backup_failed", err->text);
	free(saving);
}

static void handle_saved(const struct store_result *result UNUSED, const struct error *err,
			 void *data)
{
	struct saving *saving = data;
	/* A database that is no file has tools of its own; the keys are ours in any case. */
	bool elsewhere = err && err->code == -EOPNOTSUPP;
	struct error why = { 0 };
	json_t *keys = NULL;

	if (!err || elsewhere)
		keys = backup_collect_keys(saving->server->place.state, &why);
	if (keys && elsewhere)
		json_put(keys, "note", json_string(err->text));
	answer(saving, keys, why.code ? &why : err);
}

static void handle_request(struct http_request *request, void *data)
{
	struct saving *saving;

	if (request->peer->uid != 0 && request->peer->uid != geteuid()) {
		http_reply_error(request, 403, NULL, "this socket is for the server's own user");
		return;
	}
	if (strcmp(request->method, "POST") != 0 || strcmp(request->path, "/backup") != 0 ||
	    request->body[0] != '/' || request->n_body >= SERVER_PATH_BYTES - 16) {
		http_reply_error(request, 400, NULL, "POST /backup with an absolute path");
		return;
	}
	saving = calloc(1, sizeof(*saving));
	if (!saving)
		abort();
	saving->server = data;
	saving->request = request;
	text_format(saving->file, sizeof(saving->file), "%s", request->body);
	(void)store_backup(saving->server->api.store, saving->file, handle_saved, saving);
}

int control_open(struct server *server, struct error *err)
{
	const struct http_server_config config = { .handle_request = handle_request,
						   .data = server,
						   .max_connections = 8 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return error_errno(err, "make a socket");
	if (strlen(server->place.state) + sizeof("/control.sock") > sizeof(address.sun_path)) {
		log_warn("the path of the state folder is too long for a control socket");
		return 0;
	}
	text_format(address.sun_path, sizeof(address.sun_path), "%s/control.sock",
		    server->place.state);
	(void)unlink(address.sun_path); /* a dead server's: we have the lock */
	if (bind(fd, (struct sockaddr *)&address, sizeof(address)) < 0 ||
	    chmod(address.sun_path, 0600) < 0 || listen(fd, 8) < 0)
		return error_errno(err, "listen on '%s'", address.sun_path);
	server->control = http_server_new(server->base, fd_take(&fd), &config);
	return 0;
}
