/* constable service list|show|set|remove|changes: the catalogue, and what was changed. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/document.h"
#include "remote/listing.h"

#define SERVICES "/api/v1/services"

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "NAME", "name" },   { "CRITICALITY", "criticality" }, { "OWNER", "owner" },
		{ "HOSTS", "hosts" }, { "DEPENDS ON", "depends_on" },   { 0 },
	};
	static const struct listing services = {
		.path = SERVICES,
		.name = "services",
		.columns = columns,
		.empty = "There is no service; 'constable service set FILE' makes one.",
	};

	return listing_run(&command_service, &services, cli, argc, argv);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	static const struct table_column details[] = {
		{ "name", "name" },
		{ "criticality", "criticality" },
		{ "owner", "owner" },
		{ "runbook", "runbook" },
		{ "matchers", "matchers" },
		{ "hosts", "hosts" },
		{ "ports", "ports" },
		{ "depends on", "depends_on" },
		{ "changed", "changed" },
		{ "by", "changed_by" },
		{ 0 },
	};
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *service = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	char path[DOCUMENT_PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_service);
	if (server_open(&server, cli, &err) < 0 ||
	    server_get(&server, document_path(SERVICES, words.at[0], path), &service, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(service);
	else
		table_print_one(&cli->out, service, details);
	return EXIT_DONE;
}

static int run_set(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *document = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	if (argc != 2)
		return command_misused(&command_service);
	if (document_read_file(argv[1], &document, &err) < 0)
		return command_failed(&err);
	if (!*json_get_text(document, "name", "")) {
		error_set(&err, -EINVAL, "%s: has no \"name\"", argv[1]);
		return command_failed(&err);
	}
	document_strip(document);
	if (server_open(&server, cli, &err) < 0 ||
	    document_save(&server, SERVICES, document, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_NAME, "%s", json_get_text(answer, "name", ""));
	page_add(&cli->out, STYLE_PLAIN, " is saved.");
	page_end(&cli->out);
	return EXIT_DONE;
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	if (argc != 2)
		return command_misused(&command_service);
	return document_remove(cli, SERVICES, argv[1]);
}

static int run_changes(struct cli *cli, int argc, char **argv)
{
	static const struct table_column columns[] = {
		{ "AT", "at" },         { "SERVICE", "service" },
		{ "WHAT", "what" },     { "VERSION", "version" },
		{ "COMMIT", "commit" }, { "BY", "told_by" },
		{ "URL", "url" },       { 0 },
	};
	char path[DOCUMENT_PATH_BYTES] = "/api/v1/changes";
	const struct listing changes = {
		.path = path, .name = "changes", .columns = columns, .empty = "No change was told."
	};
	CLEANUP(text) char *escaped = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n > 1)
		return command_misused(&command_service);
	if (words.n) {
		escaped = fetch_escape(words.at[0]);
		text_format(path, sizeof(path), "/api/v1/changes?service=%s", escaped);
	}
	return listing_print(cli, &changes, wants_json);
}

int remote_service(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list },     { "show", run_show },       { "set", run_set },
		{ "remove", run_remove }, { "changes", run_changes }, { 0 },
	};

	return verb_run(&command_service, verbs, cli, argc, argv);
}
