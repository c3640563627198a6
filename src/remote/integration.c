/* constable integration list|create|show|set|rotate|remove|test: systems that tell alerts. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/file.h"
#include "remote/commands.h"
#include "remote/document.h"
#include "remote/listing.h"
#include "remote/secret_option.h"

#define INTEGRATIONS "/api/v1/integrations"
#define PATH_BYTES 512
#define SAMPLE_BYTES (2 * MIB)

static const struct table_column listed[] = { { "NAME", "name" },
					      { "KIND", "kind" },
					      { "ID", "id" },
					      { "CREATED", "created" },
					      { "LAST RECEIVED", "last_received" },
					      { "OLD SECRET UNTIL", "old_secret_until" },
					      { 0 } };

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct listing integrations = {
		.path = INTEGRATIONS,
		.name = "integrations",
		.columns = listed,
		.empty = "There is no integration; 'constable integration create alertmanager' "
			 "makes one.",
	};

	return listing_run(&command_integration, &integrations, cli, argc, argv);
}

/* The path of the one with that name or id, and what is behind it: "/rotate", or "". */
static int find_path(struct server *server, const char *word, const char *behind,
		     char path_out[PATH_BYTES], struct error *err)
{
	CLEANUP(json) json_t *list = NULL;
	const json_t *item;
	size_t i;
	int r = server_list(server, INTEGRATIONS, "integrations", &list, err);

	if (r < 0)
		return r;
	json_array_foreach(list, i, item)
	{
		const char *id = json_get_text(item, "id", "");

		if (strcmp(id, word) != 0 && strcmp(json_get_text(item, "name", ""), word) != 0)
			continue;
		text_format(path_out, PATH_BYTES, "%s/%s%s", INTEGRATIONS, id, behind);
		return 0;
	}
	return error_set(err, -ENOENT,
			 "there is no integration '%s'; 'constable integration list' has them all",
			 word);
}

/* Lines that can be pasted as they are, on standard output; what to know, on the other. */
static void show(struct cli *cli, const json_t *integration, int wants_json)
{
	if (wants_json) {
		cli_print_json(integration);
		return;
	}
	page_add(&cli->err, STYLE_FAINT, "%s, %s: %s", json_get_text(integration, "name", ""),
		 json_get_text(integration, "id", ""),
		 json_get_text(integration, "secret", NULL)
			 ? "its secret stands below, and nowhere else from now on."
			 : "set up the other system so.");
	page_end(&cli->err);
	page_lines(&cli->out, json_get_text(integration, "setup", ""));
}

static int add_secret(json_t *body, const char *file, struct error *err)
{
	CLEANUP(secret_buf) struct buf secret = { 0 };
	int r = 0;

	if (!file)
		return 0;
	r = secret_read(&(const struct secret_option) { .file = file }, &secret, err);
	if (r == 0)
		json_put(body, "secret", json_text(buf_text(&secret), secret.len));
	return r;
}

static int add_mapping(json_t *body, const char *file, struct error *err)
{
	json_t *mapping = NULL;
	int r = file ? document_read_json(file, SAMPLE_BYTES, &mapping, err) : 0;

	if (r == 0 && mapping)
		json_put(body, "settings", json_pack("{s:o}", "mapping", mapping));
	return r;
}

static int add_settings(json_t *body, const char *file, struct error *err)
{
	json_t *settings = NULL;
	int r = file ? document_read_json(file, SAMPLE_BYTES, &settings, err) : 0;

	if (r == 0 && settings)
		json_put(body, "settings", settings);
	return r;
}

/* To where 'word' (or the list itself) is. */
struct sending {
	const char *method, *word, *behind;
	int wants_json;
};

/* The body is taken. */
static int send_and_show(struct cli *cli, const struct sending *sending, json_t *body)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES] = INTEGRATIONS;
	struct fetch_request request = { .method = sending->method, .path = path };
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0 ||
	    (sending->word && find_path(&server, sending->word, sending->behind, path, &err) < 0)) {
		json_decref(body);
		return command_failed(&err);
	}
	request.body = body;
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	show(cli, answer, sending->wants_json);
	return EXIT_DONE;
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	const char *mapping = NULL, *secret = NULL, *settings = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--mapping", OPTION_TEXT, &mapping },
					   { "--settings", OPTION_TEXT, &settings },
					   { "--secret-file", OPTION_TEXT, &secret },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *body;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 1 || words.n > 2)
		return command_misused(&command_integration);
	body = json_pack("{s:s, s:s*}", "kind", words.at[0], "name",
			 words.n == 2 ? words.at[1] : NULL);
	if (add_settings(body, settings, &err) < 0 || add_mapping(body, mapping, &err) < 0 ||
	    add_secret(body, secret, &err) < 0) {
		json_decref(body);
		return command_failed(&err);
	}
	return send_and_show(cli, &(struct sending) { .method = "POST", .wants_json = wants_json },
			     body);
}

static int run_rotate(struct cli *cli, int argc, char **argv)
{
	const char *secret = NULL;
	uint64_t keep_ns = 0;
	int wants_json = 0;
	const struct option_row rows[] = { { "--secret-file", OPTION_TEXT, &secret },
					   { "--keep", OPTION_DURATION, &keep_ns },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *body;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_integration);
	body = json_object();
	if (keep_ns)
		json_put(body, "overlap_seconds", json_integer((json_int_t)(keep_ns / NS_PER_SEC)));
	if (add_secret(body, secret, &err) < 0) {
		json_decref(body);
		return command_failed(&err);
	}
	return send_and_show(
		cli, &(struct sending) { "POST", words.at[0], "/rotate", .wants_json = wants_json },
		body);
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	const char *settings = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--settings", OPTION_TEXT, &settings },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };
	json_t *body;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1 || !settings)
		return command_misused(&command_integration);
	body = json_object();
	if (add_settings(body, settings, &err) < 0) {
		json_decref(body);
		return command_failed(&err);
	}
	return send_and_show(
		cli, &(struct sending) { "PUT", words.at[0], "", .wants_json = wants_json }, body);
}

/* One word and --json. 0, or the exit status and a sentence. */
static int read_one(int argc, char **argv, struct words *words, int *wants_json)
{
	const struct option_row rows[] = { { "--json", OPTION_SET, wants_json }, { 0 } };
	struct error err = { 0 };

	if (option_read(rows, argc, argv, words, &err) < 0)
		return command_failed(&err);
	return words->n == 1 ? 0 : command_misused(&command_integration);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };
	int wants_json = 0, status = read_one(argc, argv, &words, &wants_json);

	if (status)
		return status;
	if (server_open(&server, cli, &err) < 0 ||
	    find_path(&server, words.at[0], "", path, &err) < 0 ||
	    server_get(&server, path, &answer, &err) < 0)
		return command_failed(&err);
	show(cli, answer, wants_json);
	return EXIT_DONE;
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES];
	const struct fetch_request request = { .method = "DELETE", .path = path };
	struct words words;
	struct error err = { 0 };
	int wants_json = 0, status = read_one(argc, argv, &words, &wants_json);

	if (status)
		return status;
	if (server_open(&server, cli, &err) < 0 ||
	    find_path(&server, words.at[0], "", path, &err) < 0 ||
	    server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is removed.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

static void show_alerts(struct cli *cli, const json_t *answer)
{
	static const struct table_column columns[] = {
		{ "STATUS", "status" },    { "SEVERITY", "severity" },
		{ "NAME", "name" },        { "SUMMARY", "summary" },
		{ "LABELS", "labels" },    { "FINGERPRINT", "fingerprint" },
		{ "STARTS", "starts_at" }, { 0 }
	};

	table_print(&cli->out, json_object_get(answer, "alerts"), columns,
		    "This says nothing about an alert: it would be taken and ignored.");
}

static int run_test(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	char path[PATH_BYTES];
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct fetch_request request = { .method = "POST", .path = path };
	json_t *payload = NULL;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 1 || words.n > 2)
		return command_misused(&command_integration);
	if (server_open(&server, cli, &err) < 0 ||
	    find_path(&server, words.at[0], "/test", path, &err) < 0 ||
	    (words.n == 2 && document_read_json(words.at[1], SAMPLE_BYTES, &payload, &err) < 0))
		return command_failed(&err);
	request.body = json_pack("{s:o*}", "payload", payload);
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(answer);
	else
		show_alerts(cli, answer);
	return EXIT_DONE;
}

int remote_integration(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },     { "create", run_create },
					     { "show", run_show },     { "set", run_set },
					     { "rotate", run_rotate }, { "remove", run_remove },
					     { "test", run_test },     { 0 } };

	return verb_run(&command_integration, verbs, cli, argc, argv);
}
