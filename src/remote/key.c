/* constable key list|create|revoke: API keys of people and programs. */
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define KEYS "/api/v1/keys"

static const struct listing keys = {
	.path = KEYS,
	.name = "keys",
	.columns = (const struct table_column[]) { { "NAME", "name" },
						   { "ID", "id" },
						   { "ROLE", "role" },
						   { "CREATED", "created" },
						   { "EXPIRES", "expires" },
						   { "LAST USED", "last_used" },
						   { "REVOKED", "revoked" },
						   { 0 } },
	.empty = "There is no key.",
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	return listing_run(&command_key, &keys, cli, argc, argv);
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	const char *role = "viewer";
	uint64_t expires_ns = 0;
	int wants_json = 0;
	const struct option_row rows[] = { { "--role", OPTION_TEXT, &role },
					   { "--expires", OPTION_DURATION, &expires_ns },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct fetch_request request = { .method = "POST", .path = KEYS };
	json_t *body;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_key);
	body = json_pack("{s:s, s:s}", "name", words.at[0], "role", role);
	add_expiry(body, expires_ns);
	request.body = body;
	return listing_create(cli, &request, "key", wants_json);
}

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	return listing_delete(cli, KEYS, argc, argv);
}

int remote_key(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list }, { "create", run_create }, { "revoke", run_revoke }, { 0 }
	};

	return verb_run(&command_key, verbs, cli, argc, argv);
}
