/* usage: mcp_server SCRIPT.json: prints its port, and serves what the script offers at /mcp. */
#include <err.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "net/listen.h"
#include "net/local_site.h"
#include "surface/mcp/http.h"
#include "script.h"

static void handle_request(struct http_request *request, void *data)
{
	const char *origin = http_request_field(request, "origin");
	const char *host = http_request_field(request, "host");
	char page[256];

	text_format(page, sizeof(page), "http://%s", host ? host : "");
	if (!local_site_is_origin(page) || (origin && !local_site_is_origin(origin)))
		http_reply_error(request, 403, NULL, "only this host may ask");
	else if (strcmp(request->path, "/mcp") == 0)
		mcp_http_serve(data, request);
	else
		http_reply_error(request, 404, NULL, "there is /mcp alone");
}

int main(int argc, char **argv)
{
	static const struct mcp_http_config plain = { 0 };
	struct event_base *base = event_base_new();
	struct http_server_config config = { .handle_request = handle_request,
					     .max_body_bytes = MCP_MESSAGE_MAX_BYTES };
	struct error why = { 0 };
	int fd = listen_open("127.0.0.1", 0, &why);
	struct script *script;

	if (argc != 2 || !base || fd < 0)
		errx(2, "usage: mcp_server SCRIPT.json; %s", why.text);
	(void)signal(SIGPIPE, SIG_IGN);
	script = script_load(base, argv[1]);
	config.data = mcp_http_new(base, script_offer(script), &plain);
	script_serve(script, config.data);
	(void)printf("%u\n", listen_port(fd));
	(void)fflush(stdout);
	(void)http_server_new(base, fd, &config);
	(void)event_base_dispatch(base);
	return 0;
}
