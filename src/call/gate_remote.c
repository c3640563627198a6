#include "call/gate_remote.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/fd.h"

static bool is_progress(const struct frame *frame)
{
	return strcmp(json_get_text(frame->header, "type", ""), "progress") == 0;
}

static int connect_running(const char *path)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	CLEANUP(fd) int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (!path || fd < 0)
		return -1;
	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return -1;
	return fd_take(&fd);
}

static void exec_sibling(const struct gate_remote_config *config, const char *const *args)
{
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/%s", config->executables, args[0]);
	/* Its own group: the terminal's Ctrl-C asks us to cancel, not it to die. */
	(void)setpgid(0, 0);
	(void)execv(path, (char *const *)(const void *)args);
	_exit(127);
}

static void exec_gate(const struct gate_remote_config *config, int fd)
{
	char fd_text[16];
	const char *const elsewhere[] = { "constable-remote", "gate", config->host, fd_text, NULL };
	const char *const here[] = {
		"constable-warden",
		"--private",
		fd_text,
		"--state",
		config->state,
		"--executables",
		config->executables,
		config->policy ? "--policy" : NULL,
		config->policy,
		NULL,
	};

	(void)snprintf(fd_text, sizeof(fd_text), "%d", fd);
	exec_sibling(config, config->host ? elsewhere : here);
}

static int start_private(struct gate_remote *remote, const struct gate_remote_config *config,
			 struct error *err)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket pair");
	remote->warden = fork();
	if (remote->warden < 0)
		return error_errno(err, "start a warden");
	if (remote->warden == 0) {
		int fd = dup(ends[1]); /* without close-on-exec */

		exec_gate(config, fd);
	}
	fd_close(&ends[1]);
	remote->fd = ends[0];
	return 0;
}

int gate_remote_open(struct gate_remote *remote, const struct gate_remote_config *config,
		     struct error *err)
{
	*remote = (struct gate_remote) { .fd = -1 };
	if (!config->host)
		remote->fd = connect_running(config->socket);
	return remote->fd >= 0 ? 0 : start_private(remote, config, err);
}

void gate_remote_close(struct gate_remote *remote)
{
	fd_close(&remote->fd);
	if (remote->warden > 0)
		(void)waitpid(remote->warden, NULL, 0);
	remote->warden = 0;
}

void gate_remote_cleanup(struct gate_remote *remote)
{
	gate_remote_close(remote);
}

json_int_t gate_remote_send(struct gate_remote *remote, json_t *header, const void *body,
			    size_t n_body, struct error *err)
{
	json_int_t id = ++remote->next_id;
	int r;

	json_put(header, "id", json_integer(id));
	r = frame_write(remote->fd, header, body, n_body, err);
	return r < 0 ? error_wrap(err, "ask the warden") : id;
}

int gate_remote_receive(struct gate_remote *remote, struct frame *answer_out, struct error *err)
{
	int r = frame_read(remote->fd, answer_out, err);

	return r < 0 ? error_wrap(err, "the warden did not answer") : 0;
}

int gate_remote_call(struct gate_remote *remote, json_t *header, const void *body, size_t n_body,
		     struct frame *answer_out, struct error *err)
{
	json_int_t id = gate_remote_send(remote, header, body, n_body, err);
	int code;

	if (id < 0)
		return (int)id;
	do {
		int r;

		frame_finish(answer_out);
		r = gate_remote_receive(remote, answer_out, err);
		if (r < 0)
			return r;
		if (is_progress(answer_out) && remote->show)
			remote->show(remote->data, answer_out->header);
	} while (is_progress(answer_out) || json_get_int(answer_out->header, "id", 0) != id);
	code = (int)json_get_int(answer_out->header, "code", 0);
	if (code < 0)
		return error_set(err, code, "%s",
				 json_get_text(answer_out->header, "error", "the call failed"));
	return 0;
}
