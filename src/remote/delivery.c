/* constable delivery list|retry: what destinations were told, and what failed. */
#include <string.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define DELIVERIES "/api/v1/deliveries"

static const struct table_column columns[] = {
	{ "ID", "id" },
	{ "DESTINATION", "destination" },
	{ "INCIDENT", "incident" },
	{ "EVENT", "event" },
	{ "STATE", "state" },
	{ "TRIES", "tries" },
	{ "DUE", "due" },
	{ "ERROR", "error" },
	{ 0 },
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	const char *state = NULL, *incident = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--state", OPTION_TEXT, &state },
					   { "--incident", OPTION_TEXT, &incident },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	CLEANUP(text) char *escaped = NULL;
	CLEANUP(text) char *escaped_state = NULL;
	char path[1024];
	struct words words;
	struct error err = { 0 };
	struct listing listing = { .path = path,
				   .name = "deliveries",
				   .columns = columns,
				   .empty = "There is no such delivery." };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_delivery);
	escaped = fetch_escape(incident ? incident : "");
	escaped_state = fetch_escape(state ? state : "");
	text_format(path, sizeof(path), DELIVERIES "?limit=1000%s%.400s%s%.40s",
		    incident ? "&incident=" : "", escaped, state ? "&state=" : "", escaped_state);
	return listing_print(cli, &listing, wants_json);
}

static int run_retry(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(text) char *escaped = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST" };
	char path[256];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_delivery);
	escaped = fetch_escape(words.at[0]);
	text_format(path, sizeof(path), DELIVERIES "/%.200s/retry", escaped);
	request.path = path;
	if (server_open(&server, cli, &err) < 0 ||
	    server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s is tried once more.", words.at[0]);
	page_end(&cli->out);
	return EXIT_DONE;
}

int remote_delivery(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list }, { "retry", run_retry }, { 0 } };

	return verb_run(&command_delivery, verbs, cli, argc, argv);
}
