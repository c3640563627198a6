/* constable incident list|show|resolve|note: what alerts became. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define INCIDENTS "/api/v1/incidents"
#define PATH_BYTES 2048
#define AT_BYTES 20 /* "2026-11-29T01:29:51" */

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "NUMBER", "number" },     { "STATE", "state" },
		{ "SEVERITY", "severity" }, { "OPENED", "opened" },
		{ "ALERTS", "n_alerts" },   { "FIRING", "n_firing" },
		{ "TITLE", "title" },       { 0 }
	};
	const char *state = "";
	char path[PATH_BYTES];
	CLEANUP(text) char *escaped = NULL;
	struct listing incidents = { .path = path,
				     .name = "incidents",
				     .columns = columns,
				     .empty = "There is no incident." };
	int wants_json = 0;
	const struct option_row rows[] = { { "--state", OPTION_TEXT, &state },
					   { "--json", OPTION_SET, &wants_json },
					   { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_incident);
	escaped = fetch_escape(state);
	text_format(path, sizeof(path), "%s?limit=1000%s%s", INCIDENTS, *state ? "&state=" : "",
		    escaped);
	return listing_print(cli, &incidents, wants_json);
}

static void show_alerts(struct cli *cli, const json_t *incident)
{
	static const struct table_column columns[] = {
		{ "STATUS", "status" }, { "SEVERITY", "severity" },
		{ "NAME", "name" },     { "SUMMARY", "summary" },
		{ "SINCE", "starts" },  { "TOLD", "n_received" },
		{ "ID", "id" },         { 0 }
	};
	json_t *list = json_object_get(incident, "alerts"), *item;
	size_t i;

	json_array_foreach(list, i, item)
		json_put(item, "summary",
			 json_string(json_get_text(json_object_get(item, "alert"), "summary", "")));
	table_print(&cli->out, list, columns, "Its alerts are in the incident it was merged into.");
}

static void show_events(struct cli *cli, const json_t *incident)
{
	const json_t *list = json_object_get(incident, "events"), *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const json_t *data = json_object_get(item, "data");
		size_t n = json_array_size(json_object_get(data, "alerts"));

		page_add(&cli->out, STYLE_FAINT, "%.*s  ", AT_BYTES - 1,
			 json_get_text(item, "time", ""));
		page_add(&cli->out, STYLE_NAME, "%s", json_get_text(item, "kind", ""));
		if (n)
			page_add(&cli->out, STYLE_PLAIN, " (%zu alert%s)", n, n == 1 ? "" : "s");
		page_add(&cli->out, STYLE_PLAIN, " by %s", json_get_text(item, "actor", ""));
		if (json_get_text(data, "text", NULL))
			page_flow_format(&cli->out, STYLE_PLAIN, 4, ": %s",
					 json_get_text(data, "text", ""));
		page_end(&cli->out);
	}
}

static void show_if_any(struct cli *cli, const json_t *incident, const char *name,
			const struct table_column *columns)
{
	const json_t *list = json_object_get(incident, name);

	if (!json_array_size(list))
		return;
	page_end(&cli->out);
	table_print(&cli->out, list, columns, "");
}

static void show(struct cli *cli, const json_t *incident)
{
	static const struct table_column details[] = { { "number", "number" },
						       { "id", "id" },
						       { "title", "title" },
						       { "state", "state" },
						       { "severity", "severity" },
						       { "opened", "opened" },
						       { "resolved", "resolved" },
						       { "resolved by", "resolved_by" },
						       { "merged into", "merged_into" },
						       { "alerts", "n_alerts" },
						       { "firing", "n_firing" },
						       { 0 } };
	static const struct table_column merged[] = {
		{ "NUMBER", "number" }, { "TITLE", "title" }, { "ID", "id" }, { 0 }
	};
	static const struct table_column services[] = { { "SERVICE", "name" },
							{ "CRITICALITY", "criticality" },
							{ "OWNER", "owner" },
							{ "RUNBOOK", "runbook" },
							{ 0 } };
	static const struct table_column affected[] = {
		{ "AFFECTS", "name" },    { "CRITICALITY", "criticality" },
		{ "THROUGH", "through" }, { "KNOWN BY", "by" },
		{ "SEEN", "seen" },       { 0 }
	};
	const json_t *children = json_object_get(incident, "merged");

	table_print_one(&cli->out, incident, details);
	show_if_any(cli, incident, "services", services);
	show_if_any(cli, incident, "affects", affected);
	page_title(&cli->out, "Alerts");
	show_alerts(cli, incident);
	page_title(&cli->out, "Timeline");
	show_events(cli, incident);
	if (json_array_size(children) == 0)
		return;
	page_title(&cli->out, "Incidents that were merged into it");
	table_print(&cli->out, children, merged, "");
}

static void place_of(const char *id, const char *behind, char path[PATH_BYTES])
{
	CLEANUP(text) char *escaped = fetch_escape(id);

	text_format(path, PATH_BYTES, "%s/%s%s", INCIDENTS, escaped, behind);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *incident = NULL;
	char path[PATH_BYTES];
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_incident);
	place_of(words.at[0], "", path);
	if (server_open(&server, cli, &err) < 0 || server_get(&server, path, &incident, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(incident);
	else
		show(cli, incident);
	return EXIT_DONE;
}

/* POST of the body, which is taken, and a sentence. */
static int act(struct cli *cli, const char *path, json_t *body, const char *sentence)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	const struct fetch_request request = { .method = "POST", .path = path, .body = body };
	struct error err = { 0 };

	if (server_open(&server, cli, &err) < 0) {
		json_decref(body);
		return command_failed(&err);
	}
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s", sentence);
	page_end(&cli->out);
	return EXIT_DONE;
}

static int run_resolve(struct cli *cli, int argc, char **argv)
{
	char path[PATH_BYTES], sentence[128];

	if (argc != 2)
		return command_misused(&command_incident);
	place_of(argv[1], "/resolve", path);
	text_format(sentence, sizeof(sentence), "Incident %.64s is resolved.", argv[1]);
	return act(cli, path, json_object(), sentence);
}

static int run_note(struct cli *cli, int argc, char **argv)
{
	struct words words = { 0 };
	const struct option_row rows[] = { { 0 } };
	char path[PATH_BYTES];
	CLEANUP(text) char *text = NULL;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 2)
		return command_misused(&command_incident);
	place_of(words.at[0], "/notes", path);
	words.n--;
	memmove(words.at, words.at + 1, words.n * sizeof(words.at[0]));
	text = option_join(&words);
	return act(cli, path, json_pack("{s:o}", "text", json_text(text, strlen(text))),
		   "It stands in the timeline.");
}

int remote_incident(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = { { "list", run_list },
					     { "show", run_show },
					     { "resolve", run_resolve },
					     { "note", run_note },
					     { 0 } };

	return verb_run(&command_incident, verbs, cli, argc, argv);
}
