/* constable destination list|show|create|remove|test: where reports go. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/fleet.h"
#include "identity/file.h"
#include "remote/commands.h"
#include "remote/listing.h"
#include "remote/secret_option.h"

#define DESTINATIONS "/api/v1/destinations"
#define DELIVERIES "/api/v1/deliveries"
#define TEST_NS (60 * NS_PER_SEC)

static const struct listing destinations = {
	.path = DESTINATIONS,
	.name = "destinations",
	.columns = (const struct table_column[]) { { "ID", "id" },
						   { "NAME", "name" },
						   { "KIND", "kind" },
						   { "CONFIG", "config" },
						   { "SECRETS", "secrets" },
						   { 0 } },
	.empty = "There is no destination; 'constable destination create' makes one.",
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	return listing_run(&command_destination, &destinations, cli, argc, argv);
}

/* The one of that id or name; a new reference, or NULL with 'err'. */
static json_t *find(struct server *server, const char *name, struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *row;
	size_t i;

	if (server_list(server, DESTINATIONS, "destinations", &list, err) < 0)
		return NULL;
	json_array_foreach(list, i, row)
	{
		if (strcmp(json_get_text(row, "name", ""), name) == 0 ||
		    strcmp(json_get_text(row, "id", ""), name) == 0)
			return json_incref((json_t *)(uintptr_t)row);
	}
	error_set(err, -ENOENT, "there is no destination '%.128s'", name);
	return NULL;
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *found = NULL;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_destination);
	if (server_open(&server, cli, &err) == 0)
		found = find(&server, words.at[0], &err);
	if (!found)
		return command_failed(&err);
	cli_print_json(found);
	return EXIT_DONE;
}

/* "port=587" is a number, "to=a@b,c@d" a list, "interactive=true" a word, all else text. */
static int add_word(json_t *config, const char *word, struct error *err)
{
	const char *equals = strchr(word, '=');
	char key[64];

	if (!equals || equals == word || (size_t)(equals - word) >= sizeof(key))
		return error_set(err, -EINVAL, "'%.64s' is no setting; write channel=C0123", word);
	text_format(key, sizeof(key), "%.*s", (int)(equals - word), word);
	if (strcmp(key, "port") == 0) {
		json_put(config, key, json_integer(strtol(equals + 1, NULL, 10)));
	} else if (strcmp(key, "interactive") == 0) {
		json_put(config, key, json_boolean(strcmp(equals + 1, "true") == 0));
	} else if (strcmp(key, "to") == 0) {
		json_t *list = json_array();

		for (const char *at = equals + 1; *at; at += strspn(at, ",")) {
			size_t n = strcspn(at, ",");

			json_push(list, json_text(at, n));
			at += n;
		}
		json_put(config, key, list);
	} else {
		json_put(config, key, json_text(equals + 1, strlen(equals + 1)));
	}
	return 0;
}

/* What a secret that is one text is called. */
static const char *secret_name(const char *kind, const char *text)
{
	static const char *const names[][2] = { { "teams", "url" },
						{ "webhook", "key" },
						{ "pagerduty", "routing_key" },
						{ "mail", "password" } };

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		if (strcmp(kind, names[i][0]) == 0)
			return names[i][1];
	return strncmp(text, "https://", 8) == 0 ? "webhook_url" : "token";
}

static json_t *read_secret(const char *kind, const char *file, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	const struct secret_option option = { .file = file };
	json_t *secret;

	if (!file)
		return json_object();
	if (secret_read(&option, &text, err) < 0)
		return NULL;
	if (buf_text(&text)[0] == '{')
		return json_parse(buf_text(&text), text.len, SECRET_MAX_BYTES, err);
	secret = json_object();
	json_put(secret, secret_name(kind, buf_text(&text)), json_text(buf_text(&text), text.len));
	return secret;
}

static json_t *read_body(const struct words *words, const char *file, struct error *err)
{
	CLEANUP(json) json_t *config = json_object();
	json_t *secret;

	for (size_t i = 2; i < words->n; i++)
		if (add_word(config, words->at[i], err) < 0)
			return NULL;
	secret = read_secret(words->at[0], file, err);
	if (!secret)
		return NULL;
	return json_pack("{s:s, s:s, s:O, s:o}", "kind", words->at[0], "name", words->at[1],
			 "config", config, "secret", secret);
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *made = NULL;
	struct fetch_request request = { .method = "POST", .path = DESTINATIONS };
	const char *file = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--secret-file", OPTION_TEXT, &file },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 2)
		return command_misused(&command_destination);
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = read_body(&words, file, &err);
	if (!request.body || server_send(&server, &request, &made, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(made);
		return EXIT_DONE;
	}
	page_add(&cli->out, STYLE_PLAIN, "%s is made; 'constable destination test %s' tries it.",
		 json_get_text(made, "id", ""), words.at[1]);
	page_end(&cli->out);
	return EXIT_DONE;
}

/* Opens the server and finds the one destination that the words name. */
static json_t *find_one(struct cli *cli, struct server *server, const struct words *words,
			struct error *err)
{
	return server_open(server, cli, err) < 0 ? NULL : find(server, words->at[0], err);
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *found = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "DELETE" };
	char path[256];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_destination);
	found = find_one(cli, &server, &words, &err);
	text_format(path, sizeof(path), DESTINATIONS "/%s", json_get_text(found, "id", ""));
	request.path = path;
	if (!found || server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is removed.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

/* What became of a delivery: a new reference once it is known, or as it is when time is up. */
static json_t *wait_for_end(struct server *server, const char *id, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + TEST_NS;
	json_t *delivery = NULL;
	char path[256];

	text_format(path, sizeof(path), DELIVERIES "/%s", id);
	for (;;) {
		const char *state;

		json_decref(delivery);
		delivery = NULL;
		if (server_get(server, path, &delivery, err) < 0)
			return NULL;
		state = json_get_text(delivery, "state", "");
		/* One that waits has failed once, and says why. */
		if ((strcmp(state, "sending") != 0 && strcmp(state, "waiting") != 0) ||
		    json_get_text(delivery, "error", NULL) || clock_monotonic_ns() > until_ns)
			return delivery;
		(void)fetcher_wait(server->fetcher, -1, 200 * NS_PER_MS);
	}
}

static int print_outcome(struct cli *cli, const json_t *delivery, int wants_json)
{
	const char *state = json_get_text(delivery, "state", "");
	bool is_good = strcmp(state, "delivered") == 0;

	if (wants_json) {
		cli_print_json(delivery);
	} else {
		page_add(&cli->out, is_good ? STYLE_GOOD : STYLE_BAD, "%s", state);
		page_add(&cli->out, STYLE_PLAIN, "%s%s", is_good ? "" : ": ",
			 is_good ? "" : json_get_text(delivery, "error", "no answer yet"));
		page_end(&cli->out);
	}
	return is_good ? EXIT_DONE : EXIT_FAILED;
}

static int run_test(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *found = NULL;
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *delivery = NULL;
	struct fetch_request request = { .method = "POST" };
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	char path[256];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_destination);
	found = find_one(cli, &server, &words, &err);
	text_format(path, sizeof(path), DESTINATIONS "/%s/test", json_get_text(found, "id", ""));
	request.path = path;
	if (!found || server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	delivery = wait_for_end(&server, json_get_text(answer, "delivery", ""), &err);
	return delivery ? print_outcome(cli, delivery, wants_json) : command_failed(&err);
}

int remote_destination(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },     { "show", run_show },
					     { "create", run_create }, { "remove", run_remove },
					     { "test", run_test },     { 0 } };

	return verb_run(&command_destination, verbs, cli, argc, argv);
}
