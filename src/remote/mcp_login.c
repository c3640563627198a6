#include "remote/mcp_login.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "cli/fleet.h"
#include "remote/listing.h"

#define SERVERS "/api/v1/mcp-servers"
#define PATH_BYTES 256
#define LINE_BYTES 128

/* The path of the MCP server of that name. */
static int find(struct server *server, const char *name, char path[PATH_BYTES], struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *row;
	size_t i;
	int r = server_list(server, SERVERS, "mcp_servers", &list, err);

	if (r < 0)
		return r;
	json_array_foreach(list, i, row)
	{
		if (strcmp(json_get_text(row, "name", ""), name) != 0)
			continue;
		text_format(path, PATH_BYTES, SERVERS "/%s/login", json_get_text(row, "id", ""));
		return 0;
	}
	return error_set(err, -ENOENT, "there is no MCP server '%.64s'", name);
}

/* The server has looked at it as well; but it is we who tell a person to open it. */
static bool may_be_opened(const char *text)
{
	for (const char *at = text; *at; at++)
		if (*at <= ' ' || *at > '~')
			return false;
	return strncmp(text, "https://", 8) == 0;
}

static int begin(struct cli *cli, struct server *server, const char *path, struct error *err)
{
	const struct fetch_request request = { .method = "POST", .path = path };
	CLEANUP(json) json_t *answer = NULL;
	const char *scope, *url;
	int r = server_send(server, &request, &answer, err);

	if (r < 0)
		return r;
	url = json_get_text(answer, "url", "");
	scope = json_get_text(answer, "scope", "");
	if (!may_be_opened(url))
		return error_set(err, -EPROTO, "what it gives to log in at is no URL of https");
	page_add(&cli->out, STYLE_PLAIN, "Log in at %s", json_get_text(answer, "issuer", ""));
	if (*scope)
		page_add(&cli->out, STYLE_PLAIN, " for: %s", scope);
	page_end(&cli->out);
	page_add(&cli->out, STYLE_STRONG, "%s", url);
	page_end(&cli->out);
	page_add(&cli->out, STYLE_PLAIN, "Then type the code that the page shows.");
	page_end(&cli->out);
	return fflush(cli->out.stream) == 0 ? 0 : error_errno(err, "write");
}

static int confirm(struct server *server, const char *path, json_t **answer_out, struct error *err)
{
	char line[LINE_BYTES] = "", confirm_path[PATH_BYTES + 16];
	struct fetch_request request = { .method = "POST", .path = confirm_path };

	if (!fgets(line, sizeof(line), stdin))
		return error_set(err, -ECANCELED, "no code was typed, so the login does not count");
	line[strcspn(line, "\r\n")] = '\0';
	text_format(confirm_path, sizeof(confirm_path), "%s/confirm", path);
	request.body = json_pack("{s:o}", "code", json_text(line, strlen(line)));
	return server_send(server, &request, answer_out, err);
}

int mcp_login_run(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_mcp_server);
	if (server_open(&server, cli, &err) < 0 || find(&server, words.at[0], path, &err) < 0 ||
	    begin(cli, &server, path, &err) < 0 || confirm(&server, path, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_GOOD,
		 "Logged in; 'constable mcp-server test %s' shows its tools.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}
