#include "remote/listing.h"

#include <errno.h>
#include <string.h>

#define PATH_BYTES 2048

int listing_print(struct cli *cli, const struct listing *listing, int wants_json)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *list = NULL;
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0 ||
	    server_list(&server, listing->path, listing->name, &list, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(list);
	else
		table_print(&cli->out, list, listing->columns, listing->empty);
	return EXIT_DONE;
}

int listing_run(const struct command *command, const struct listing *listing, struct cli *cli,
		int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	return words.n ? command_misused(command) : listing_print(cli, listing, wants_json);
}

int verb_run(const struct command *command, const struct verb *verbs, struct cli *cli, int argc,
	     char **argv)
{
	for (; argc > 1 && verbs->name; verbs++)
		if (strcmp(argv[1], verbs->name) == 0)
			return verbs->run(cli, argc - 1, argv + 1);
	return command_misused(command);
}

int listing_delete(struct cli *cli, const char *path, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	const struct option_row rows[] = { { 0 } };
	struct words words;
	char place[PATH_BYTES];
	struct fetch_request request = { .method = "DELETE", .path = place };
	struct error err = { 0 };
	CLEANUP(text) char *escaped = NULL;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1) {
		error_set(&err, -EINVAL, "%s wants one id", argv[0]);
		return command_failed(&err);
	}
	escaped = fetch_escape(words.at[0]);
	text_format(place, sizeof(place), "%s/%s", path, escaped);
	if (server_open(&server, cli, &err) < 0 ||
	    server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is revoked.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

int labels_parse(const char *const *words, size_t n, json_t *object, struct error *err)
{
	for (size_t i = 0; i < n; i++) {
		const char *equals = strchr(words[i], '=');
		char key[128];

		if (!equals || equals == words[i] || (size_t)(equals - words[i]) >= sizeof(key))
			return error_set(err, -EINVAL, "'%s' is no label; write env=prod",
					 words[i]);
		text_format(key, sizeof(key), "%.*s", (int)(equals - words[i]), words[i]);
		json_put(object, key, json_text(equals + 1, strlen(equals + 1)));
	}
	return 0;
}

int listing_create(struct cli *cli, const struct fetch_request *request, const char *secret,
		   int wants_json)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0) {
		json_decref((json_t *)request->body);
		return command_failed(&err);
	}
	if (server_send(&server, request, &answer, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(answer);
		return EXIT_DONE;
	}
	page_add(&cli->err, STYLE_FAINT, "Shown once; its id is %s, it expires %s.",
		 json_get_text(answer, "id", ""), json_get_text(answer, "expires", "never"));
	page_end(&cli->err);
	page_add(&cli->out, STYLE_PLAIN, "%s", json_get_text(answer, secret, ""));
	page_end(&cli->out);
	return EXIT_DONE;
}

void add_expiry(json_t *body, uint64_t expires_ns)
{
	uint64_t hour_ns = 3600 * NS_PER_SEC;

	if (expires_ns)
		json_put(body, "expires_hours",
			 json_integer((json_int_t)((expires_ns + hour_ns - 1) / hour_ns)));
}
