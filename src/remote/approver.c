/* constable approver list|add|remove|set|pin: who may approve, by the org's root key. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/key.h"
#include "remote/commands.h"
#include "remote/listing.h"
#include "remote/pin.h"
#include "remote/root.h"
#include "remote/signer.h"

#define PATH_BYTES 4096

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "NAME", "name" }, { "KEY", "key" }, { "MAY APPROVE", "approves" }, { 0 }
	};
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *keys = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *list, *item;
	size_t i;

	if (option_read(rows, argc, argv, &words, &err) < 0 ||
	    server_open(&server, cli, &err) < 0 ||
	    server_get(&server, "/api/v1/approvers", &answer, &err) < 0 ||
	    server_list(&server, "/api/v1/signing-keys", "keys", &keys, &err) < 0)
		return command_failed(&err);
	list = json_object_get(answer, "approvers");
	json_array_foreach(list, i, item) json_put(item, "approves", json_true());
	json_array_foreach(keys, i, item)
	{
		const json_t *known;
		size_t k;
		bool is_known = false;

		json_array_foreach(list, k, known) is_known |=
			json_equal(json_object_get(known, "key"), json_object_get(item, "key"));
		if (!is_known)
			json_array_append_new(list, json_pack("{s:O, s:O, s:b}", "name",
							      json_object_get(item, "name"), "key",
							      json_object_get(item, "key"),
							      "approves", 0));
	}
	if (wants_json)
		cli_print_json(list);
	else
		table_print(&cli->out, list, columns,
			    "Nobody may approve yet; 'constable org root create' begins it.");
	return EXIT_DONE;
}

static int report(struct cli *cli, const struct root *root, const char *sentence)
{
	page_flow_format(&cli->out, STYLE_PLAIN, 0,
			 "%s The list has %zu approvers and number %llu; connected hosts have it "
			 "now, others when they come back.",
			 sentence, root->list.n, (unsigned long long)root->list.sequence);
	page_end(&cli->out);
	return EXIT_DONE;
}

/* The key that the server says this person told it: for the person to compare. */
static int find_told(struct server *server, const char *name, char text[KEY_TEXT_BYTES],
		     struct error *err)
{
	CLEANUP(json) json_t *keys = NULL;
	const json_t *item;
	size_t i, n = 0;
	int r = server_list(server, "/api/v1/signing-keys", "keys", &keys, err);

	if (r < 0)
		return r;
	json_array_foreach(keys, i, item)
	{
		const char *key = json_get_text(item, "key", "");

		if (strcmp(json_get_text(item, "name", ""), name) != 0 ||
		    (n && strcmp(key, text) == 0))
			continue;
		text_format(text, KEY_TEXT_BYTES, "%s", key);
		n++;
	}
	if (n == 0)
		return error_set(err, -ENOENT,
				 "the server knows no signing key of '%s': 'constable login' tells "
				 "it, or give it with --key",
				 name);
	return n == 1 ? 0
		      : error_set(err, -EINVAL, "'%s' told several keys; say which with --key",
				  name);
}

struct addition {
	const char *name, *key, *root_file;
	int is_sure;
};

static int choose_key(struct server *server, const struct addition *addition,
		      char text[KEY_TEXT_BYTES], struct error *err)
{
	char question[KEY_TEXT_BYTES + 256];
	int r;

	if (addition->key) {
		text_format(text, KEY_TEXT_BYTES, "%s", addition->key);
		return 0;
	}
	r = find_told(server, addition->name, text, err);
	if (r < 0 || addition->is_sure)
		return r;
	text_format(question, sizeof(question),
		    "The server says that %s signs with\n  %s\nIs that what 'constable login' "
		    "showed there?",
		    addition->name, text);
	if (signer_asks_yes(question))
		return 0;
	return error_set(err, -EACCES,
			 "not added: compare the key with the person, then give it with --key %s "
			 "(or say --yes)",
			 text);
}

static int add(struct cli *cli, const struct addition *addition, struct error *err)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(root) struct root root = { 0 };
	CLEANUP(key) EVP_PKEY *key = NULL;
	char text[KEY_TEXT_BYTES] = "", sentence[APPROVER_NAME_BYTES + 32];
	int r = server_open(&server, cli, err);

	if (r == 0)
		r = root_open(&root, &server, addition->root_file, err);
	if (r == 0)
		r = choose_key(&server, addition, text, err);
	if (r < 0)
		return r;
	key = key_parse(text, strlen(text), err);
	if (!key)
		return error_wrap(err, "the key of '%s'", addition->name);
	r = approvers_add(&root.list, addition->name, key, err);
	if (r == 0)
		r = root_publish(&root, &server, err);
	if (r < 0)
		return r;
	text_format(sentence, sizeof(sentence), "%s may approve.", addition->name);
	return report(cli, &root, sentence);
}

static int run_add(struct cli *cli, int argc, char **argv)
{
	struct addition addition = { 0 };
	const struct option_row rows[] = { { "--key", OPTION_TEXT, &addition.key },
					   { "--root-key", OPTION_TEXT, &addition.root_file },
					   { "--yes", OPTION_SET, &addition.is_sure },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approver);
	addition.name = words.at[0];
	r = add(cli, &addition, &err);
	return r < 0 ? command_failed(&err) : r;
}

/* "author_may_approve=true" */
static int set(struct root *root, const char *word, struct error *err)
{
	if (strcmp(word, "author_may_approve=true") != 0 &&
	    strcmp(word, "author_may_approve=false") != 0)
		return error_set(err, -EINVAL, "'%s' is none of author_may_approve=true|false",
				 word);
	root->list.author_may_approve = strstr(word, "=true") != NULL;
	return 0;
}

static int change(struct cli *cli, int argc, char **argv,
		  int (*apply)(struct root *root, const char *word, struct error *err))
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(root) struct root root = { 0 };
	const char *root_file = NULL;
	const struct option_row rows[] = { { "--root-key", OPTION_TEXT, &root_file }, { 0 } };
	struct words words;
	struct error err = { 0 };
	int r;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approver);
	r = server_open(&server, cli, &err);
	if (r == 0)
		r = root_open(&root, &server, root_file, &err);
	if (r == 0)
		r = apply(&root, words.at[0], &err);
	if (r == 0)
		r = root_publish(&root, &server, &err);
	return r < 0 ? command_failed(&err) : report(cli, &root, "Changed.");
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	return change(cli, argc, argv, root_remove);
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	return change(cli, argc, argv, set);
}

/* On a host, by its root. */
static int run_pin(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *host = NULL;
	int replaces = 0;
	const struct option_row rows[] = { { "--replace", OPTION_SET, &replaces }, { 0 } };
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_approver);
	text_format(path, sizeof(path), "%s/agent/agent.json", cli->state);
	host = json_load_file(path, 0, NULL);
	if (!host || !*json_get_text(host, "org", "")) {
		error_set(&err, -ENOENT,
			  "'%s' does not say whose host this is: 'constable provision' enrols it",
			  path);
		return command_failed(&err);
	}
	json_put(host, "root_key", json_string(words.at[0]));
	if (pin_host(cli->state, host, replaces ? PIN_REPLACE : PIN_ONCE, &err) < 0)
		return command_failed(&err);
	page_flow_format(&cli->out, STYLE_PLAIN, 0,
			 "This host is %s of org %s, and takes approvals of those whom the root "
			 "key %s lists.",
			 json_get_text(host, "agent_id", ""), json_get_text(host, "org", ""),
			 words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

int remote_approver(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },     { "add", run_add },
					     { "remove", run_remove }, { "set", run_set },
					     { "pin", run_pin },       { 0 } };

	return verb_run(&command_approver, verbs, cli, argc, argv);
}
