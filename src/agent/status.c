#include "agent/status.h"

#include <inttypes.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/program_documents.h"
#include "base/buf.h"
#include "base/clock.h"

#define PROMETHEUS_MAX_BYTES (64 * KIB)

static uint64_t uptime_ns(const struct agent *agent)
{
	return clock_monotonic_ns() - agent->started_ns;
}

const char *status_duration(uint64_t s, char text[STATUS_DURATION_BYTES])
{
	if (s >= 3600)
		text_format(text, STATUS_DURATION_BYTES, "%" PRIu64 "h%" PRIu64 "m%" PRIu64 "s",
			    s / 3600, s / 60 % 60, s % 60);
	else if (s >= 60)
		text_format(text, STATUS_DURATION_BYTES, "%" PRIu64 "m%" PRIu64 "s", s / 60,
			    s % 60);
	else
		text_format(text, STATUS_DURATION_BYTES, "%" PRIu64 "s", s);
	return text;
}

static json_t *uptime_text(const struct agent *agent)
{
	char text[STATUS_DURATION_BYTES];

	return json_string(status_duration(uptime_ns(agent) / NS_PER_SEC, text));
}

static json_t *now_text(void)
{
	char text[CLOCK_TEXT_BYTES];

	return json_string(clock_format(clock_wall_ns(), text));
}

/* The members that every document of this host begins with. */
static json_t *of_this_host(const struct agent *agent)
{
	return json_pack("{s:s, s:o, s:o, s:s}", "host_id", agent->state.agent, "timestamp",
			 now_text(), "uptime", uptime_text(agent), "version", agent->version);
}

static const char *security_status(const struct agent *agent)
{
	return agent->link.n_connected ? "fully_initialized" : "credentials_loaded";
}

json_t *status_health(const struct agent *agent)
{
	bool up = link_phase(&agent->link) == LINK_UP;

	return json_pack("{s:s, s:s, s:s, s:s, s:s, s:s, s:[s,s,s,s], s:b, s:s, s:o}", "status",
			 warden_is_up(agent->warden) ? "healthy" : "degraded", "vm_id",
			 agent->state.agent, "agent_id", agent->state.agent, "version",
			 agent->version, "tenant_status", "provisioned", "security_status",
			 security_status(agent), "tools_enabled", "shell", "file", "system", "logs",
			 "websocket_connected", up, "orchestrator_url", agent->state.server,
			 "timestamp", now_text());
}

json_t *status_healthz(const struct agent *agent)
{
	json_t *health = of_this_host(agent);

	json_put(health, "status",
		 json_string(warden_is_up(agent->warden) ? "healthy" : "degraded"));
	json_put(health, "loaded_programs",
		 json_integer(programs_count_attached(&agent->programs)));
	return health;
}

json_t *status_version(const struct agent *agent)
{
	return of_this_host(agent);
}

json_t *status_info(const struct agent *agent)
{
	return json_pack("{s:s, s:s, s:s, s:s, s:{s:b, s:b, s:b, s:b}, s:{s:s, s:s},"
			 " s:[s,s,s,s]}",
			 "agent", "constable-agent", "version", agent->version, "vm_id",
			 agent->state.agent, "hostname", agent->hostname, "tools", "shell", 1,
			 "file", 1, "system", 1, "logs", 1, "tenant", "status", "provisioned",
			 "orchestrator_url", agent->state.server, "capabilities", "shell_executor",
			 "file_manager", "system_monitor", "log_analyzer");
}

static const char *phase_name(enum link_phase phase)
{
	static const char *const names[] = { "disconnected", "connecting", "greeting",
					     "connected" };

	return names[phase];
}

static json_t *describe_link(const struct agent *agent)
{
	const struct link *link = &agent->link;
	json_t *about = json_pack(
		"{s:s, s:s, s:b, s:I, s:I}", "state", phase_name(link_phase(link)), "url",
		agent->state.websocket, "refused", link->is_refused, "connections",
		(json_int_t)link->n_connected, "heartbeats", (json_int_t)link->n_heartbeats);

	if (link->why[0])
		json_put(about, "why", json_text(link->why, strlen(link->why)));
	return about;
}

static json_t *describe_warden(const struct agent *agent)
{
	const char *why = warden_why(agent->warden);
	json_t *about = json_pack("{s:s}", "state", warden_is_up(agent->warden) ? "up" : "down");

	if (agent->audit_head[0])
		json_put(about, "audit",
			 json_pack("{s:I, s:s}", "seq", agent->audit_seq, "head",
				   agent->audit_head));
	if (*why)
		json_put(about, "why", json_text(why, strlen(why)));
	return about;
}

static json_t *describe_certificate(const struct agent *agent)
{
	char until[CLOCK_TEXT_BYTES], renew[CLOCK_TEXT_BYTES];
	char fingerprint[CERTIFICATE_FINGERPRINT_BYTES];
	const X509 *certificate = agent->state.certificate;

	return json_pack("{s:s, s:s, s:s}", "fingerprint",
			 certificate_fingerprint(certificate, fingerprint), "not_after",
			 clock_format(certificate_not_after_ns(certificate), until), "renew_at",
			 clock_format(agent->link.renew_at_ns, renew));
}

json_t *status_whole(const struct agent *agent)
{
	json_t *status = of_this_host(agent), *nats = bus_describe(&agent->bus);

	program_documents_add_status(agent, status);
	if (nats)
		json_put(status, "nats", nats);
	json_put(status, "link", describe_link(agent));
	json_put(status, "warden", describe_warden(agent));
	json_put(status, "registry", registry_status(agent->registry));
	json_put(status, "certificate", describe_certificate(agent));
	json_put(status, "calls", calls_list(&agent->calls));
	json_put(status, "metrics_every_s",
		 json_integer(agent->metrics.timer ? (int)agent->metrics.every_s : 0));
	return status;
}

/* One row is a number in both forms. */
struct figure {
	const char *name;
	enum figure_kind {
		FIGURE_COUNTER,
		FIGURE_GAUGE
	} kind;
	uint64_t value;
};

#define N_FIGURES 16

static void fill_figures(const struct agent *agent, struct figure figures[N_FIGURES])
{
	const struct link *link = &agent->link;
	const struct figure filled[N_FIGURES] = {
		{ "calls_asked", FIGURE_COUNTER, agent->calls.n_asked },
		{ "calls_done", FIGURE_COUNTER, agent->calls.n_done },
		{ "calls_failed", FIGURE_COUNTER, agent->calls.n_failed },
		{ "connections", FIGURE_COUNTER, link->n_connected },
		{ "heartbeats", FIGURE_COUNTER, link->n_heartbeats },
		{ "progress_dropped", FIGURE_COUNTER, link->n_dropped_progress },
		{ "metrics_sent", FIGURE_COUNTER, agent->metrics.n_sent },
		{ "nats_sent", FIGURE_COUNTER, agent->bus.n_sent },
		{ "nats_dropped", FIGURE_COUNTER, agent->bus.n_dropped },
		{ "nats_refused", FIGURE_COUNTER, agent->bus.n_refused },
		{ "api_requests", FIGURE_COUNTER, agent->api.n_requests },
		{ "api_refused", FIGURE_COUNTER, agent->api.n_refused },
		{ "uptime_seconds", FIGURE_GAUGE, uptime_ns(agent) / NS_PER_SEC },
		{ "calls_open", FIGURE_GAUGE, agent->calls.n },
		{ "connected", FIGURE_GAUGE, link_phase(link) == LINK_UP },
		{ "warden_up", FIGURE_GAUGE, warden_is_up(agent->warden) },
	};

	memcpy(figures, filled, sizeof(filled));
}

json_t *status_metrics(const struct agent *agent)
{
	json_t *counters = json_object(), *gauges = json_object();
	struct figure figures[N_FIGURES];

	fill_figures(agent, figures);
	for (size_t i = 0; i < N_FIGURES; i++)
		json_put(figures[i].kind == FIGURE_COUNTER ? counters : gauges, figures[i].name,
			 json_integer((json_int_t)figures[i].value));
	program_documents_add_metrics(agent, counters, gauges);
	return json_pack("{s:s, s:o, s:o, s:o}", "host_id", agent->state.agent, "timestamp",
			 now_text(), "counters", counters, "gauges", gauges);
}

char *status_prometheus(const struct agent *agent)
{
	struct figure figures[N_FIGURES];
	struct buf out = { 0 };

	fill_figures(agent, figures);
	buf_init(&out, PROMETHEUS_MAX_BYTES);
	for (size_t i = 0; i < N_FIGURES; i++) {
		bool counts = figures[i].kind == FIGURE_COUNTER;
		const char *name = figures[i].name, *ending = counts ? "_total" : "";

		buf_add_format(&out, "# TYPE constable_agent_%s%s %s\n", name, ending,
			       counts ? "counter" : "gauge");
		buf_add_format(&out, "constable_agent_%s%s %" PRIu64 "\n", name, ending,
			       figures[i].value);
	}
	program_documents_add_prometheus(agent, &out);
	return out.data;
}
