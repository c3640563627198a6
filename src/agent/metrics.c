#include "agent/metrics.h"

#include <string.h>

#include "agent/agent.h"
#include "base/log.h"
#include "base/merge.h"
#include "net/jsonrpc.h"

#define LEAST_S 5
#define MOST_S 3600
#define RESULT_MAX_BYTES (512 * KIB)

void metrics_init(struct metrics *metrics, struct agent *agent)
{
	*metrics = (struct metrics) { .agent = agent };
}

void metrics_stop(struct metrics *metrics)
{
	if (metrics->timer)
		event_free(metrics->timer);
	metrics->timer = NULL;
	json_decref(metrics->sent);
	metrics->sent = NULL;
}

void metrics_finish(struct metrics *metrics)
{
	metrics_stop(metrics);
}

/* What the server cannot have is not noted as sent: the next difference has it again. */
static void tell(struct metrics *metrics, json_t *figures)
{
	bool full = !metrics->sent;
	json_t *data = full ? json_incref(figures) : json_difference(metrics->sent, figures);
	json_t *params =
		json_pack("{s:s, s:b, s:o}", "kind", "metrics", "full", full, "data", data);

	if (link_send_result(&metrics->agent->link, jsonrpc_format_notification("event", params)) <
	    0) {
		metrics->n_failed++;
		return;
	}
	metrics->n_sent++;
	json_decref(metrics->sent);
	metrics->sent = json_incref(figures);
}

/* Where there are any: what they did by the last look. */
static void add_programs(const struct agent *agent, json_t *figures)
{
	json_t *list = json_object();
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		json_t *known = json_object_get(program, "figures");

		if (known)
			json_put(list, json_get_text(program, "name", ""), json_incref(known));
	}
	if (json_object_size(list))
		json_put(figures, "programs", list);
	else
		json_decref(list);
}

static void handle_figures(const struct frame *answer, const struct error *err, void *data)
{
	struct metrics *metrics = data;
	CLEANUP(json) json_t *figures = NULL;
	struct error why = { 0 };
	const char *sentence = "";

	metrics->is_asking = false;
	if (!metrics->timer)
		return;
	if (!err && warden_code(answer, &sentence) == 0)
		figures = json_parse(answer->body, answer->n_body, RESULT_MAX_BYTES, &why);
	if (json_is_object(figures)) {
		add_programs(metrics->agent, figures);
		tell(metrics, figures);
		return;
	}
	metrics->n_failed++;
	log_debug("no metrics: %s", err ? err->text : *sentence ? sentence : why.text);
}

static void handle_timer(evutil_socket_t fd UNUSED, short what UNUSED, void *data)
{
	struct metrics *metrics = data;

	if (metrics->is_asking)
		return;
	metrics->is_asking =
		warden_ask(metrics->agent->warden,
			   json_pack("{s:s, s:s}", "type", "call", "tool", "get_system_metrics"),
			   "{}", handle_figures, metrics) == 0;
	if (!metrics->is_asking)
		metrics->n_failed++;
}

void metrics_start(struct metrics *metrics, unsigned every_s)
{
	struct timeval every;

	metrics_stop(metrics);
	metrics->every_s = every_s < LEAST_S ? LEAST_S : every_s > MOST_S ? MOST_S : every_s;
	every = (struct timeval) { .tv_sec = metrics->every_s };
	metrics->timer = event_new(metrics->agent->base, -1, EV_PERSIST, handle_timer, metrics);
	if (!metrics->timer || event_add(metrics->timer, &every) < 0)
		abort();
	handle_timer(-1, 0, metrics);
}
