#include "remote/mcp_question.h"

#include <errno.h>
#include <string.h>

#include "cli/fleet.h"
#include "identity/file.h"
#include "remote/listing.h"
#include "remote/mcp_rows.h"
#include "remote/secret_option.h"

#define QUESTIONS "/api/v1/mcp-questions"
#define PATH_BYTES 128

/* "from 1 to 3", "at least 1", "at most 3". */
static void print_range(struct page *page, const json_t *field)
{
	const json_t *min = json_object_get(field, "min"), *max = json_object_get(field, "max");
	CLEANUP(text) char *least = min ? json_dumps(min, JSON_ENCODE_ANY) : NULL;
	CLEANUP(text) char *most = max ? json_dumps(max, JSON_ENCODE_ANY) : NULL;
	const char *type = json_get_text(field, "type", "");

	if (!least && !most)
		return;
	page_add(page, STYLE_PLAIN, "      %s%s%s%s%s%s", least && most ? "from " : "",
		 least && !most ? "at least " : "", least ? least : "",
		 least && most ? " to "
		 : most        ? "at most "
			       : "",
		 most ? most : "",
		 strcmp(type, "text") == 0      ? " characters"
		 : strcmp(type, "choices") == 0 ? " of these"
						: "");
	page_end(page);
}

static void print_default(struct page *page, const json_t *field)
{
	const json_t *value = json_object_get(field, "default");
	CLEANUP(text) char *text = value ? json_dumps(value, JSON_ENCODE_ANY) : NULL;

	if (!text)
		return;
	page_add(page, STYLE_PLAIN, "      sent where nothing is entered: %s", text);
	page_end(page);
}

static void print_field(struct page *page, const json_t *field)
{
	const json_t *option;
	size_t i;

	page_add(page, STYLE_STRONG, "    %s", json_get_text(field, "name", ""));
	page_add(page, STYLE_PLAIN, "  %s%s  %s %s", json_get_text(field, "type", ""),
		 json_get_bool(field, "required", false) ? ", required" : "",
		 json_get_text(field, "title", ""), json_get_text(field, "description", ""));
	page_end(page);
	if (json_object_get(field, "format")) {
		page_add(page, STYLE_PLAIN, "      as: %s", json_get_text(field, "format", ""));
		page_end(page);
	}
	print_range(page, field);
	json_array_foreach(json_object_get(field, "options"), i, option)
	{
		page_add(page, STYLE_PLAIN, "      %s  %s", json_get_text(option, "value", ""),
			 json_get_text(option, "title", ""));
		page_end(page);
	}
	print_default(page, field);
}

static void print_question(struct page *page, const json_t *row)
{
	const json_t *question = json_object_get(row, "question");
	const json_t *form = json_object_get(question, "form"), *field;
	size_t i;

	page_add(page, STYLE_STRONG, "%s", json_get_text(row, "id", ""));
	page_add(page, STYLE_PLAIN, "  the MCP server %s asks, in a call of %s",
		 json_get_text(question, "mcp_server", ""),
		 json_get_text(question, "mcp_tool", ""));
	page_end(page);
	mcp_print_fact(page, "it says, and nobody has checked it",
		       json_get_text(form, "message", ""));
	mcp_print_fact(page, "it sends you to", json_get_text(form, "host", ""));
	mcp_print_fact(page, "at", json_get_text(form, "url", ""));
	json_array_foreach(json_object_get(form, "fields"), i, field) print_field(page, field);
	mcp_print_fact(page, "asked for by", json_get_text(row, "caller", ""));
	mcp_print_fact(page, "until", json_get_text(row, "expires", ""));
}

int mcp_question_run_list(struct cli *cli, int argc, char **argv)
{
	return mcp_rows_run(cli, argc, argv,
			    &(struct mcp_rows) { QUESTIONS, "mcp_questions", print_question,
						 "No MCP server asks a person." });
}

/* As a secret, which it may be: no word of it stands in the list of processes. */
static int read_content(const char *file, json_t **content_out, struct error *err)
{
	CLEANUP(secret_buf) struct buf text = { 0 };

	if (!file)
		return 0;
	if (secret_read(&(const struct secret_option) { .file = file }, &text, err) < 0)
		return err->code;
	*content_out = json_parse(buf_text(&text), text.len, SECRET_MAX_BYTES, err);
	if (json_is_object(*content_out))
		return 0;
	return error_set(err, -EINVAL, "%s: expected {\"FIELD\": VALUE, ...}", file);
}

static int say(struct cli *cli, const char *id, json_t *body, const char *sentence)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *answer = NULL;
	CLEANUP(json) json_t *owned = body;
	struct fetch_request request = { .method = "POST" };
	char path[PATH_BYTES];
	struct error err = { 0 };

	text_format(path, sizeof(path), QUESTIONS "/%.64s", id);
	request.path = path;
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = TAKE(owned);
	if (server_send(&server, &request, &answer, &err) < 0)
		return command_failed(&err);
	page_add(&cli->out, STYLE_PLAIN, "%s", sentence);
	page_end(&cli->out);
	return EXIT_DONE;
}

int mcp_question_run_answer(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *content = NULL;
	const char *file = NULL;
	const struct option_row rows[] = { { "--content-file", OPTION_TEXT, &file }, { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_mcp_server);
	if (read_content(file, &content, &err) < 0)
		return command_failed(&err);
	return say(cli, words.at[0],
		   json_pack("{s:s, s:O*}", "action", "accept", "content", content),
		   "That server is told.");
}

int mcp_question_run_decline(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_mcp_server);
	return say(cli, words.at[0], json_pack("{s:s}", "action", "decline"), "It is told no.");
}
