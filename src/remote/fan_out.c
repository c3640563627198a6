/*
 * constable call --label K=V TOOL: one call at every agent that has the label, beside
 * each other; what came within the time, and which hosts differ from most.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cli/fleet.h"
#include "remote/commands.h"
#include "remote/errand.h"
#include "remote/table.h"

#define AT_ONCE 32
#define ARGS_MAX_BYTES (1 * MIB)
#define PATH_BYTES 2048

struct host {
	struct errand errand;
	struct fan_out *fan_out;
	const json_t *agent;
	json_t *outcome; /* {"agent", "hostname", "state", "result" | "error"}; NULL before */
};

struct fan_out {
	struct cli *cli;
	struct server server;
	struct host *hosts;
	size_t n_hosts, n_started, n_done;
	bool is_shown;
};

static void show_progress(const struct fan_out *fan_out)
{
	if (fan_out->is_shown)
		(void)fprintf(stderr, "\r%zu of %zu hosts have answered%s", fan_out->n_done,
			      fan_out->n_hosts, fan_out->n_done == fan_out->n_hosts ? "\n" : "");
}

static json_t *parse_result(const json_t *call)
{
	const char *text = json_get_text(call, "result", "");
	struct error ignored = { 0 };
	json_t *result = json_parse(text, strlen(text), FETCH_BODY_MAX_BYTES, &ignored);

	return result ? result : json_text(text, strlen(text));
}

static void handle_done(struct errand *errand, const json_t *call, const struct error *err)
{
	struct host *host = container_of(errand, struct host, errand);

	host->outcome = json_pack("{s:s, s:s, s:s}", "agent", json_get_text(host->agent, "id", ""),
				  "hostname", json_get_text(host->agent, "hostname", ""), "state",
				  json_get_text(call, "state", "failed"));
	if (err)
		json_put(host->outcome, "error", json_text(err->text, strlen(err->text)));
	else
		json_put(host->outcome, "result", parse_result(call));
	host->fan_out->n_done++;
	show_progress(host->fan_out);
}

static void handle_waits(struct errand *errand, const json_t *call)
{
	struct host *host = container_of(errand, struct host, errand);
	struct page *page = &host->fan_out->cli->err;

	page_add(page, STYLE_WARN, "%s waits for an approval: constable approval sign %s",
		 json_get_text(host->agent, "hostname", ""), json_get_text(call, "id", ""));
	page_end(page);
}

static void start_next(struct fan_out *fan_out)
{
	while (fan_out->n_started < fan_out->n_hosts &&
	       fan_out->n_started - fan_out->n_done < AT_ONCE) {
		struct host *host = &fan_out->hosts[fan_out->n_started++];
		struct error err = { 0 };

		if (errand_start(&host->errand, &err) < 0)
			handle_done(&host->errand, NULL, &err);
	}
}

/* The result that most hosts have, as text; NULL where no two agree. */
static const char *find_majority(char *const *texts, size_t n)
{
	const char *most = NULL;
	size_t best = 1;

	for (size_t i = 0; i < n; i++) {
		size_t same = 0;

		for (size_t k = i; texts[i] && k < n; k++)
			same += texts[k] && strcmp(texts[i], texts[k]) == 0;
		if (same > best) {
			best = same;
			most = texts[i];
		}
	}
	return most;
}

/* Marks who differs; {"hosts", "done", "failed", "differ"}. */
static json_t *summarise(struct fan_out *fan_out)
{
	char **texts = calloc(fan_out->n_hosts + 1, sizeof(*texts));
	size_t n_done = 0, n_differ = 0;
	const char *most;

	if (!texts)
		abort();
	for (size_t i = 0; i < fan_out->n_hosts; i++) {
		const json_t *result = json_object_get(fan_out->hosts[i].outcome, "result");

		texts[i] = result ? json_canonical(result) : NULL;
		n_done += result != NULL;
	}
	most = find_majority(texts, fan_out->n_hosts);
	for (size_t i = 0; i < fan_out->n_hosts; i++) {
		bool differs = texts[i] && most && strcmp(texts[i], most) != 0;

		n_differ += differs;
		if (texts[i])
			json_put(fan_out->hosts[i].outcome, "differs",
				 most ? json_boolean(differs) : json_null());
	}
	for (size_t i = 0; i < fan_out->n_hosts; i++)
		free(texts[i]);
	free(texts);
	return json_pack("{s:I, s:I, s:I, s:I, s:b}", "hosts", (json_int_t)fan_out->n_hosts, "done",
			 (json_int_t)n_done, "failed", (json_int_t)(fan_out->n_hosts - n_done),
			 "differ", (json_int_t)n_differ, "agree", most != NULL);
}

static void print(struct cli *cli, const json_t *results, const json_t *summary)
{
	static const struct table_column columns[] = {
		{ "HOST", "hostname" },   { "AGENT", "agent" }, { "STATE", "state" },
		{ "DIFFERS", "differs" }, { "ERROR", "error" }, { 0 }
	};
	json_int_t n_hosts = json_get_int(summary, "hosts", 0);
	json_int_t n_failed = json_get_int(summary, "failed", 0);

	table_print(&cli->out, results, columns, "No agent has this label.");
	if (!n_hosts)
		return;
	if (json_get_bool(summary, "agree", false))
		page_add(&cli->out, STYLE_STRONG, "%lld of %lld hosts differ",
			 (long long)json_get_int(summary, "differ", 0), (long long)n_hosts);
	else
		page_add(&cli->out, STYLE_STRONG, "%lld hosts, no two with the same result",
			 (long long)n_hosts);
	if (n_failed)
		page_add(&cli->out, STYLE_BAD, ", %lld gave no result", (long long)n_failed);
	page_add(&cli->out, STYLE_FAINT, "; --json shows the results");
	page_end(&cli->out);
}

static void run_all(struct fan_out *fan_out, const json_t *agents, const char *tool,
		    const json_t *args)
{
	json_t *agent;
	size_t i;

	fan_out->n_hosts = json_array_size(agents);
	fan_out->hosts = calloc(fan_out->n_hosts + 1, sizeof(*fan_out->hosts));
	if (!fan_out->hosts)
		abort();
	json_array_foreach(agents, i, agent)
	{
		fan_out->hosts[i] = (struct host) {
			.fan_out = fan_out,
			.agent = agent,
			.errand = {
				.server = &fan_out->server,
				.agent = json_get_text(agent, "id", ""),
				.tool = tool,
				.args = args,
				.timeout_ns = config_get_ns(fan_out->cli->config, "timeout"),
				.done = handle_done,
				.waits = handle_waits,
			},
		};
	}
	while (fan_out->n_done < fan_out->n_hosts) {
		start_next(fan_out);
		(void)fetcher_wait(fan_out->server.fetcher, -1, NS_PER_SEC);
	}
}

static void finish(struct fan_out *fan_out)
{
	for (size_t i = 0; i < fan_out->n_hosts; i++)
		json_decref(fan_out->hosts[i].outcome);
	free(fan_out->hosts);
	server_close(&fan_out->server);
}

static int report(struct fan_out *fan_out, int wants_json)
{
	CLEANUP(json) json_t *summary = summarise(fan_out);
	CLEANUP(json) json_t *results = json_array();
	CLEANUP(json) json_t *whole = NULL;

	for (size_t i = 0; i < fan_out->n_hosts; i++)
		json_push(results, json_incref(fan_out->hosts[i].outcome));
	whole = json_pack("{s:O, s:O}", "results", results, "summary", summary);
	if (wants_json || !isatty(STDOUT_FILENO))
		cli_print_json(whole);
	else
		print(fan_out->cli, results, summary);
	return json_get_int(summary, "failed", 0) || !fan_out->n_hosts ? EXIT_FAILED : EXIT_DONE;
}

static json_t *read_args(struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, ARGS_MAX_BYTES);
	r = buf_read_fd(&text, STDIN_FILENO);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "the arguments cannot be read");
		return NULL;
	}
	return json_parse(buf_text(&text), text.len, ARGS_MAX_BYTES, err);
}

int remote_fan_out(struct cli *cli, int argc, char **argv)
{
	struct fan_out fan_out = { .cli = cli, .is_shown = isatty(STDERR_FILENO) };
	CLEANUP(text) char *label = fetch_escape(cli->label ? cli->label : "");
	CLEANUP(json) json_t *agents = NULL;
	CLEANUP(json) json_t *args = NULL;
	int wants_json = 0;
	const struct option_row rows[] = { { "--json", OPTION_SET, &wants_json }, { 0 } };
	char path[PATH_BYTES];
	struct words words;
	struct error err = { 0 };
	int status;

	if (option_read(rows, argc, argv, &words, &err) < 0)
		return command_failed(&err);
	if (words.n != 1 || !cli->label)
		return command_misused(&command_fan_out);
	text_format(path, sizeof(path), "/api/v1/agents?limit=1000&label=%s", label);
	args = read_args(&err);
	if (!args || server_open(&fan_out.server, cli, &err) < 0)
		return command_failed(&err);
	if (server_list(&fan_out.server, path, "agents", &agents, &err) < 0) {
		finish(&fan_out);
		return command_failed(&err);
	}
	run_all(&fan_out, agents, words.at[0], args);
	status = report(&fan_out, wants_json);
	finish(&fan_out);
	return status;
}
