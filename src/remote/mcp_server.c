/* constable mcp-server list|show|add|remove|test|allow|ask|deny|...: MCP servers of others. */
#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/file.h"
#include "remote/commands.h"
#include "remote/listing.h"
#include "remote/mcp_call.h"
#include "remote/mcp_login.h"
#include "remote/mcp_question.h"
#include "remote/secret_option.h"

#define SERVERS "/api/v1/mcp-servers"
#define PATH_BYTES 256
#define SHORT_HASH 12 /* of what 'test' shows; enough to name a text */

static const struct listing mcp_servers = {
	.path = SERVERS,
	.name = "mcp_servers",
	.columns = (const struct table_column[]) { { "NAME", "name" },
						   { "URL", "url" },
						   { "ENABLED", "enabled" },
						   { "SECRET", "secrets" },
						   { 0 } },
	.empty = "There is no MCP server; 'constable mcp-server add' adds one.",
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	return listing_run(&command_mcp_server, &mcp_servers, cli, argc, argv);
}

/* What every verb but 'list' begins with; for CLEANUP(errand). */
struct errand {
	struct server server;
	struct words words;
	const char *secret_file;
	int wants_json;
	json_t *row;    /* of the server that the first word names */
	json_t *answer; /* to the last request */
	char path[PATH_BYTES];
};

static void errand_cleanup(struct errand *errand)
{
	server_close(&errand->server);
	json_decref(errand->row);
	json_decref(errand->answer);
}

/* At least 'least' words, at most 'most'; exit status, EXIT_DONE to go on. */
static int begin(struct errand *errand, struct cli *cli, int argc, char **argv, size_t least,
		 size_t most)
{
	const struct option_row rows[] = { { "--secret-file", OPTION_TEXT, &errand->secret_file },
					   { "--json", OPTION_SET, &errand->wants_json },
					   { 0 } };
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &errand->words, &err) < 0)
		return command_failed(&err);
	if (errand->words.n < least || errand->words.n > most)
		return command_misused(&command_mcp_server);
	return server_open(&errand->server, cli, &err) < 0 ? command_failed(&err) : EXIT_DONE;
}

static int find(struct errand *errand, struct error *err)
{
	const char *name = errand->words.at[0];
	CLEANUP(json) json_t *list = NULL;
	json_t *row;
	size_t i;
	int r = server_list(&errand->server, SERVERS, "mcp_servers", &list, err);

	if (r < 0)
		return r;
	json_array_foreach(list, i, row)
	{
		if (strcmp(json_get_text(row, "name", ""), name) == 0)
			errand->row = json_incref(row);
	}
	if (!errand->row)
		return error_set(err, -ENOENT, "there is no MCP server '%.64s'", name);
	text_format(errand->path, sizeof(errand->path), SERVERS "/%s",
		    json_get_text(errand->row, "id", ""));
	return 0;
}

/* Takes 'body'; the path is the errand's unless another is said. */
static int send_to(struct errand *errand, const char *method, const char *path, json_t *body,
		   struct error *err)
{
	const struct fetch_request request = { .method = method, .path = path, .body = body };

	json_decref(errand->answer);
	errand->answer = NULL;
	return server_send(&errand->server, &request, &errand->answer, err);
}

static int end(struct cli *cli, const struct errand *errand, const char *sentence)
{
	if (errand->wants_json) {
		cli_print_json(errand->answer);
		return EXIT_DONE;
	}
	page_add(&cli->out, STYLE_PLAIN, "%s", sentence);
	page_end(&cli->out);
	return EXIT_DONE;
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(errand) struct errand errand = { 0 };
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 1, 1);

	if (status != EXIT_DONE)
		return status;
	if (find(&errand, &err) < 0)
		return command_failed(&err);
	cli_print_json(errand.row);
	return EXIT_DONE;
}

/* A token, or {"header", "value"}. */
static int add_secret(json_t *body, const char *file, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };
	const struct secret_option option = { .file = file };
	json_t *secret;

	if (!file)
		return 0;
	if (secret_read(&option, &text, err) < 0)
		return err->code;
	secret = buf_text(&text)[0] == '{'
			 ? json_parse(buf_text(&text), text.len, SECRET_MAX_BYTES, err)
			 : json_pack("{s:o}", "token", json_text(buf_text(&text), text.len));
	if (!secret)
		return err->code;
	json_put(body, "secret", secret);
	return 0;
}

static int run_add(struct cli *cli, int argc, char **argv)
{
	CLEANUP(errand) struct errand errand = { 0 };
	CLEANUP(json) json_t *body = NULL;
	char sentence[256];
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 2, 2);

	if (status != EXIT_DONE)
		return status;
	body = json_pack("{s:s, s:s}", "name", errand.words.at[0], "url", errand.words.at[1]);
	if (!body || add_secret(body, errand.secret_file, &err) < 0 ||
	    send_to(&errand, "POST", SERVERS, json_incref(body), &err) < 0)
		return command_failed(&err);
	text_format(sentence, sizeof(sentence),
		    "%s is added; 'constable mcp-server test %s' shows its tools, each call of "
		    "which needs a person until you allow them.",
		    errand.words.at[0], errand.words.at[0]);
	return end(cli, &errand, sentence);
}

static int run_remove(struct cli *cli, int argc, char **argv)
{
	CLEANUP(errand) struct errand errand = { 0 };
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 1, 1);

	if (status != EXIT_DONE)
		return status;
	if (find(&errand, &err) < 0 || send_to(&errand, "DELETE", errand.path, NULL, &err) < 0)
		return command_failed(&err);
	return end(cli, &errand, "It is removed, and its secret.");
}

/* What it offers, into 'answer'. */
static int ask_tools(struct errand *errand, struct error *err)
{
	char path[PATH_BYTES + 8];

	if (find(errand, err) < 0)
		return err->code;
	text_format(path, sizeof(path), "%s/test", errand->path);
	return send_to(errand, "POST", path, NULL, err);
}

static void print_tool(struct cli *cli, const json_t *tool)
{
	const char *use = json_get_text(tool, "use", "");
	bool is_allowed = strcmp(use, "allow") == 0;

	page_add(&cli->out, is_allowed ? STYLE_GOOD : STYLE_PLAIN, "%-8s", use);
	page_add(&cli->out, STYLE_STRONG, "%s", json_get_text(tool, "name", ""));
	page_add(&cli->out, STYLE_FAINT, "=%.*s", SHORT_HASH, json_get_text(tool, "sha256", ""));
	page_end(&cli->out);
	page_add(&cli->out, STYLE_PLAIN, "        %s", json_get_text(tool, "description", ""));
	page_end(&cli->out);
}

static int run_test(struct cli *cli, int argc, char **argv)
{
	CLEANUP(errand) struct errand errand = { 0 };
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 1, 1);
	const json_t *tool;
	size_t i;

	if (status != EXIT_DONE)
		return status;
	if (ask_tools(&errand, &err) < 0)
		return command_failed(&err);
	if (errand.wants_json) {
		cli_print_json(errand.answer);
		return EXIT_DONE;
	}
	json_array_foreach(json_object_get(errand.answer, "tools"), i, tool) print_tool(cli, tool);
	json_array_foreach(json_object_get(errand.answer, "left_out"), i, tool)
	{
		page_add(&cli->out, STYLE_FAINT, "left out: %s: %s",
			 json_get_text(tool, "name", ""), json_get_text(tool, "why", ""));
		page_end(&cli->out);
	}
	return EXIT_DONE;
}

/* The listed tool that "NAME" or "NAME=HASH" means; NULL with 'err'. */
static const json_t *listed(const struct errand *errand, const char *word, struct error *err)
{
	size_t n_name = strcspn(word, "=");
	const char *hash = word[n_name] ? word + n_name + 1 : "";
	const json_t *tool;
	size_t i;

	json_array_foreach(json_object_get(errand->answer, "tools"), i, tool)
	{
		const char *name = json_get_text(tool, "name", "");

		if (strlen(name) != n_name || memcmp(name, word, n_name) != 0)
			continue;
		if (strncmp(json_get_text(tool, "sha256", ""), hash, strlen(hash)) == 0)
			return tool;
		error_set(err, -ESTALE,
			  "'%.*s' says other things of itself now: read it again with 'constable "
			  "mcp-server test'",
			  (int)n_name, word);
		return NULL;
	}
	error_set(err, -ENOENT, "it has no tool '%.*s'", (int)n_name, word);
	return NULL;
}

/* {"tools": {NAME: {"use", "sha256"?}}} of the words after the first; NULL with 'err'. */
static json_t *wish_of(const struct errand *errand, const char *use, struct error *err)
{
	CLEANUP(json) json_t *tools = json_object();

	for (size_t i = 1; i < errand->words.n; i++) {
		const char *word = errand->words.at[i];
		const json_t *tool = errand->answer ? listed(errand, word, err) : NULL;
		json_t *wanted;

		if (errand->answer && !tool)
			return NULL;
		wanted = json_pack("{s:s}", "use", use);
		if (tool)
			json_put(wanted, "sha256", json_incref(json_object_get(tool, "sha256")));
		json_put(tools, tool ? json_get_text(tool, "name", "") : word, wanted);
	}
	return json_pack("{s:O}", "tools", tools);
}

/* Who allows a tool allows what it says of itself now, which is shown. */
static int decide(struct cli *cli, int argc, char **argv, const char *use)
{
	CLEANUP(errand) struct errand errand = { 0 };
	bool allows = strcmp(use, "allow") == 0;
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 2, SIZE_MAX);
	json_t *body;

	if (status != EXIT_DONE)
		return status;
	if ((allows ? ask_tools(&errand, &err) : find(&errand, &err)) < 0)
		return command_failed(&err);
	body = wish_of(&errand, use, &err);
	if (!body)
		return command_failed(&err);
	for (size_t i = 1; i < errand.words.n && allows && !errand.wants_json; i++)
		print_tool(cli, listed(&errand, errand.words.at[i], &err));
	if (send_to(&errand, "PATCH", errand.path, body, &err) < 0)
		return command_failed(&err);
	return end(cli, &errand,
		   allows                     ? "Allowed, as they are now."
		   : strcmp(use, "deny") == 0 ? "Denied: they are not offered."
					      : "A person has to approve each call.");
}

static int run_allow(struct cli *cli, int argc, char **argv)
{
	return decide(cli, argc, argv, "allow");
}

static int run_ask(struct cli *cli, int argc, char **argv)
{
	return decide(cli, argc, argv, "ask");
}

static int run_deny(struct cli *cli, int argc, char **argv)
{
	return decide(cli, argc, argv, "deny");
}

static int turn(struct cli *cli, int argc, char **argv, int is_on)
{
	CLEANUP(errand) struct errand errand = { 0 };
	struct error err = { 0 };
	int status = begin(&errand, cli, argc, argv, 1, 1);

	if (status != EXIT_DONE)
		return status;
	if (find(&errand, &err) < 0 ||
	    send_to(&errand, "PATCH", errand.path, json_pack("{s:b}", "enabled", is_on), &err) < 0)
		return command_failed(&err);
	return end(cli, &errand, is_on ? "Investigations may ask it." : "Nobody asks it any more.");
}

static int run_enable(struct cli *cli, int argc, char **argv)
{
	return turn(cli, argc, argv, 1);
}

static int run_disable(struct cli *cli, int argc, char **argv)
{
	return turn(cli, argc, argv, 0);
}

int remote_mcp_server(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "list", run_list },
		{ "show", run_show },
		{ "add", run_add },
		{ "remove", run_remove },
		{ "test", run_test },
		{ "login", mcp_login_run },
		{ "allow", run_allow },
		{ "ask", run_ask },
		{ "deny", run_deny },
		{ "enable", run_enable },
		{ "disable", run_disable },
		{ "waiting", mcp_call_run_waiting },
		{ "approve", mcp_call_run_approve },
		{ "refuse", mcp_call_run_refuse },
		{ "questions", mcp_question_run_list },
		{ "answer", mcp_question_run_answer },
		{ "decline", mcp_question_run_decline },
		{ 0 },
	};

	return verb_run(&command_mcp_server, verbs, cli, argc, argv);
}
