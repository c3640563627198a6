/* constable pipeline create|list|show|edit|remove|test: which alerts go where. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/document.h"
#include "remote/listing.h"
#include "remote/pipeline_document.h"

#define PIPELINES "/api/v1/pipelines"

static const struct table_column columns[] = {
	{ "POSITION", "position" }, { "NAME", "name" },
	{ "ENABLED", "enabled" },   { "MATCHERS", "matchers" },
	{ "ENGINE", "engine" },     { "DESTINATIONS", "destinations" },
	{ "CONTINUE", "continue" }, { 0 },
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct listing pipelines = {
		.path = PIPELINES,
		.name = "pipelines",
		.columns = columns,
		.empty = "There is no pipeline.",
	};

	return listing_run(&command_pipeline, &pipelines, cli, argc, argv);
}

/* What the target says stands among the lines of the rest. */
static void show(struct cli *cli, json_t *pipeline)
{
	static const struct table_column details[] = {
		{ "name", "name" },
		{ "position", "position" },
		{ "enabled", "enabled" },
		{ "matchers", "matchers" },
		{ "severities", "severities" },
		{ "integrations", "integrations" },
		{ "engine", "engine" },
		{ "remedies", "remedies" },
		{ "destinations", "destinations" },
		{ "continue", "continue" },
		{ "changed", "changed" },
		{ "by", "changed_by" },
		{ 0 },
	};
	static const struct table_column targets[] = {
		{ "hosts", "hosts" },           { "agents", "agents" },
		{ "labels", "labels" },         { "services", "services" },
		{ "namespaces", "namespaces" }, { "log groups", "log_groups" },
		{ "before_s", "before_s" },     { "time_s", "time_s" },
		{ "calls", "calls" },           { 0 },
	};
	CLEANUP(json) json_t *rest = json_copy(json_object_get(pipeline, "target"));

	table_print_one(&cli->out, pipeline, details);
	(void)json_object_update(rest, json_object_get(pipeline, "window"));
	(void)json_object_update(rest, json_object_get(pipeline, "budget"));
	table_print_one(&cli->out, rest, targets);
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *pipeline = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	char path[DOCUMENT_PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_pipeline);
	if (server_open(&server, cli, &err) < 0 ||
	    server_get(&server, document_path(PIPELINES, words.at[0], path), &pipeline, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(pipeline);
	else
		show(cli, pipeline);
	return EXIT_DONE;
}

static int send(struct cli *cli, struct server *server, const struct fetch_request *request,
		int wants_json)
{
	CLEANUP(json) json_t *answer = NULL;
	struct error err = { 0 };

	if (server_send(server, request, &answer, &err) < 0)
		return command_failed(&err);
	if (wants_json) {
		cli_print_json(answer);
		return EXIT_DONE;
	}
	page_add(&cli->out, STYLE_NAME, "%s", json_get_text(answer, "name", ""));
	page_add(&cli->out, STYLE_PLAIN,
		 " is saved; 'constable pipeline test' says what it takes.");
	page_end(&cli->out);
	return EXIT_DONE;
}

/* A file's document, or what 'otherwise' has; and the options over it. */
static int make_document(const struct pipeline_options *options, const struct words *words,
			 json_t **document, struct error *err)
{
	int r = 0;

	if (options->file) {
		json_decref(TAKE(*document));
		r = document_read_file(options->file, document, err);
	}
	if (r == 0 && words->n)
		json_put(*document, "name", json_text(words->at[0], strlen(words->at[0])));
	return r < 0 ? r : pipeline_options_apply(options, words, *document, err);
}

static int run_create(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *document = json_object();
	struct pipeline_options options = { 0 };
	struct fetch_request request = { .method = "POST", .path = PIPELINES };
	struct words words;
	struct error err = { 0 };

	if (pipeline_options_read(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n && !options.file)
		return command_misused(&command_pipeline);
	if (make_document(&options, &words, &document, &err) < 0 ||
	    server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = TAKE(document);
	return send(cli, &server, &request, options.wants_json);
}

static int run_edit(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *document = NULL;
	struct pipeline_options options = { 0 };
	char path[DOCUMENT_PATH_BYTES];
	struct fetch_request request = { .method = "PUT", .path = path };
	struct words words;
	struct error err = { 0 };

	if (pipeline_options_read(&options, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_pipeline);
	if (server_open(&server, cli, &err) < 0 ||
	    server_get(&server, document_path(PIPELINES, words.at[0], path), &document, &err) < 0 ||
	    make_document(&options, &words, &document, &err) < 0)
		return command_failed(&err);
	document_strip(document);
	request.body = TAKE(document);
	return send(cli, &server, &request, options.wants_json);
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	if (argc != 2)
		return command_misused(&command_pipeline);
	return document_remove(cli, PIPELINES, argv[1]);
}

/* "alertname=X instance=web1", the id of an alert, or a file with one. */
static int make_alert(const struct words *words, json_t **body_out, struct error *err)
{
	const char *first = words->at[0];
	size_t len = strlen(first);
	json_t *alert = NULL, *labels;
	int r;

	if (strcmp(first, "-") == 0 || (len > 5 && strcmp(first + len - 5, ".json") == 0)) {
		r = document_read_file(first, &alert, err);
		if (r == 0)
			*body_out = json_pack("{s:o}", "alert", alert);
		return r;
	}
	if (!strchr(first, '=')) {
		*body_out = json_pack("{s:o}", "alert_id", json_text(first, len));
		return 0;
	}
	labels = json_object();
	*body_out = json_pack("{s:{s:o}}", "alert", "labels", labels);
	return labels_parse(words->at, words->n, labels, err);
}

static void show_agents(struct page *page, const json_t *route)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(route, "agents"), i, one)
	{
		page_flow_format(page, STYLE_PLAIN, 2, "  on %s (%s, %s), named by %s",
				 json_get_text(one, "hostname", ""), json_get_text(one, "id", ""),
				 json_get_text(one, "state", ""), json_get_text(one, "by", ""));
		page_end(page);
	}
	json_array_foreach(json_object_get(route, "unresolved"), i, one)
	{
		page_flow_format(page, STYLE_WARN, 2, "  not on %s: %s",
				 json_get_text(one, "name", ""), json_get_text(one, "why", ""));
		page_end(page);
	}
	if (!json_array_size(json_object_get(route, "agents"))) {
		page_flow_format(page, STYLE_WARN, 2,
				 "  nothing is investigated: it names no "
				 "enrolled host");
		page_end(page);
	}
}

static void show_list(struct page *page, const json_t *route, const char *member, const char *title)
{
	const json_t *list = json_object_get(route, member), *one;
	size_t i;

	if (!json_array_size(list))
		return;
	page_add(page, STYLE_PLAIN, "  %s", title);
	json_array_foreach(list, i, one) page_add(page, STYLE_PLAIN, " %s", json_string_value(one));
	page_end(page);
}

static void show_missing_engine(struct page *page, const json_t *route)
{
	const char *engine = json_get_text(route, "missing_engine", NULL);

	if (!engine)
		return;
	page_add(page, STYLE_PLAIN, "  no model named %s is configured: nothing would be started",
		 engine);
	page_end(page);
}

static void show_routing(struct page *page, const json_t *routing)
{
	const json_t *one, *about = json_object_get(routing, "about");
	size_t i;

	if (json_is_object(about)) {
		page_add(page, STYLE_PLAIN, "It is about the service %s (%s).",
			 json_get_text(about, "service", ""),
			 json_get_text(about, "criticality", ""));
		page_end(page);
	}
	json_array_foreach(json_object_get(routing, "routes"), i, one)
	{
		const json_t *window = json_object_get(one, "window");

		page_add(page, STYLE_NAME, "%s", json_get_text(one, "pipeline", ""));
		page_add(page, STYLE_GOOD, " takes it");
		page_add(page, STYLE_PLAIN, ", engine %s, from %s to %s",
			 json_get_text(one, "engine", ""), json_get_text(window, "since", ""),
			 json_get_text(window, "until", ""));
		page_end(page);
		show_agents(page, one);
		show_list(page, one, "services", "services");
		show_list(page, one, "namespaces", "namespaces");
		show_list(page, one, "log_groups", "log groups");
		show_list(page, one, "destinations", "told to");
		show_list(page, one, "missing", "not there, so not told:");
		show_missing_engine(page, one);
	}
	json_array_foreach(json_object_get(routing, "others"), i, one)
	{
		page_add(page, STYLE_NAME, "%s", json_get_text(one, "pipeline", ""));
		page_flow_format(page, STYLE_PLAIN, 2, " does not: %s",
				 json_get_text(one, "why", ""));
		page_end(page);
	}
}

static int run_test(struct cli *cli, int argc, char **argv)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *body = NULL;
	CLEANUP(json) json_t *routing = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	struct fetch_request request = { .method = "POST", .path = PIPELINES "/test" };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (!words.n)
		return command_misused(&command_pipeline);
	if (make_alert(&words, &body, &err) < 0 || server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = TAKE(body);
	if (server_send(&server, &request, &routing, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(routing);
	else
		show_routing(&cli->out, routing);
	return EXIT_DONE;
}

int remote_pipeline(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list },
		{ "create", run_create },
		{ "show", run_show },
		{ "edit", run_edit },
		{ "remove", run_remove },
		{ "test", run_test },
		{ 0 },
	};

	return verb_run(&command_pipeline, verbs, cli, argc, argv);
}
