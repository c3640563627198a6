/* constable org list|create|show|set. */
#include <errno.h>
#include <string.h>

#include "base/scan.h"
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

static const struct table_column columns[] = { { "NAME", "name" },
					       { "ID", "id" },
					       { "CUSTOMER ID", "customer_id" },
					       { "CREATED", "created" },
					       { 0 } };

static const struct table_column details[] = { { "name", "name" },
					       { "id", "id" },
					       { "customer id", "customer_id" },
					       { "created", "created" },
					       { "agents at most", "quota_agents" },
					       { "calls a minute", "quota_calls" },
					       { "own approval", "author_may_approve" },
					       { "root key", "root_key" },
					       { 0 } };

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct listing orgs = { .path = "/api/v1/organizations",
					     .name = "organizations",
					     .columns = columns,
					     .empty = "There is no org." };

	return listing_run(&command_org, &orgs, cli, argc, argv);
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct fetch_request request = { .method = "POST", .path = "/api/v1/orgs" };
	struct words words;
	struct error err = { 0 };
	json_t *body;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_org);
	body = json_pack("{s:s}", "name", words.at[0]);
	request.body = body;
	return listing_create(cli, &request, "admin_key", wants_json);
}

/* The org of the key, as it is or as it was just changed. */
static int show(struct cli *cli, const struct fetch_request *request, int wants_json)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *org = NULL;
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0) {
		json_decref((json_t *)request->body);
		return command_failed(&err);
	}
	if (server_send(&server, request, &org, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(org);
	else
		table_print_one(&cli->out, org, details);
	return EXIT_DONE;
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	const struct fetch_request request = { .method = "GET", .path = "/api/v1/org" };
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	return words.n ? command_misused(&command_org) : show(cli, &request, wants_json);
}

/* "quota_agents=500" as the API wants it. */
static int take(json_t *body, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	const char *value = equals ? equals + 1 : "";
	const char *at = value;
	uint64_t number;
	char key[64];

	if (!equals || equals == word || (size_t)(equals - word) >= sizeof(key))
		return error_set(err, -EINVAL, "'%s' is no setting; write quota_agents=500", word);
	text_format(key, sizeof(key), "%.*s", (int)(equals - word), word);
	if (strcmp(value, "true") == 0 || strcmp(value, "false") == 0)
		json_put(body, key, json_boolean(*value == 't'));
	else if (scan_u64(&at, &number) && !*at && strncmp(key, "quota", 5) == 0)
		json_put(body, key, json_integer((json_int_t)number));
	else
		json_put(body, key, json_text(value, strlen(value)));
	return 0;
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	json_t *body = json_object();
	struct fetch_request request = { .method = "PATCH", .path = "/api/v1/org", .body = body };
	struct error err = { 0 };

	for (int i = 1; i < argc; i++) {
		if (take(body, argv[i], &err) < 0) {
			json_decref(body);
			return command_failed(&err);
		}
	}
	return show(cli, &request, 0);
}

int remote_org(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },        { "create", run_create },
					     { "show", run_show },        { "set", run_set },
					     { "root", remote_org_root }, { 0 } };

	return verb_run(&command_org, verbs, cli, argc, argv);
}
