/* constable investigation list|show|case|events|ask|answer|stop|usage: what the server
 * investigates. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/duration.h"
#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/listing.h"

#define INVESTIGATIONS "/api/v1/investigations"
#define LOOK_NS (300 * NS_PER_MS)
#define PATH_BYTES 512

static const struct table_column columns[] = {
	{ "ID", "id" },
	{ "THREAD", "thread_id" },
	{ "STATE", "state" },
	{ "VERDICT", "verdict" },
	{ "CAUSE", "cause_id" },
	{ "CREATED", "created" },
	{ "QUESTION", "question" },
	{ 0 },
};

static int run_list(struct cli *cli, int argc, char **argv)
{
	static const struct listing investigations = {
		.path = INVESTIGATIONS,
		.name = "investigations",
		.columns = columns,
		.empty = "There is no investigation; 'constable investigation ask' begins one.",
	};

	return listing_run(&command_investigation, &investigations, cli, argc, argv);
}

/* GET of something of the investigation that the one word names; exit status. */
static int get_one(struct cli *cli, int argc, char **argv, const char *part, json_t **body_out)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(text) char *escaped = NULL;
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_investigation);
	escaped = fetch_escape(words.at[0]);
	text_format(path, sizeof(path), INVESTIGATIONS "/%.200s%s", escaped, part);
	if (server_open(&server, cli, &err) < 0 || server_get(&server, path, body_out, &err) < 0)
		return command_failed(&err);
	return EXIT_DONE;
}

static int run_show(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *body = NULL;
	int status = get_one(cli, argc, argv, "", &body);

	if (status == EXIT_DONE)
		cli_print_json(body);
	return status;
}

static int run_case(struct cli *cli, int argc, char **argv)
{
	CLEANUP(json) json_t *body = NULL;
	int status = get_one(cli, argc, argv, "/case", &body);

	if (status == EXIT_DONE)
		cli_print_json(body);
	return status;
}

static bool is_end(const json_t *event)
{
	const char *type = json_get_text(event, "type", "");

	return strcmp(type, "result") == 0 || strcmp(type, "error") == 0;
}

/* One event as a line of JSON. */
static void print_event(const json_t *event)
{
	CLEANUP(text) char *text = json_canonical(event);

	(void)printf("%s\n", text);
	(void)fflush(stdout);
}

/* What it has told after 'seq', which moves on; 1 after its last event. */
static int follow(struct server *server, const char *id, int64_t *seq, json_t **last_out,
		  struct error *err)
{
	CLEANUP(text) char *escaped = fetch_escape(id);
	CLEANUP(json) json_t *body = NULL;
	char path[PATH_BYTES];
	const json_t *event;
	size_t i;
	int r;

	text_format(path, sizeof(path), INVESTIGATIONS "/%.200s/history?after=%lld", escaped,
		    (long long)*seq);
	r = server_get(server, path, &body, err);
	if (r < 0)
		return r;
	json_array_foreach(json_object_get(body, "events"), i, event)
	{
		*seq = json_get_int(event, "seq", *seq);
		if (last_out && is_end(event))
			*last_out = json_incref((json_t *)(uintptr_t)event);
		else if (!last_out)
			print_event(event);
		if (is_end(event))
			return 1;
	}
	return 0;
}

static int follow_to_end(struct server *server, const char *id, json_t **last_out,
			 struct error *err)
{
	static const struct timespec soon = { .tv_nsec = LOOK_NS };
	int64_t seq = 0;
	int r;

	while ((r = follow(server, id, &seq, last_out, err)) == 0)
		(void)nanosleep(&soon, NULL);
	return r < 0 ? r : 0;
}

static int run_events(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(server) struct server server = { 0 };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_investigation);
	if (server_open(&server, cli, &err) < 0 ||
	    follow_to_end(&server, words.at[0], NULL, &err) < 0)
		return command_failed(&err);
	return EXIT_DONE;
}

struct asking {
	const char *host, *label, *thread, *since, *service;
	int wants_json;
	struct words words;
};

static json_t *body_of(const struct asking *asking)
{
	CLEANUP(text) char *prompt = option_join(&asking->words);

	return json_pack("{s:o, s:s*, s:s*, s:s*, s:s*, s:s*}", "prompt",
			 json_text(prompt, strlen(prompt)), "host", asking->host, "label",
			 asking->label, "thread_id", asking->thread, "since", asking->since,
			 "service", asking->service);
}

static int show_end(const json_t *started, const json_t *end, int wants_json)
{
	const json_t *data = json_object_get(end, "data");
	struct error err = { 0 };

	if (strcmp(json_get_text(end, "type", ""), "error") == 0) {
		error_set(&err, -EREMOTEIO, "the investigation failed: %.300s",
			  json_get_text(data, "message", ""));
		return command_failed(&err);
	}
	if (wants_json)
		cli_print_json(json_object_get(data, "report"));
	else
		(void)printf("%sThread: %s\n", json_get_text(data, "text", ""),
			     json_get_text(started, "thread_id", ""));
	return EXIT_DONE;
}

static int run_ask(struct cli *cli, int argc, char **argv)
{
	struct asking asking = { 0 };
	const struct option_row rows[] = { { "--host", OPTION_TEXT, &asking.host },
					   { "--label", OPTION_TEXT, &asking.label },
					   { "--thread", OPTION_TEXT, &asking.thread },
					   { "--since", OPTION_TEXT, &asking.since },
					   { "--service", OPTION_TEXT, &asking.service },
					   { "--json", OPTION_SET, &asking.wants_json },
					   { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *started = NULL;
	CLEANUP(json) json_t *end = NULL;
	struct fetch_request request = { .method = "POST", .path = INVESTIGATIONS };
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &asking.words, &err) < 0)
		return command_failed(&err);
	if (!asking.words.n)
		return command_misused(&command_investigation);
	if (server_open(&server, cli, &err) < 0)
		return command_failed(&err);
	request.body = body_of(&asking);
	if (server_send(&server, &request, &started, &err) < 0 ||
	    follow_to_end(&server, json_get_text(started, "id", ""), &end, &err) < 0)
		return command_failed(&err);
	return show_end(started, end, asking.wants_json);
}

/* Sends {"thread_id", ...} for the investigation that is named, takes 'body'; exit status. */
static int tell_thread(struct cli *cli, const char *id, const char *path, json_t *body)
{
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(text) char *escaped = fetch_escape(id);
	CLEANUP(json) json_t *found = NULL;
	CLEANUP(json) json_t *answer = NULL;
	struct fetch_request request = { .method = "POST", .path = path, .body = body };
	char place[PATH_BYTES];
	struct error err = { 0 };
	int r;

	text_format(place, sizeof(place), INVESTIGATIONS "/%.200s", escaped);
	r = server_open(&server, cli, &err);
	if (r == 0)
		r = server_get(&server, place, &found, &err);
	if (r == 0) {
		json_put(body, "thread_id", json_incref(json_object_get(found, "thread_id")));
		r = server_send(&server, &request, &answer, &err); /* takes it */
	} else {
		json_decref(body);
	}
	return r < 0 ? command_failed(&err) : EXIT_DONE;
}

static int run_stop(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1)
		return command_misused(&command_investigation);
	return tell_thread(cli, words.at[0], "/api/v1/interrupt", json_object());
}

static int run_answer(struct cli *cli, int argc, char **argv)
{
	static const struct option_row rows[] = { { 0 } };
	CLEANUP(text) char *text = NULL;
	const char *id;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n < 2)
		return command_misused(&command_investigation);
	id = words.at[0];
	words.n--;
	memmove(words.at, words.at + 1, words.n * sizeof(words.at[0]));
	text = option_join(&words);
	return tell_thread(
		cli, id, "/api/v1/answer",
		json_pack("{s:{s:o}}", "answers", "answer", json_text(text, strlen(text))));
}

static void print_amount(const char *name, double amount)
{
	char text[DURATION_TEXT_BYTES];

	if (strcmp(name, "time_ms") == 0)
		(void)printf("%s", duration_to_text((uint64_t)amount * NS_PER_MS, text));
	else if (strcmp(name, "cost_micros") == 0)
		(void)printf("$%.2f", amount / 1e6);
	else
		(void)printf("%.0f", amount);
}

static void print_usage(const json_t *usage)
{
	static const char *const names[] = { "calls", "time_ms", "tokens", "cost_micros" };
	static const char *const labels[] = { "calls", "time", "tokens", "cost" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const json_t *row = json_object_get(usage, names[i]);
		const char *spent = json_get_text(row, "spent", NULL);

		(void)printf("%-7s", labels[i]);
		print_amount(names[i], json_get_number(row, "used", 0));
		if (json_is_integer(json_object_get(row, "limit"))) {
			(void)printf(" of ");
			print_amount(names[i], json_get_number(row, "limit", 0));
		}
		(void)printf("%s%s\n", spent ? ": " : "", spent ? spent : "");
	}
}

static int run_usage(struct cli *cli, int argc, char **argv)
{
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	CLEANUP(server) struct server server = { 0 };
	CLEANUP(json) json_t *usage = NULL;
	struct words words;
	struct error err = { 0 };

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n)
		return command_misused(&command_investigation);
	if (server_open(&server, cli, &err) < 0 ||
	    server_get(&server, "/api/v1/usage", &usage, &err) < 0)
		return command_failed(&err);
	if (wants_json)
		cli_print_json(usage);
	else
		print_usage(usage);
	return EXIT_DONE;
}

int remote_investigation(struct cli *cli, int argc, char **argv)
{
	static const struct verb verbs[] = {
		{ "answer", run_answer }, { "ask", run_ask },     { "case", run_case },
		{ "events", run_events }, { "list", run_list },   { "show", run_show },
		{ "stop", run_stop },     { "usage", run_usage }, { 0 },
	};

	return verb_run(&command_investigation, verbs, cli, argc, argv);
}
