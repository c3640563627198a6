#include "surface/mcp/mcp_stdio.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "surface/mcp/host.h"
#include "surface/mcp/mcp.h"

#define READ_BYTES (64 * KIB)

struct stdio {
	struct gate_remote *gate;
	struct mcp_host host;
	struct mcp mcp;
	struct buf line; /* the beginning of a line whose end has not come */
	bool ended;
};

static void say(void *data, void *exchange UNUSED, const struct mcp_word *word)
{
	struct stdio *stdio = data;

	if (fd_write_all(STDOUT_FILENO, word->text, strlen(word->text)) < 0 ||
	    fd_write_all(STDOUT_FILENO, "\n", 1) < 0)
		stdio->ended = true;
}

static json_int_t ask(void *data, json_t *header, const char *body, size_t n_body,
		      struct error *err)
{
	struct stdio *stdio = data;

	return gate_remote_send(stdio->gate, header, body, n_body, err);
}

static void cancel(void *data, json_int_t id)
{
	struct stdio *stdio = data;
	CLEANUP(json) json_t *header = json_pack("{s:s, s:I}", "type", "cancel", "id", id);
	struct error ignored = { 0 };

	if (frame_write(stdio->gate->fd, header, NULL, 0, &ignored) < 0)
		stdio->ended = true;
}

static void take_line(struct stdio *stdio)
{
	if (stdio->line.dropped)
		mcp_refuse_unread(&stdio->mcp, NULL,
				  "the message is too long: at most 2 MiB are read");
	else if (strspn(buf_text(&stdio->line), " \t\r") < stdio->line.len)
		mcp_take(&stdio->mcp, NULL, buf_text(&stdio->line), stdio->line.len);
	buf_finish(&stdio->line);
	buf_init(&stdio->line, MCP_MESSAGE_MAX_BYTES);
}

static void take_bytes(struct stdio *stdio, const char *bytes, size_t len)
{
	const char *end;

	while ((end = memchr(bytes, '\n', len))) {
		buf_add(&stdio->line, bytes, (size_t)(end - bytes));
		take_line(stdio);
		len -= (size_t)(end + 1 - bytes);
		bytes = end + 1;
	}
	buf_add(&stdio->line, bytes, len);
}

static void read_client(struct stdio *stdio)
{
	char bytes[READ_BYTES];
	ssize_t n = read(STDIN_FILENO, bytes, sizeof(bytes));

	if (n > 0)
		take_bytes(stdio, bytes, (size_t)n);
	else if (n == 0 || errno != EINTR)
		stdio->ended = true;
}

static int read_gate(struct stdio *stdio, struct error *err)
{
	CLEANUP(frame) struct frame frame = { 0 };
	int r = gate_remote_receive(stdio->gate, &frame, err);

	if (r == 0)
		mcp_host_take_frame(&stdio->host, &frame);
	return r;
}

static int serve(struct stdio *stdio, struct error *err)
{
	struct pollfd pollers[] = {
		{ .fd = STDIN_FILENO, .events = POLLIN },
		{ .fd = stdio->gate->fd, .events = POLLIN },
	};
	int r = 0;

	while (r == 0 && !stdio->ended) {
		if (poll(pollers, ARRAY_LEN(pollers), -1) < 0) {
			if (errno != EINTR)
				return error_errno(err, "wait for the client");
			continue;
		}
		if (pollers[1].revents)
			r = read_gate(stdio, err);
		if (r == 0 && pollers[0].revents)
			read_client(stdio);
	}
	return r;
}

int mcp_stdio_serve(struct gate_remote *remote, const struct mcp_stdio_config *config,
		    struct error *err)
{
	struct stdio stdio = { .gate = remote };
	const struct mcp_peer peer = { .say = say, .data = &stdio };
	const struct mcp_gate gate = { .ask = ask, .cancel = cancel, .data = &stdio };
	int r;

	mcp_host_init(&stdio.host, &gate, config->catalogue, config->skills, config->version);
	mcp_host_add_library(&stdio.host, config->library);
	stdio.mcp = (struct mcp) { .peer = &peer, .offer = &stdio.host.offer };
	buf_init(&stdio.line, MCP_MESSAGE_MAX_BYTES);
	r = serve(&stdio, err);
	mcp_finish(&stdio.mcp);
	mcp_host_finish(&stdio.host);
	buf_finish(&stdio.line);
	return r;
}
