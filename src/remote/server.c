#include "remote/server.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "client/pages.h"

#define PATH_BYTES 2048

void server_set_way(struct fetch_config *fetch, const struct config *config)
{
	fetch->proxy = config_get(config, "proxy")->text;
	fetch->no_proxy = config_get(config, "no_proxy")->text;
}

int server_open(struct server *server, const struct cli *cli, struct error *err)
{
	CLEANUP(credentials) struct credentials credentials = { 0 };
	struct fetch_config config = { 0 };
	int r = credentials_load(&credentials, cli->config, err);

	if (r < 0)
		return r;
	if (!*credentials.server)
		return error_set(err, -EINVAL,
				 "no server is known; run 'constable login --server URL', or set "
				 "CONSTABLE_SERVER and CONSTABLE_API_KEY");
	server_set_way(&config, cli->config);
	config.url = credentials.server;
	config.pin = *credentials.pin ? credentials.pin : NULL;
	config.ca_file = *credentials.ca_file ? credentials.ca_file : NULL;
	config.key = *credentials.key ? credentials.key : NULL;
	text_format(server->url, sizeof(server->url), "%s", credentials.server);
	server->fetcher = fetcher_new(&config, err);
	return server->fetcher ? 0 : err->code;
}

void server_close(struct server *server)
{
	fetcher_free(TAKE(server->fetcher));
}

void server_cleanup(struct server *server)
{
	server_close(server);
}

static int explain(int r, struct error *err)
{
	return r == -EKEYREJECTED
		       ? error_wrap(err, "this is not the server that was expected (its key or "
					 "certificate differs; if that is right, 'constable login' "
					 "again)")
		       : r;
}

int server_send(struct server *server, const struct fetch_request *request, json_t **body_out,
		struct error *err)
{
	int r = fetch(server->fetcher, request, body_out, err);

	json_decref((json_t *)request->body);
	return explain(r, err);
}

int server_get(struct server *server, const char *path, json_t **body_out, struct error *err)
{
	struct fetch_request request = { .method = "GET", .path = path };
	int r = server_send(server, &request, body_out, err);

	if (r == 0 && !*body_out)
		return error_set(err, -EBADMSG, "%s answered %s without JSON", server->url, path);
	return r;
}

int server_list(struct server *server, const char *path, const char *name, json_t **list_out,
		struct error *err)
{
	const struct pages pages = { .path = path, .name = name, .cursor = "after" };
	CLEANUP(json) json_t *body = NULL;

	return explain(pages_read(server->fetcher, &pages, list_out, &body, err), err);
}

static const json_t *find_by_host(const json_t *agents, const char *host, unsigned *n_out)
{
	const json_t *found = NULL;
	const json_t *agent;
	size_t i;

	*n_out = 0;
	json_array_foreach(agents, i, agent)
	{
		if (strcmp(json_get_text(agent, "hostname", ""), host) == 0) {
			found = agent;
			++*n_out;
		}
	}
	return found;
}

int server_find_agent(struct server *server, const char *name, json_t **agent_out,
		      struct error *err)
{
	CLEANUP(text) char *escaped = fetch_escape(name);
	CLEANUP(json) json_t *list = NULL;
	struct error unknown = { 0 };
	const json_t *found;
	char path[PATH_BYTES];
	unsigned n;
	int r;

	text_format(path, sizeof(path), "/api/v1/agents/%s", escaped);
	r = server_get(server, path, agent_out, &unknown);
	if (r == 0)
		return 0;
	if (r != -ENOENT && r != -EINVAL) {
		*err = unknown;
		return r;
	}
	r = server_list(server, "/api/v1/agents", "agents", &list, err);
	if (r < 0)
		return r;
	found = find_by_host(list, name, &n);
	if (n > 1)
		return error_set(err, -EINVAL,
				 "%u agents are on hosts named '%s'; say which by its id "
				 "('constable agent list')",
				 n, name);
	if (!found)
		return error_set(err, -ENOENT,
				 "no agent '%s'; 'constable agent list' shows the fleet", name);
	*agent_out = json_incref((json_t *)found);
	return 0;
}
