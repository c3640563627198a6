/* constable test-connection: whether the server can be reached and is who it should be. */
#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/server.h"

struct check {
	const char *name;
	const char *path;
};

/* Each needs more than the one before: the network and TLS, the store, a key. */
static const struct check checks[] = {
	{ "reachable", "/api/v1/health" },
	{ "ready", "/readyz" },
	{ "key", "/api/v1/org" },
};

static int run_check(struct server *server, const struct check *check, json_t *results,
		     struct error *err)
{
	CLEANUP(json) json_t *body = NULL;
	uint64_t start_ns = clock_monotonic_ns();
	struct fetch_request request = { .method = "GET", .path = check->path };
	int r = server_send(server, &request, &body, err);

	json_push(results,
		  json_pack("{s:s, s:b, s:f, s:s}", "check", check->name, "ok", r == 0,
			    "elapsed_ms", (double)(clock_monotonic_ns() - start_ns) / NS_PER_MS,
			    "error", r < 0 ? err->text : ""));
	return r;
}

static void print(struct page *page, const json_t *results)
{
	const json_t *one;
	size_t i;

	json_array_foreach(results, i, one)
	{
		bool is_ok = json_get_bool(one, "ok", false);

		page_add(page, is_ok ? STYLE_GOOD : STYLE_BAD, "%-6s", is_ok ? "ok" : "FAILED");
		page_add(page, STYLE_STRONG, "%-10s", json_get_text(one, "check", ""));
		page_add(page, STYLE_FAINT, "%.1f ms  ", json_get_number(one, "elapsed_ms", 0));
		page_flow(page, STYLE_PLAIN, 8, json_get_text(one, "error", ""));
		page_end(page);
	}
}

static int open_server(struct server *server, struct cli *cli, const char *url, const char *pin,
		       struct error *err)
{
	struct fetch_config config = { .url = url, .pin = pin };

	if (!url)
		return server_open(server, cli, err);
	server_set_way(&config, cli->config);
	text_format(server->url, sizeof(server->url), "%s", url);
	server->fetcher = fetcher_new(&config, err);
	return server->fetcher ? 0 : err->code;
}

int remote_test_connection(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *results = json_array();
	const char *url = NULL, *pin = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--orchestrator-url", OPTION_TEXT, &url },
					   { "--pin", OPTION_TEXT, &pin },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r = 0;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_test_connection);
	if (open_server(&server, cli, url, pin, &err) < 0)
		return command_failed(&err);
	/* Without a login there is no key to try. */
	for (size_t i = 0; i < ARRAY_LEN(checks) - (url != NULL) && r == 0; i++)
		r = run_check(&server, &checks[i], results, &err);
	if (wants_json)
		cli_print_json(results);
	else
		print(&cli->out, results);
	if (r == -EHOSTUNREACH || r == -ETIMEDOUT)
		return EXIT_UNREACHABLE;
	return r < 0 ? EXIT_FAILED : EXIT_DONE;
}
