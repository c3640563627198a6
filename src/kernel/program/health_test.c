#include "kernel/program/health.h"

#include <errno.h>
#include <string.h>

#include "base/test.h"

static int parse(const char *text, const struct health_limits *limits, struct health *health,
		 struct error *err)
{
	CLEANUP(json) json_t *manifest = json_loads(text, 0, NULL);

	CHECK(manifest);
	return health_parse(manifest, limits, health, err);
}

TEST(a_host_has_the_documented_limits)
{
	struct health_limits limits;
	struct health health;
	struct error err = { 0 };

	CHECK_OK(health_limits_parse(NULL, &limits, &err), err);
	CHECK(limits.max_errors == 10 && limits.max_violations == 100 &&
	      limits.max_cpu_percent == 80 && limits.max_latency_ms == 1000 &&
	      limits.max_memory_kb == 102400 && limits.verifier_failure);
	CHECK_INT(limits.check_interval_s, 30);
	CHECK_INT(limits.delay_s, 5);
	CHECK_OK(parse("{}", &limits, &health, &err), err);
	CHECK_INT(health.n_rules, 5);
	CHECK_TEXT(health_rule_name(&health, &health.rules[0]), "max_errors");
	CHECK_TEXT(health_rule_name(&health, &health.rules[4]), "max_memory_kb");
	CHECK_INT(health.delay_s, 5);
}

TEST(limits_of_a_host_are_changed_by_name)
{
	static const char *const wrong[] = {
		"max_errors",         "max_errors=", "max_errors=-1",      "max_errors=1x",
		"check_interval_s=0", "unknown=1",   "verifier_failure=1", "delay_s=3601"
	};
	struct health_limits limits;
	struct error err = { 0 };

	CHECK_OK(health_limits_parse("max_errors=3,max_cpu_percent=2.5,verifier_failure=false,"
				     "check_interval_s=1,delay_s=0",
				     &limits, &err),
		 err);
	CHECK(limits.max_errors == 3 && limits.max_cpu_percent == 2.5 && !limits.verifier_failure);
	CHECK_INT(limits.check_interval_s, 1);
	CHECK_INT(limits.delay_s, 0);
	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CHECK_INT(health_limits_parse(wrong[i], &limits, &err), -EINVAL);
		CHECK(strstr(err.text, wrong[i]));
	}
}

TEST(a_manifest_says_what_it_counts_and_what_is_too_much)
{
	static const char text[] =
		"{\"counters\":[{\"name\":\"bad\",\"map\":\"counts\",\"key\":1,\"role\":\"errors\"}"
		","
		"{\"name\":\"all\",\"map\":\"seen\"}],"
		"\"health\":[{\"metric\":\"psi_io\",\"above\":2.5},{\"metric\":\"all\",\"above\":7}"
		"],"
		"\"rollback\":{\"to\":\"none\",\"k\":2,\"n\":5,\"delay_s\":1,\"confirm_s\":0}}";
	struct health health;
	struct error err = { 0 };

	CHECK_OK(parse(text, NULL, &health, &err), err);
	CHECK_INT(health.n_counters, 2);
	CHECK_INT(health.counters[0].key, 1);
	CHECK_INT(health.counters[0].role, HEALTH_ROLE_ERRORS);
	CHECK_INT(health.counters[1].role, HEALTH_NO_ROLE);
	CHECK_INT(health.n_rules, 2);
	CHECK_INT(health.rules[0].metric, HEALTH_PSI_IO);
	CHECK(health.rules[0].above == 2.5);
	CHECK_INT(health.rules[1].metric, HEALTH_N_METRICS + 1);
	CHECK_TEXT(health_rule_name(&health, &health.rules[1]), "all");
	CHECK(health.k == 2 && health.n == 5 && health.delay_s == 1 && !health.confirm_s);
	CHECK(!health.returns_previous);
}

TEST(a_probe_that_failed_before_is_no_rule)
{
	static const char text[] =
		"{\"probes\":[{\"probe\":\"tcp:a:1\",\"before_error\":\"refused\"},"
		"{\"probe\":\"icmp:b\",\"timeout_ms\":70,\"above_ms\":50,\"before_ms\":1}]}";
	struct health_limits limits;
	struct health health;
	struct error err = { 0 };

	CHECK_OK(health_limits_parse(NULL, &limits, &err), err);
	CHECK_OK(parse(text, &limits, &health, &err), err);
	CHECK_INT(health.n_probes, 2);
	CHECK_INT(health.probes[0].timeout_ms, PROBE_TIMEOUT_USUAL_MS);
	CHECK_INT(health.probes[1].timeout_ms, 70);
	CHECK_INT(health.n_rules, 6);
	CHECK_INT(health.rules[0].metric, HEALTH_PROBES + 1);
	CHECK(health.rules[0].above == 50);
	CHECK_TEXT(health_rule_name(&health, &health.rules[0]), "icmp:b");
}

TEST(what_is_wrong_is_refused_by_its_place)
{
	static const struct {
		const char *text, *reason;
	} wrong[] = {
		{ "{\"counters\":[{\"name\":\"x\"}]}", "/counters/0" },
		{ "{\"counters\":[{\"name\":\"X\",\"map\":\"m\"}]}", "/counters/0/name" },
		{ "{\"counters\":[{\"name\":\"errors\",\"map\":\"m\"}]}", "is there twice" },
		{ "{\"counters\":[{\"name\":\"x\",\"map\":\"m\",\"role\":\"y\"}]}",
		  "/counters/0/role" },
		{ "{\"health\":[{\"metric\":\"x\",\"above\":1}]}", "/health/0/metric" },
		{ "{\"health\":[{\"metric\":\"errors\",\"above\":-1}]}", "/health/0/above" },
		{ "{\"probes\":[{}]}", "/probes/0" },
		{ "{\"probes\":[{\"probe\":\"tcp:a\"}]}", "/probes/0/probe" },
		{ "{\"probes\":[{\"probe\":\"tcp:a:1\",\"timeout_ms\":5001}]}",
		  "/probes/0/timeout_ms" },
		{ "{\"probes\":[{\"probe\":\"tcp:a:1\",\"above_ms\":0}]}", "/probes/0/above_ms" },
		{ "{\"probes\":[{\"probe\":\"tcp:a:1\"},{\"probe\":\"tcp:a:1\"}]}",
		  "/probes/1/probe: is there twice" },
		{ "{\"rollback\":{\"k\":3,\"n\":2}}", "/rollback/k" },
		{ "{\"rollback\":{\"n\":17}}", "/rollback/n" },
		{ "{\"rollback\":{\"to\":\"x\"}}", "/rollback/to" },
		{ "{\"rollback\":{\"more\":1}}", "more" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		struct health health;
		struct error err = { 0 };

		CHECK_INT(parse(wrong[i].text, NULL, &health, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].reason))
			FAIL("'%s' does not name '%s'", err.text, wrong[i].reason);
	}
}
