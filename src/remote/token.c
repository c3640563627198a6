/* constable token list|create|revoke: what enrols hosts. */
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define TOKENS "/api/v1/tokens"

static const struct listing tokens = {
	.path = TOKENS,
	.name = "tokens",
	.columns = (const struct table_column[]) { { "ID", "id" },
						   { "KIND", "kind" },
						   { "CREATED", "created" },
						   { "EXPIRES", "expires" },
						   { "USES LEFT", "uses_left" },
						   { "NETWORK", "network" },
						   { "LABELS", "labels" },
						   { "REVOKED", "revoked" },
						   { 0 } },
	.empty = "There is no token; 'constable token create' makes one.",
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	return listing_run(&command_token, &tokens, cli, argc, argv);
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	const char *kind = "provisioning", *network = NULL, *name = NULL;
	uint64_t expires_ns = 0, uses = 0;
	int wants_json = 0;
	const struct option_row rows[] = { { "--kind", OPTION_TEXT, &kind },
					   { "--name", OPTION_TEXT, &name },
					   { "--network", OPTION_TEXT, &network },
					   { "--uses", OPTION_COUNT, &uses },
					   { "--expires", OPTION_DURATION, &expires_ns },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct fetch_request request = { .method = "POST", .path = TOKENS };
	json_t *labels = json_object(), *body;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0 ||
	    (cli->label && labels_parse(&cli->label, 1, labels, &err) < 0)) {
		json_decref(labels);
		return command_failed(&err);
	}
	if (words.n) {
		json_decref(labels);
		return command_misused(&command_token);
	}
	body = json_pack("{s:s, s:o, s:s*, s:s*}", "kind", kind, "labels", labels, "network",
			 network, "name", name);
	add_expiry(body, expires_ns);
	if (uses)
		json_put(body, "uses", json_integer((json_int_t)uses));
	request.body = body;
	return listing_create(cli, &request, "token", wants_json);
}

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	return listing_delete(cli, TOKENS, argc, argv);
}

int remote_token(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list }, { "create", run_create }, { "revoke", run_revoke }, { 0 }
	};

	return verb_run(&command_token, verbs, cli, argc, argv);
}
