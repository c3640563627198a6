#include "kernel/program/health.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "base/scan.h"
#include "call/schema.h"

#define USUAL_K 2
#define USUAL_N 3
#define USUAL_CONFIRM_S 90 /* three heartbeats */

const char *const health_metrics[HEALTH_N_METRICS] = {
	"errors", "violations", "cpu_percent", "latency_ms", "memory_kb",
	"missed", "drops",      "psi_cpu",     "psi_memory", "psi_io",
};

static const char *const host_names[] = {
	"max_errors", "max_violations", "max_cpu_percent", "max_latency_ms", "max_memory_kb",
};

#define NAME "{\"type\":\"string\",\"minLength\":1,\"maxLength\":63}"
#define STRICT "\"type\":\"object\",\"additionalProperties\":false"
#define COUNT(min, max) "{\"type\":\"integer\",\"minimum\":" #min ",\"maximum\":" #max "}"

/* clang-format off */
static const char schema_text[] =
	"{\"type\":\"object\",\"properties\":{"
	"\"counters\":{\"type\":\"array\",\"maxItems\":16,\"items\":{" STRICT ","
	"\"required\":[\"name\",\"map\"],\"properties\":{\"name\":" NAME ",\"map\":" NAME ","
	"\"key\":" COUNT(0, 1048575) ","
	"\"role\":{\"type\":\"string\",\"enum\":[\"errors\",\"violations\",\"packets\"]}}}},"
	"\"health\":{\"type\":\"array\",\"maxItems\":16,\"items\":{" STRICT ","
	"\"required\":[\"metric\",\"above\"],\"properties\":{\"metric\":" NAME ","
	"\"above\":{\"type\":\"number\",\"minimum\":0,\"maximum\":1000000000000}}}},"
	"\"probes\":{\"type\":\"array\",\"maxItems\":16,\"items\":{\"type\":\"object\","
	"\"required\":[\"probe\"],\"properties\":{"
	"\"probe\":{\"type\":\"string\",\"minLength\":1,\"maxLength\":511},"
	"\"timeout_ms\":" COUNT(50, 5000) ",\"above_ms\":" COUNT(1, 5000) "}}},"
	"\"rollback\":{" STRICT ",\"properties\":{"
	"\"to\":{\"type\":\"string\",\"enum\":[\"previous\",\"none\"]},"
	"\"k\":" COUNT(1, 16) ",\"n\":" COUNT(1, 16) ","
	"\"delay_s\":" COUNT(0, 3600) ",\"confirm_s\":" COUNT(0, 3600) "}}}}";
/* clang-format on */

/* --- the host's -------------------------------------------------------------------------- */

static bool take_number(struct health_limits *limits, struct str name, double value)
{
	double *const numbers[] = { &limits->max_errors, &limits->max_violations,
				    &limits->max_cpu_percent, &limits->max_latency_ms,
				    &limits->max_memory_kb };

	for (size_t i = 0; i < ARRAY_LEN(host_names); i++) {
		if (str_is(name, host_names[i])) {
			*numbers[i] = value;
			return true;
		}
	}
	if (str_is(name, "check_interval_s") && value >= 1 && value <= 3600)
		limits->check_interval_s = (uint64_t)value;
	else if (str_is(name, "delay_s") && value <= 3600)
		limits->delay_s = (uint64_t)value;
	else
		return false;
	return true;
}

static bool take_pair(struct health_limits *limits, struct str name, const char *value)
{
	double number;

	if (str_is(name, "verifier_failure")) {
		limits->verifier_failure = strcmp(value, "true") == 0;
		return limits->verifier_failure || strcmp(value, "false") == 0;
	}
	return scan_double(&value, &number) && !*value && number >= 0 &&
	       take_number(limits, name, number);
}

int health_limits_parse(const char *text, struct health_limits *limits_out, struct error *err)
{
	CLEANUP(text) char *copy = strdup(text ? text : "");
	char *rest = copy, *word;

	*limits_out = (struct health_limits) {
		.max_errors = 10,
		.max_violations = 100,
		.max_cpu_percent = 80,
		.max_latency_ms = 1000,
		.max_memory_kb = 102400,
		.check_interval_s = 30,
		.delay_s = 5,
		.verifier_failure = true,
	};
	while ((word = strsep(&rest, ","))) {
		size_t len = strcspn(word, "=");

		if (!*word)
			continue;
		if (!word[len] ||
		    !take_pair(limits_out, (struct str) { word, len }, word + len + 1))
			return error_set(err, -EINVAL, "of the limits of rollback: '%s'", word);
	}
	return 0;
}

/* --- the manifest's ---------------------------------------------------------------------- */

static enum health_role find_role(const char *name)
{
	static const char *const names[] = { "", "errors", "violations", "packets" };
	enum health_role role = HEALTH_ROLE_PACKETS;

	while (role > HEALTH_NO_ROLE && strcmp(names[role], name) != 0)
		role--;
	return role;
}

/* Of a metric, or of a counter; HEALTH_PROBES for none. */
static unsigned find_metric(const struct health *health, const char *name)
{
	for (unsigned i = 0; i < HEALTH_N_METRICS; i++)
		if (strcmp(health_metrics[i], name) == 0)
			return i;
	for (unsigned i = 0; i < health->n_counters; i++)
		if (strcmp(health->counters[i].name, name) == 0)
			return HEALTH_N_METRICS + i;
	return HEALTH_PROBES;
}

static int take_counters(const json_t *list, struct health *health, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		struct health_counter *counter = &health->counters[i];
		const char *name = json_get_text(item, "name", "");

		if (!program_is_name(name))
			return error_set(
				err, -EINVAL,
				"/counters/%zu/name: lower-case letters, digits, '-' and '_'", i);
		if (find_metric(health, name) < HEALTH_PROBES)
			return error_set(err, -EINVAL, "/counters/%zu/name: is there twice", i);
		text_copy(counter->name, sizeof(counter->name), name);
		text_copy(counter->map, sizeof(counter->map), json_get_text(item, "map", ""));
		counter->key = (uint32_t)json_get_int(item, "key", 0);
		counter->role = find_role(json_get_text(item, "role", ""));
		health->n_counters++;
	}
	return 0;
}

static int take_rules(const json_t *list, struct health *health, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		const char *name = json_get_text(item, "metric", "");
		unsigned metric = find_metric(health, name);

		if (metric == HEALTH_PROBES)
			return error_set(err, -EINVAL,
					 "/health/%zu/metric: '%.63s' is neither a metric nor a "
					 "counter",
					 i, name);
		health->rules[health->n_rules++] = (struct health_rule) {
			.metric = metric,
			.above = json_get_number(item, "above", 0),
		};
	}
	return 0;
}

static int take_probe(const json_t *item, size_t i, struct health *health, struct error *err)
{
	struct health_probe *probe = &health->probes[health->n_probes];

	if (probe_parse(json_get_text(item, "probe", ""), &probe->probe, err) < 0)
		return error_wrap(err, "/probes/%zu/probe", i);
	for (size_t j = 0; j < health->n_probes; j++)
		if (strcmp(health->probes[j].probe.text, probe->probe.text) == 0)
			return error_set(err, -EINVAL, "/probes/%zu/probe: is there twice", i);
	probe->timeout_ms = (uint64_t)json_get_int(item, "timeout_ms", PROBE_TIMEOUT_USUAL_MS);
	if (!json_object_get(item, "before_error"))
		health->rules[health->n_rules++] = (struct health_rule) {
			.metric = HEALTH_PROBES + (unsigned)health->n_probes,
			.above = json_get_number(item, "above_ms", 0),
		};
	health->n_probes++;
	return 0;
}

static int take_probes(const json_t *list, struct health *health, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (take_probe(item, i, health, err) < 0)
			return err->code;
	}
	return 0;
}

static void take_limits(const struct health_limits *limits, struct health *health)
{
	const double numbers[] = { limits->max_errors, limits->max_violations,
				   limits->max_cpu_percent, limits->max_latency_ms,
				   limits->max_memory_kb };

	for (unsigned i = 0; i < ARRAY_LEN(numbers); i++)
		health->rules[health->n_rules++] = (struct health_rule) { i, numbers[i], true };
}

static int take_rollback(const json_t *rollback, const struct health_limits *limits,
			 struct health *health, struct error *err)
{
	health->k = (unsigned)json_get_int(rollback, "k", USUAL_K);
	health->n =
		(unsigned)json_get_int(rollback, "n", health->k > USUAL_N ? health->k : USUAL_N);
	health->delay_s =
		(uint64_t)json_get_int(rollback, "delay_s", limits ? (int64_t)limits->delay_s : 0);
	health->confirm_s = (uint64_t)json_get_int(rollback, "confirm_s", USUAL_CONFIRM_S);
	health->returns_previous = strcmp(json_get_text(rollback, "to", "previous"), "none") != 0;
	return health->k > health->n ? error_set(err, -EINVAL, "/rollback/k: is above n") : 0;
}

int health_parse(const json_t *manifest, const struct health_limits *limits,
		 struct health *health_out, struct error *err)
{
	CLEANUP(json)
	json_t *schema = json_parse(schema_text, sizeof(schema_text) - 1, sizeof(schema_text), err);
	struct health health = { 0 };

	if (!schema || schema_check(schema, manifest, err) < 0 ||
	    take_counters(json_object_get(manifest, "counters"), &health, err) < 0 ||
	    take_rules(json_object_get(manifest, "health"), &health, err) < 0 ||
	    take_probes(json_object_get(manifest, "probes"), &health, err) < 0 ||
	    take_rollback(json_object_get(manifest, "rollback"), limits, &health, err) < 0)
		return err->code;
	if (limits)
		take_limits(limits, &health);
	*health_out = health;
	return 0;
}

int health_check_probes(const json_t *probes, struct error *err)
{
	CLEANUP(json) json_t *manifest = json_object();
	struct health ignored;

	if (probes)
		json_put(manifest, "probes", json_incref((json_t *)probes));
	return health_parse(manifest, NULL, &ignored, err);
}

const char *health_rule_name(const struct health *health, const struct health_rule *rule)
{
	if (rule->metric >= HEALTH_PROBES)
		return health->probes[rule->metric - HEALTH_PROBES].probe.text;
	if (rule->metric >= HEALTH_N_METRICS)
		return health->counters[rule->metric - HEALTH_N_METRICS].name;
	return rule->is_host_s ? host_names[rule->metric] : health_metrics[rule->metric];
}
