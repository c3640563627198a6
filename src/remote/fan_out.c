/*
 * constable call --label K=V TOOL: one call at every agent that has the label, beside
 * each other; what came within the time, which hosts differ from most, and where first.
 */
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/queue.h>
#include <unistd.h>

#include "base/clock.h"
#include "cli/fleet.h"
#include "client/errand.h"
#include "remote/commands.h"
#include "remote/server.h"
#include "remote/table.h"
#include "remote/tally.h"

/* So many requests are open at a time. A host without an outcome gives its place to the next. */
#define AT_ONCE 48
#define HOLD_NS NS_PER_SEC /* when the server takes no more calls for now */
#define ARGS_MAX_BYTES (1 * MIB)
#define PATH_BYTES 2048

struct host {
	struct errand errand;
	struct fan_out *fan_out;
	TAILQ_ENTRY(host) link;
	const json_t *agent;
	json_t *outcome; /* {"agent", "hostname", "state", "result" | "error"}; NULL before */
	enum {
		HOST_NEW,
		HOST_REFUSED, /* its call was not taken yet */
		HOST_ASKED,
	} step;
	bool timed_out;
};

TAILQ_HEAD(host_list, host);

struct fan_out {
	struct cli *cli;
	struct server server;
	struct host *hosts;
	size_t n_hosts, n_open, n_done;
	struct host_list to_submit, to_ask;
	uint64_t hold_until_ns; /* no call is submitted before */
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
	bool is_late = err && err->code == -ETIMEDOUT;

	host->timed_out = is_late;
	host->outcome = json_pack("{s:s, s:s, s:s}", "agent", json_get_text(host->agent, "id", ""),
				  "hostname", json_get_text(host->agent, "hostname", ""), "state",
				  json_get_text(call, "state", is_late ? "timed_out" : "failed"));
	if (err)
		json_put(host->outcome, "error", json_text(err->text, strlen(err->text)));
	else
		json_put(host->outcome, "result", parse_result(call));
	host->fan_out->n_open--;
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

static void handle_later(struct errand *errand, enum errand_reason reason)
{
	struct host *host = container_of(errand, struct host, errand);
	struct fan_out *fan_out = host->fan_out;

	fan_out->n_open--;
	if (reason == ERRAND_WAITS) {
		host->step = HOST_ASKED;
		TAILQ_INSERT_TAIL(&fan_out->to_ask, host, link);
		return;
	}
	host->step = HOST_REFUSED;
	fan_out->hold_until_ns = clock_monotonic_ns() + HOLD_NS;
	TAILQ_INSERT_HEAD(&fan_out->to_submit, host, link);
}

/* First all are asked, then those that had no outcome yet, in turn. */
static struct host *take_next(struct fan_out *fan_out)
{
	bool may_submit = clock_monotonic_ns() >= fan_out->hold_until_ns;
	struct host_list *list = may_submit && !TAILQ_EMPTY(&fan_out->to_submit)
					 ? &fan_out->to_submit
					 : &fan_out->to_ask;
	struct host *host = TAILQ_FIRST(list);

	if (host)
		TAILQ_REMOVE(list, host, link);
	return host;
}

static void start_next(struct fan_out *fan_out)
{
	struct host *host;

	while (fan_out->n_open < AT_ONCE && (host = take_next(fan_out)) != NULL) {
		struct error err = { 0 };

		fan_out->n_open++;
		if (host->step != HOST_NEW)
			errand_resume(&host->errand);
		else if (errand_start(&host->errand, &err) < 0)
			handle_done(&host->errand, NULL, &err);
	}
}

/* Marks a host that differs, and says where; whether it does. */
static bool mark(struct host *host, const struct tally *tally, size_t at)
{
	bool differs = tally_differs(tally, at);
	const json_t *result = json_object_get(host->outcome, "result");

	if (!result)
		return false;
	json_put(host->outcome, "differs",
		 tally->most == TALLY_NOBODY ? json_null() : json_boolean(differs));
	if (differs)
		json_put(host->outcome, "first_difference",
			 tally_find_difference(result, tally->entries[tally->most].result));
	return differs;
}

/* {"hosts", "done", "failed", "timed_out", "differ", "variants", "agree"} */
static json_t *summarise(struct fan_out *fan_out)
{
	struct tally tally;
	size_t n_differ = 0, n_timed_out = 0;
	json_t *summary;

	tally_init(&tally, fan_out->n_hosts);
	for (size_t i = 0; i < fan_out->n_hosts; i++) {
		const json_t *result = json_object_get(fan_out->hosts[i].outcome, "result");

		if (result)
			tally_add(&tally, i, result);
		n_timed_out += fan_out->hosts[i].timed_out;
	}
	tally_count(&tally);
	for (size_t i = 0; i < fan_out->n_hosts; i++)
		n_differ += mark(&fan_out->hosts[i], &tally, i);
	summary = json_pack("{s:I, s:I, s:I, s:I, s:I, s:I, s:b}", "hosts",
			    (json_int_t)fan_out->n_hosts, "done", (json_int_t)tally.n_results,
			    "failed", (json_int_t)(fan_out->n_hosts - tally.n_results), "timed_out",
			    (json_int_t)n_timed_out, "differ", (json_int_t)n_differ, "variants",
			    (json_int_t)tally.n_variants, "agree", tally.most != TALLY_NOBODY);
	tally_finish(&tally);
	return summary;
}

/* Those that a person has to look at. */
static json_t *list_remarkable(const json_t *results)
{
	json_t *list = json_array();
	json_t *outcome;
	size_t i;

	json_array_foreach(results, i, outcome)
	{
		const json_t *where = json_object_get(outcome, "first_difference");
		json_t *row;

		if (!where && json_object_get(outcome, "result"))
			continue;
		row = json_copy(outcome);
		(void)json_object_del(row, "result");
		(void)json_object_update_missing(row, (json_t *)(uintptr_t)where);
		json_push(list, row);
	}
	return list;
}

static void print_agreement(struct page *page, const json_t *summary)
{
	long long n_hosts = json_get_int(summary, "hosts", 0);
	long long n_differ = json_get_int(summary, "differ", 0);

	if (!json_get_bool(summary, "agree", false))
		page_add(page, STYLE_STRONG, "%lld hosts, no two with the same result", n_hosts);
	else
		page_add(page, STYLE_STRONG, "%lld of %lld hosts %s", n_differ, n_hosts,
			 n_differ == 1 ? "differs" : "differ");
}

static void print(struct cli *cli, const json_t *results, const json_t *summary)
{
	static const struct table_column columns[] = {
		{ "HOST", "hostname" }, { "AGENT", "agent" },
		{ "STATE", "state" },   { "DIFFERS IN", "path" },
		{ "IS", "is" },         { "MOST HAVE", "most" },
		{ "ERROR", "error" },   { 0 }
	};
	CLEANUP(json) json_t *remarkable = list_remarkable(results);
	json_int_t n_failed = json_get_int(summary, "failed", 0);
	json_int_t n_timed_out = json_get_int(summary, "timed_out", 0);

	if (!json_get_int(summary, "hosts", 0)) {
		table_print(&cli->out, results, columns, "No agent has this label.");
		return;
	}
	if (json_array_size(remarkable))
		table_print(&cli->out, remarkable, columns, "");
	print_agreement(&cli->out, summary);
	if (n_failed)
		page_add(&cli->out, STYLE_BAD, ", %lld gave no result", (long long)n_failed);
	if (n_timed_out)
		page_add(&cli->out, STYLE_BAD, " (%lld not in time)", (long long)n_timed_out);
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
	TAILQ_INIT(&fan_out->to_submit);
	TAILQ_INIT(&fan_out->to_ask);
	json_array_foreach(agents, i, agent)
	{
		fan_out->hosts[i] = (struct host) {
			.fan_out = fan_out,
			.agent = agent,
			.errand = {
				.fetcher = fan_out->server.fetcher,
				.agent = json_get_text(agent, "id", ""),
				.tool = tool,
				.args = args,
				.timeout_ns = config_get_ns(fan_out->cli->config, "timeout"),
				.done = handle_done,
				.waits = handle_waits,
				.later = handle_later,
			},
		};
		TAILQ_INSERT_TAIL(&fan_out->to_submit, &fan_out->hosts[i], link);
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
