#include "cli/mcp_http.h"

#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "identity/file.h"
#include "identity/token.h"
#include "net/local_site.h"
#include "surface/mcp/host.h"
#include "surface/mcp/http.h"

#define TOKEN_FILE "mcp_token"
#define MAX_CONNECTIONS 256

struct serving {
	struct event_base *base;
	struct local_site site;
	struct gate_remote *remote;
	struct mcp_host host;
	struct mcp_http *http;
	struct error why; /* it ends */
};

static json_int_t ask(void *data, json_t *header, const char *body, size_t n_body,
		      struct error *err)
{
	struct serving *serving = data;

	return gate_remote_send(serving->remote, header, body, n_body, err);
}

static void cancel(void *data, json_int_t id)
{
	struct serving *serving = data;
	CLEANUP(json) json_t *header = json_pack("{s:s, s:I}", "type", "cancel", "id", id);
	struct error ignored = { 0 };

	if (frame_write(serving->remote->fd, header, NULL, 0, &ignored) < 0)
		return; /* a gate that is gone is noticed where it is read from */
}

static void handle_gate(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct serving *serving = data;
	CLEANUP(frame) struct frame frame = { 0 };

	if (gate_remote_receive(serving->remote, &frame, &serving->why) == 0)
		mcp_host_take_frame(&serving->host, &frame);
	else
		(void)event_base_loopbreak(serving->base);
}

static void handle_end(evutil_socket_t signal UNUSED, short what UNUSED, void *data)
{
	struct serving *serving = data;

	(void)event_base_loopbreak(serving->base);
}

static size_t handle_head(struct http_request *request, void *data)
{
	const struct serving *serving = data;

	if (!local_site_is_meant(&serving->site, request)) {
		http_reply_error(request, 403, NULL,
				 "only programs of this host may ask, and by its address");
	} else if (strcmp(request->path, "/mcp") != 0) {
		http_reply_error(request, 404, NULL, "there is /mcp alone");
	} else if (!local_site_is_opened(&serving->site, request)) {
		http_reply_header(request, "WWW-Authenticate", "Bearer");
		http_reply_error(request, 401, NULL,
				 "send the token of the file " TOKEN_FILE " in the state folder");
	}
	return MCP_MESSAGE_MAX_BYTES;
}

static void handle_request(struct http_request *request, void *data)
{
	struct serving *serving = data;

	mcp_http_serve(serving->http, request);
}

static int save_token(const struct cli *cli, const struct token *token, struct error *err)
{
	char path[4096];

	text_format(path, sizeof(path), "%s/" TOKEN_FILE, cli->state);
	return file_save_private(path, token->text, strlen(token->text), err);
}

static void run_loop(struct serving *serving, int fd)
{
	static const struct mcp_http_config plain = { 0 };
	const struct http_server_config config = { .handle_head = handle_head,
						   .handle_request = handle_request,
						   .data = serving,
						   .max_connections = MAX_CONNECTIONS };
	struct http_server *server = http_server_new(serving->base, fd, &config);
	struct event *events[] = {
		event_new(serving->base, serving->remote->fd, EV_READ | EV_PERSIST, handle_gate,
			  serving),
		evsignal_new(serving->base, SIGINT, handle_end, serving),
		evsignal_new(serving->base, SIGTERM, handle_end, serving),
	};

	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		if (!events[i] || event_add(events[i], NULL) < 0)
			abort();
	serving->http = mcp_http_new(serving->base, &serving->host.offer, &plain);
	(void)event_base_dispatch(serving->base);
	mcp_http_free(serving->http);
	http_server_free(server);
	for (size_t i = 0; i < ARRAY_LEN(events); i++)
		event_free(events[i]);
}

int mcp_http_run(const struct cli *cli, struct gate_remote *remote,
		 const struct mcp_stdio_config *config, const char *where, struct error *err)
{
	CLEANUP(token) struct token token = { 0 };
	struct serving serving = { .remote = remote, .site.token = token.text };
	const struct mcp_gate gate = { .ask = ask, .cancel = cancel, .data = &serving };
	int fd;

	token_make(TOKEN_API_KEY, &token);
	if (save_token(cli, &token, err) < 0)
		return err->code;
	fd = local_site_listen(&serving.site, where, err);
	if (fd < 0)
		return fd;
	(void)signal(SIGPIPE, SIG_IGN);
	serving.base = event_base_new();
	if (!serving.base)
		abort();
	mcp_host_init(&serving.host, &gate, config->catalogue, config->skills, config->version);
	mcp_host_add_library(&serving.host, config->library);
	(void)fprintf(stderr,
		      "constable: serving http://%s/mcp; the token is in %s/" TOKEN_FILE "\n",
		      serving.site.address, cli->state);
	run_loop(&serving, fd);
	mcp_host_finish(&serving.host);
	event_base_free(serving.base);
	*err = serving.why;
	return serving.why.code;
}
