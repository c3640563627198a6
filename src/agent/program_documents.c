#include "agent/program_documents.h"

#include <inttypes.h>
#include <string.h>

#include "agent/agent.h"
#include "agent/status.h"
#include "agent/telemetry.h"

static json_t *seconds(int64_t s)
{
	char text[STATUS_DURATION_BYTES];

	return json_string(status_duration(s > 0 ? (uint64_t)s : 0, text));
}

static json_t *describe(const struct agent *agent, const json_t *program)
{
	int64_t ttl_s = json_get_int(program, "ttl_s", 0);
	json_t *params = json_object_get(program, "params");
	json_t *shown = json_pack(
		"{s:s, s:s, s:s, s:s, s:s, s:s, s:o, s:o, s:I, s:o, s:o}", "artifact_id",
		telemetry_artifact(agent, program), "name", json_get_text(program, "name", ""),
		"version", json_get_text(program, "version", ""), "status",
		telemetry_status(program), "state", json_get_text(program, "state", ""),
		"loaded_at",
		json_get_text(program, "loaded", json_get_text(program, "changed", "")), "ttl",
		seconds(ttl_s), "ttl_remaining",
		seconds(json_get_int(program, "ttl_remaining_s", 0)), "ttl_seconds", ttl_s,
		"parameters", params ? json_incref(params) : json_object(), "telemetry",
		telemetry_of(agent, program));
	const char *why = json_get_text(program, "why", NULL);

	json_put(shown, "sha256", json_string(json_get_text(program, "sha256", "")));
	if (why)
		json_put(shown, "error", json_string(why));
	if (json_object_get(program, "figures"))
		json_put(shown, "figures", json_incref(json_object_get(program, "figures")));
	return shown;
}

static json_t *with_list(const struct agent *agent, const char *name, json_t *list, size_t n)
{
	json_t *document = status_version(agent);

	json_put(document, name, list);
	json_put(document, "total", json_integer((json_int_t)n));
	return document;
}

json_t *program_documents_programs(const struct agent *agent)
{
	json_t *list = json_array();
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		json_push(list, describe(agent, program));
	}
	return with_list(agent, "programs", list, json_array_size(list));
}

json_t *program_documents_rollbacks(const struct agent *agent)
{
	const json_t *quarantine = programs_list(&agent->programs, "quarantine"), *rollback;
	json_t *list = json_array(), *document;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "rollbacks"), i, rollback)
	{
		json_push(list, telemetry_of_rollback(agent, rollback));
	}
	document = with_list(agent, "rollbacks", list, json_array_size(list));
	json_put(document, "quarantine",
		 quarantine ? json_incref((json_t *)quarantine) : json_array());
	return document;
}

json_t *program_documents_telemetry(const struct agent *agent)
{
	json_t *all = json_object();
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		if (program_is_attached(program))
			json_put(all, telemetry_artifact(agent, program),
				 telemetry_of(agent, program));
	}
	return with_list(agent, "telemetry", all, json_object_size(all));
}

void program_documents_add_status(const struct agent *agent, json_t *status)
{
	json_t *list = json_array();
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		if (program_is_attached(program))
			json_push(list, describe(agent, program));
	}
	json_put(status, "total_programs", json_integer((json_int_t)json_array_size(list)));
	json_put(status, "applied_artifacts", list);
}

/* --- all together ------------------------------------------------------------------------------
 */

struct sums {
	uint64_t total, running, failed, rolled_back, memory_kb, violations, errors;
	double cpu_percent; /* of the average program */
};

static struct sums add_up(const struct agent *agent)
{
	struct sums sums = { 0 };
	const json_t *program;
	size_t i;

	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		const json_t *figures = json_object_get(program, "figures");
		const char *state = json_get_text(program, "state", "");

		sums.total++;
		sums.failed += strcmp(state, "FAILED") == 0;
		if (!program_is_attached(program))
			continue;
		sums.running++;
		sums.memory_kb += (uint64_t)json_get_int(figures, "memory_kb", 0);
		sums.violations += (uint64_t)json_get_int(figures, "violations", 0);
		sums.errors += (uint64_t)json_get_int(figures, "errors", 0);
		sums.cpu_percent += json_get_number(figures, "cpu_percent", 0);
	}
	if (sums.running)
		sums.cpu_percent /= (double)sums.running;
	sums.rolled_back = json_array_size(programs_list(&agent->programs, "rollbacks"));
	return sums;
}

void program_documents_add_metrics(const struct agent *agent, json_t *counters, json_t *gauges)
{
	struct sums sums = add_up(agent);

	json_put(counters, "total_programs", json_count(sums.total));
	json_put(counters, "running_programs", json_count(sums.running));
	json_put(counters, "failed_programs", json_count(sums.failed));
	json_put(counters, "rolled_back_programs", json_count(sums.rolled_back));
	json_put(gauges, "average_cpu_percent", json_figure(sums.cpu_percent));
	json_put(gauges, "total_memory_kb", json_count(sums.memory_kb));
	json_put(gauges, "total_violations", json_count(sums.violations));
	json_put(gauges, "total_errors", json_count(sums.errors));
}

static void add_one(struct buf *out, const json_t *program)
{
	static const char *const names[] = { "cpu_percent", "latency_ms", "memory_kb", "packets",
					     "violations",  "errors",     "missed" };
	const json_t *figures = json_object_get(program, "figures");
	const char *name;
	json_t *value;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		buf_add_format(out, "constable_program_%s{program=\"%s\",version=\"%s\"} %.9g\n",
			       names[i], json_get_text(program, "name", ""),
			       json_get_text(program, "version", ""),
			       json_get_number(figures, names[i], 0));
	json_object_foreach(json_object_get(figures, "counters"), name, value) buf_add_format(
		out,
		"constable_program_counter{program=\"%s\",version=\"%s\",name="
		"\"%s\"} %jd\n",
		json_get_text(program, "name", ""), json_get_text(program, "version", ""), name,
		(intmax_t)json_integer_value(value));
}

void program_documents_add_prometheus(const struct agent *agent, struct buf *out)
{
	struct sums sums = add_up(agent);
	const struct {
		const char *name;
		double value;
	} rows[] = {
		{ "programs", (double)sums.total },
		{ "running_programs", (double)sums.running },
		{ "failed_programs", (double)sums.failed },
		{ "rolled_back_programs", (double)sums.rolled_back },
		{ "program_average_cpu_percent", sums.cpu_percent },
		{ "program_memory_kb", (double)sums.memory_kb },
		{ "program_violations", (double)sums.violations },
		{ "program_errors", (double)sums.errors },
	};
	const json_t *program;
	size_t i;

	/* What ended is forgotten one day, so none of them counts for ever. */
	for (i = 0; i < ARRAY_LEN(rows); i++)
		buf_add_format(out, "# TYPE constable_agent_%s gauge\nconstable_agent_%s %.9g\n",
			       rows[i].name, rows[i].name, rows[i].value);
	json_array_foreach(programs_list(&agent->programs, "programs"), i, program)
	{
		if (program_is_attached(program))
			add_one(out, program);
	}
}
