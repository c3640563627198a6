/* constable agent list|show|label|revoke: the fleet as the server knows it. */
#include <string.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define PATH_BYTES 2048

static const struct table_column columns[] = {
	{ "HOST", "hostname" },   { "ID", "id" },
	{ "STATE", "state" },     { "HEALTH", "health" },
	{ "VERSION", "version" }, { "LAST SEEN", "last_seen" },
	{ "LABELS", "labels" },   { 0 },
};

static const struct table_column details[] = {
	{ "host", "hostname" },
	{ "id", "id" },
	{ "state", "state" },
	{ "at server", "server" },
	{ "health", "health" },
	{ "version", "version" },
	{ "address", "address" },
	{ "labels", "labels" },
	{ "namespaces", "namespaces" },
	{ "capabilities", "capabilities" },
	{ "enrolled", "created" },
	{ "by", "enrolled_by" },
	{ "last seen", "last_seen" },
	{ "revoked", "revoked" },
	{ "boot", "boot_id" },
	{ "calls", "calls_in_flight" },
	{ 0 },
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	struct listing listing = { .name = "agents",
				   .columns = columns,
				   .empty = "No agent is enrolled. 'constable token create' makes "
					    "a token, 'constable provision' uses it on a host." };
	CLEANUP(text) char *label = fetch_escape(cli->label ? cli->label : "");
	const char *state = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--state", OPTION_TEXT, &state },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	text_format(path, sizeof(path), "/api/v1/agents?limit=1000%s%s%s%s",
		    *label ? "&label=" : "", label, state ? "&state=" : "", state ? state : "");
	listing.path = path;
	return words.n ? command_misused(&command_agent) : listing_print(cli, &listing, wants_json);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *agent = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_agent);
	if (server_open(&server, cli, &err) < 0 ||
	    server_find_agent(&server, words.at[0], &agent, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(agent);
	else
		table_print_one(&cli->out, agent, details);
	return EXIT_DONE;
}

/* A request about one agent, found by its name; its answer is printed or thrown away. */
static int change(struct cli *cli, const char *name, const struct fetch_request *request,
		  const char *below)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *agent = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request placed = *request;
	char path[PATH_BYTES];
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0 ||
	    server_find_agent(&server, name, &agent, &err) < 0) {
		json_decref((json_t *)request->body);
		return command_failed(&err);
	}
	text_format(path, sizeof(path), "/api/v1/agents/%s%s", json_get_text(agent, "id", ""),
		    below);
	placed.path = path;
	if (server_send(&server, &placed, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_NAME, "%s", json_get_text(agent, "hostname", name));
	return EXIT_DONE;
}

static int run_label(struct cli *cli, int argc, char **argv)
{
	json_t *labels;
	struct error err = { 0 };
	struct fetch_request request = { .method = "PATCH" };
	int status;

	if (argc < 3)
		return command_misused(&command_agent);
	labels = json_object();
	if (labels_parse((const char *const *)argv + 2, (size_t)argc - 2, labels, &err) < 0) {
		json_decref(labels);
		return command_failed(&err);
	}
	request.body = json_pack("{s:o}", "labels", labels);
	status = change(cli, argv[1], &request, "");
	if (status == EXIT_DONE) {
		page_add(&cli->out, STYLE_PLAIN, " has these labels now.");
		page_end(&cli->out);
	}
	return status;
}

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	struct fetch_request request = { .method = "POST", .body = NULL };
	int status;

	if (argc != 2)
		return command_misused(&command_agent);
	request.body = json_object();
	status = change(cli, argv[1], &request, "/revoke");
	if (status == EXIT_DONE) {
		page_add(&cli->out, STYLE_PLAIN, " is revoked: its link is cut.");
		page_end(&cli->out);
	}
	return status;
}

int remote_agent(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },
					     { "show", run_show },
					     { "label", run_label },
					     { "revoke", run_revoke },
					     { 0 } };

	return verb_run(&command_agent, verbs, cli, argc, argv);
}
