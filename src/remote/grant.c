/* constable grant list|create|revoke: signed beforehand, for calls that are yet to come. */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"
#include "cli/fleet.h"
#include "identity/grant.h"
#include "identity/key.h"
#include "identity/token.h"
#include "remote/commands.h"
#include "remote/listing.h"
#include "remote/signer.h"

#define GRANTS "/api/v1/grants"
#define PATH_BYTES 2048
#define DEFAULT_LIFE_NS (24 * 3600 * NS_PER_SEC)

/* What a list shows of the statement. */
static void flatten(json_t *item)
{
	const json_t *statement = json_object_get(item, "statement");

	json_object_set(item, "uses", json_object_get(statement, "uses"));
	json_object_set(item, "arguments", json_object_get(statement, "arguments"));
	json_object_set(item, "hosts", json_object_get(statement, "hosts"));
}

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "ID", "id" },
		{ "BY", "approver" },
		{ "TOOL", "tool" },
		{ "ARGUMENTS", "arguments" },
		{ "HOSTS", "hosts" },
		{ "USES", "uses" },
		{ "EXPIRES", "expires" },
		{ "REVOKED BY", "revoked_by" },
		{ 0 },
	};
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *list = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *item;
	size_t i;

	if (option_read(rows, argc, argv, &words, &err) < 0 ||
	    server_open(&server, cli, &err) < 0 ||
	    server_list(&server, GRANTS, "grants", &list, &err) < 0)
		return command_failed(&err);
	json_array_foreach(list, i, item) flatten(item);
	if (wants_json)
		cli_print_json(list);
	else
		table_print(&cli->out, list, columns, "There is no standing grant.");
	return EXIT_DONE;
}

/* The agents that are meant now: a label given to another host later grants nothing there. */
static int find_hosts(struct server *server, const struct cli *cli, json_t *hosts,
		      struct error *err)
{
	CLEANUP(json) json_t *agents = NULL;
	CLEANUP(json) json_t *agent = NULL;
	CLEANUP(text) char *label = fetch_escape(cli->label ? cli->label : "");
	char path[PATH_BYTES];
	const json_t *item;
	size_t i;
	int r;

	if (!cli->host == !cli->label)
		return error_set(err, -EINVAL, "say for which hosts: --host H or --label K=V");
	if (cli->host) {
		r = server_find_agent(server, cli->host, &agent, err);
		if (r == 0)
			json_push(hosts, json_incref(json_object_get(agent, "id")));
		return r;
	}
	text_format(path, sizeof(path), "/api/v1/agents?limit=1000&label=%s", label);
	r = server_list(server, path, "agents", &agents, err);
	if (r < 0)
		return r;
	json_array_foreach(agents, i, item)
		json_push(hosts, json_incref(json_object_get(item, "id")));
	return json_array_size(hosts) ? 0 : error_set(err, -ENOENT, "no agent has this label");
}

/* By which name the org knows the owner of this key. */
static int find_name(struct server *server, EVP_PKEY *key, struct grant *grant, struct error *err)
{
	CLEANUP(json) json_t *org = NULL;
	int r = server_get(server, "/api/v1/org", &org, err);

	text_format(grant->org, sizeof(grant->org), "%s", json_get_text(org, "id", ""));
	return r < 0 ? r : signer_find_name(server, key, grant->approver, NULL, err);
}

static void show(struct page *page, const struct grant *grant, const char *expires)
{
	CLEANUP(text) char *arguments = json_canonical(grant->arguments);
	CLEANUP(text) char *hosts = json_canonical(grant->hosts);
	CLEANUP(buf) struct buf shown = { 0 };

	buf_init(&shown, 64 * KIB);
	escape_add(&shown, arguments, strlen(arguments), CHARSET_ASCII);
	page_flow_format(page, STYLE_PLAIN, 2,
			 "Whoever may call tools may run '%s' with %s at most %" PRIu64
			 " times on each of %s until %s, without asking anybody.",
			 grant->tool, buf_text(&shown), grant->uses, hosts, expires);
	page_end(page);
}

static int post(struct server *server, const char *path, json_t *sealed, struct error *err)
{
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST", .path = path, .body = sealed };

	return sealed ? server_send(server, &request, &answer, err) : err->code;
}

struct creation {
	const struct words *words;
	uint64_t uses, life_ns;
	int is_sure;
};

static int fill(const struct creation *creation, struct grant *grant, struct error *err)
{
	const struct words *words = creation->words;
	char nonce[NONCE_TEXT_BYTES];

	text_format(grant->tool, sizeof(grant->tool), "%s", words->at[0]);
	text_format(grant->grant, sizeof(grant->grant), "g_%s", nonce_make(nonce));
	grant->uses = creation->uses;
	grant->expires_s = (clock_wall_ns() + creation->life_ns) / NS_PER_SEC;
	grant->arguments = json_object();
	grant->hosts = json_array();
	return labels_parse(words->at + 1, words->n - 1, grant->arguments, err);
}

static int create(struct cli *cli, const struct creation *creation, struct error *err)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(grant) struct grant grant = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	char expires[CLOCK_TEXT_BYTES];
	int r = fill(creation, &grant, err);

	if (r == 0)
		r = server_open(&server, cli, err);
	if (r == 0)
		r = find_hosts(&server, cli, grant.hosts, err);
	if (r == 0 && !(key = signer_key(err)))
		r = err->code;
	if (r == 0)
		r = find_name(&server, key, &grant, err);
	if (r < 0)
		return r;
	show(&cli->err, &grant, clock_format(grant.expires_s * NS_PER_SEC, expires));
	if (!creation->is_sure && !signer_asks_yes("Sign it?"))
		return error_set(err, -EACCES, "not signed; without a terminal say --yes");
	r = post(&server, GRANTS, grant_sign(&grant, key, err), err);
	if (r < 0)
		return r;
	page_add(&cli->out, STYLE_PLAIN, "%s", grant.grant);
	page_end(&cli->out);
	return 0;
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	struct creation creation = { .uses = 1, .life_ns = DEFAULT_LIFE_NS };
	const struct option_row rows[] = { { "--uses", OPTION_COUNT, &creation.uses },
					   { "--for", OPTION_DURATION, &creation.life_ns },
					   { "--yes", OPTION_SET, &creation.is_sure },
					   { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_grant);
	creation.words = &words;
	return create(cli, &creation, &err) < 0 ? command_failed(&err) : EXIT_DONE;
}

/* Its expiry as it was signed: hosts remember the revocation for so long. */
static int find_expiry(struct server *server, const char *id, uint64_t *expires_s_out,
		       struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *item;
	size_t i;
	int r = server_list(server, GRANTS, "grants", &list, err);

	if (r < 0)
		return r;
	json_array_foreach(list, i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) != 0)
			continue;
		*expires_s_out =
			(uint64_t)json_get_int(json_object_get(item, "statement"), "expires_s", 0);
		return 0;
	}
	return error_set(err, -ENOENT, "no grant '%s' is in force", id);
}

static int revoke_grant(struct cli *cli, const char *id, struct error *err)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(grant) struct grant me = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct revocation revocation = { 0 };
	char path[PATH_BYTES];
	int r = server_open(&server, cli, err);

	if (r == 0)
		r = find_expiry(&server, id, &revocation.expires_s, err);
	if (r == 0 && !(key = signer_key(err)))
		r = err->code;
	if (r == 0)
		r = find_name(&server, key, &me, err);
	if (r < 0)
		return r;
	text_format(revocation.org, sizeof(revocation.org), "%s", me.org);
	text_format(revocation.grant, sizeof(revocation.grant), "%s", id);
	text_format(revocation.approver, sizeof(revocation.approver), "%s", me.approver);
	text_format(path, sizeof(path), GRANTS "/%s/revoke", revocation.grant);
	return post(&server, path, revocation_sign(&revocation, key, err), err);
}

static int run_revoke(struct cli *cli, int argc, char **argv)
{
	const struct option_row rows[] = { { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_grant);
	if (revoke_grant(cli, words.at[0], &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is revoked; connected hosts know.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

int remote_grant(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list }, { "create", run_create }, { "revoke", run_revoke }, { 0 }
	};

	return verb_run(&command_grant, verbs, cli, argc, argv);
}
