#include "kernel/program/manifest.h"

#include <errno.h>
#include <linux/bpf.h>
#include <string.h>

#include "base/test.h"
#include "kernel/program/limits.h"

#define MANIFEST                                                                         \
	"{\"schema\":1,\"name\":\"drop\",\"version\":\"1.0\",\"summary\":\"Drops.\","    \
	"\"object\":\"prog.bpf.o\",\"programs\":[{\"name\":\"drop\",\"type\":\"xdp\"}]," \
	"\"params\":[{\"name\":\"port\",\"min\":1,\"max\":65535,\"default\":80}],"       \
	"\"ttl\":{\"default_s\":60,\"max_s\":600},\"canary_s\":5,\"on_agent_death\":\"keep\"}"

static int parse(const char *text, struct manifest *manifest, struct error *err)
{
	return manifest_parse(text, strlen(text), manifest, err);
}

TEST(a_manifest_says_what_a_program_asks_for)
{
	CLEANUP(manifest) struct manifest manifest = { 0 };
	struct error err = { 0 };

	CHECK_OK(parse(MANIFEST, &manifest, &err), err);
	CHECK_TEXT(manifest.name, "drop");
	CHECK_INT(manifest.n_programs, 1);
	CHECK_INT(manifest.programs[0].type->attach, ATTACH_XDP);
	CHECK_INT(manifest.ttl_s, 60);
	CHECK_INT(manifest.max_ttl_s, 600);
	CHECK_INT(manifest.canary_s, 5);
	CHECK(manifest.keeps);
}

TEST(a_manifest_that_is_wrong_is_refused_by_its_place)
{
	static const struct {
		const char *member, *value, *reason;
	} wrong[] = {
		{ "name", "\"A\"", "/name" },
		{ "version", "\"\"", "/version" },
		{ "object", "\"../x.o\"", "/object" },
		{ "object", "\".hidden\"", "/object" },
		{ "programs", "[]", "/programs" },
		{ "programs", "[{\"name\":\"x\",\"type\":\"magic\"}]", "/programs/0/type" },
		{ "programs", "[{\"name\":\"x\",\"type\":\"xdp\",\"target\":\"a b\"}]", "/target" },
		{ "programs", "[{\"name\":\"x\",\"type\":\"sock_ops\",\"target\":\"/a/\"}]",
		  "/target" },
		{ "programs", "[{\"name\":\"x\",\"type\":\"sock_ops\",\"target\":\"/a/./b\"}]",
		  "/target" },
		{ "programs",
		  "[{\"name\":\"x\",\"type\":\"xdp\"},{\"name\":\"x\",\"type\":\"xdp\"}]",
		  "/programs/1/name" },
		{ "params", "[{\"name\":\"x\",\"min\":5,\"max\":1}]", "/params/0/max" },
		{ "params", "[{\"name\":\"x\",\"min\":5,\"default\":1}]", "/params/0/default" },
		{ "params", "[{\"name\":\"x\",\"of\":\"b\"}]", "/params/0/of" },
		{ "params",
		  "[{\"name\":\"x\",\"mutable\":true,\"of\":\"b\"},"
		  "{\"name\":\"y\",\"mutable\":true,\"of\":\"c\"}]",
		  "/params/1/of" },
		{ "lease", "\"port\"", "/params/0/name" },
		{ "lease", "7", "/lease" },
		{ "maps", "[{\"name\":\"x\",\"keep\":true}]", "/maps/0/keep" },
		{ "ttl", "{\"default_s\":60,\"max_s\":5}", "/ttl/max_s" },
		{ "canary_s", "60", "/canary_s" },
		{ "counters", "[{\"name\":\"x\"}]", "/counters/0" },
		{ "health", "[{\"metric\":\"mood\",\"above\":1}]", "/health/0/metric" },
		{ "rollback", "{\"k\":3,\"n\":2}", "/rollback/k" },
		{ "on_agent_death", "\"maybe\"", "/on_agent_death" },
		{ "more", "1", "more" },
	};

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *document = json_loads(MANIFEST, 0, NULL);
		CLEANUP(manifest) struct manifest manifest = { 0 };
		CLEANUP(text) char *text = NULL;
		struct error err = { 0 };

		json_put(document, wrong[i].member,
			 json_loads(wrong[i].value, JSON_DECODE_ANY, NULL));
		text = json_canonical(document);
		CHECK_INT(parse(text, &manifest, &err), -EINVAL);
		if (!strstr(err.text, wrong[i].reason))
			FAIL("'%s' does not name '%s'", err.text, wrong[i].reason);
	}
}

TEST(what_is_judged_is_counted_anew_in_each_version)
{
	static const struct {
		const char *health;
		int code;
	} cases[] = {
		{ "\"counters\":[{\"name\":\"c\",\"map\":\"m\",\"role\":\"errors\"}]", -EINVAL },
		{ "\"counters\":[{\"name\":\"c\",\"map\":\"m\",\"role\":\"violations\"}]",
		  -EINVAL },
		{ "\"counters\":[{\"name\":\"c\",\"map\":\"m\"}],"
		  "\"health\":[{\"metric\":\"c\",\"above\":1}]",
		  -EINVAL },
		{ "\"counters\":[{\"name\":\"c\",\"map\":\"m\",\"role\":\"packets\"},"
		  "{\"name\":\"d\",\"map\":\"n\",\"role\":\"errors\"}],"
		  "\"health\":[{\"metric\":\"d\",\"above\":1}]",
		  0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(manifest) struct manifest manifest = { 0 };
		struct error err = { 0 };
		char text[2048];

		text_format(text, sizeof(text),
			    "%.*s,%s,\"maps\":[{\"name\":\"m\",\"keep\":\"if_same\"}]}",
			    (int)strlen(MANIFEST) - 1, MANIFEST, cases[i].health);
		CHECK_INT(parse(text, &manifest, &err), cases[i].code);
		if (cases[i].code)
			CHECK_TEXT(err.text, "manifest.json: /maps/0/keep: what is counted in it "
					     "is judged");
	}
}

TEST(a_target_is_given_where_the_manifest_leaves_it_open)
{
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(json) json_t *good = json_pack("{s:s}", "drop", "eth0");
	CLEANUP(json) json_t *foreign = json_pack("{s:s}", "other", "eth0");
	CLEANUP(json) json_t *odd = json_pack("{s:s}", "drop", "../../etc");
	struct error err = { 0 };

	CHECK_OK(parse(MANIFEST, &manifest, &err), err);
	CHECK_INT(manifest_set_targets(&manifest, NULL, &err), -EINVAL);
	CHECK(strstr(err.text, "needs a target"));
	CHECK_INT(manifest_set_targets(&manifest, foreign, &err), -EINVAL);
	CHECK_INT(manifest_set_targets(&manifest, odd, &err), -EINVAL);
	CHECK_OK(manifest_set_targets(&manifest, good, &err), err);
	CHECK_TEXT(manifest.programs[0].target, "eth0");
	CHECK_INT(manifest_set_targets(&manifest, good, &err), -EINVAL);
}

static int judge(const char *limits_text, struct error *err)
{
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(json) json_t *targets = json_pack("{s:s}", "drop", "eth0");

	CHECK_OK(parse(MANIFEST, &manifest, err), *err);
	CHECK_OK(manifest_set_targets(&manifest, targets, err), *err);
	CHECK_OK(limits_parse(limits_text, strlen(limits_text), &limits, err), *err);
	return limits_check(&limits, &manifest, err);
}

TEST(the_host_decides_about_types_and_targets)
{
	struct error err = { 0 };

	CHECK_INT(judge("{}", &err), 0);
	CHECK_INT(judge("{\"types\":[\"cgroup_*\",\"xdp\"]}", &err), 0);
	CHECK_INT(judge("{\"targets\":[\"xdp:eth*\"]}", &err), 0);
	CHECK_INT(judge("{\"types\":[\"cgroup_*\"]}", &err), -EACCES);
	CHECK(strstr(err.text, "type 'xdp'"));
	CHECK_INT(judge("{\"targets\":[\"xdp:lo\"]}", &err), -EACCES);
	CHECK(strstr(err.text, "xdp:eth0"));
	CHECK_INT(judge("{\"types\":[]}", &err), -EACCES);
}

TEST(a_host_is_made_to_talk_to_what_it_names_and_nobody_else)
{
	static const char manifest_text[] =
		"{\"schema\":1,\"name\":\"a\",\"version\":\"1\",\"summary\":\"b\",\"object\":\"c\","
		"\"programs\":[{\"name\":\"d\",\"type\":\"xdp\",\"target\":\"eth0\"}],"
		"\"on_agent_death\":\"keep\",\"probes\":[{\"probe\":\"tcp:10.0.0.7:80\"}]}";
	static const struct {
		const char *text;
		int code;
	} cases[] = {
		{ "{}", -EACCES },
		{ "{\"probes\":[]}", -EACCES },
		{ "{\"probes\":[\"http://*\",\"tcp:10.0.0.8:*\"]}", -EACCES },
		{ "{\"own_probes\":[{\"probe\":\"tcp:10.0.0.7:80\"}]}", -EACCES },
		{ "{\"probes\":[\"tcp:10.0.0.*:80\"]}", 0 },
	};
	static const char odd[] = "{\"own_probes\":[{\"probe\":\"x\"}]}";
	CLEANUP(manifest) struct manifest manifest = { 0 };
	struct error err = { 0 };

	CHECK_OK(parse(manifest_text, &manifest, &err), err);
	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(limits) struct limits limits = { 0 };

		CHECK_OK(limits_parse(cases[i].text, strlen(cases[i].text), &limits, &err), err);
		CHECK_INT(limits_check(&limits, &manifest, &err), cases[i].code);
	}
	CHECK_INT(limits_parse(odd, strlen(odd), &(struct limits) { 0 }, &err), -EINVAL);
	CHECK_TEXT(err.text, "own_probes: /probes/0/probe: 'x' is no probe: tcp:HOST:PORT, "
			     "http(s)://HOST/PATH, dns:NAME@ADDRESS or icmp:HOST, in lower case");
}

TEST(a_pattern_says_whom_a_host_talks_to_whatever_the_path)
{
	static const struct {
		const char *pattern, *probe;
		int code;
	} cases[] = {
		{ "http://*.example.com/*", "http://a.example.com/y", 0 },
		{ "http://*.example.com/*", "http://169.254.169.254/latest/x.example.com/y",
		  -EACCES },
		{ "http*://*.example.com/*", "https://10.0.0.7/x.example.com/y", -EACCES },
		{ "*.example.com*", "http://10.0.0.7/x.example.com/y", -EACCES },
		{ "*.example.com/y", "http://10.0.0.7/x.example.com/y", -EACCES },
		{ "*.example.com/y", "http://x.example.com/y", 0 },
		{ "http://a.example.com", "http://a.example.com", 0 },
		{ "http://a.example.com", "http://a.example.com/y", -EACCES },
		{ "http://a.example.com*", "http://a.example.com/y", 0 },
		{ "http://a.example.com/y", "http://a.example.com/z", -EACCES },
		{ "http://*/health", "http://a.example.com/b/health", -EACCES },
		{ "http://*/*/health", "http://a.example.com/b/health", 0 },
		{ "*", "http://a.example.com/y", 0 },
		{ "*", "tcp:10.0.0.7:80", 0 },
		{ "tcp:*:80", "tcp:[2001:db8::1]:80", 0 },
		{ "tcp:*:80", "http://a/tcp:b:80", -EACCES },
	};

	for (size_t i = 0; i < ARRAY_LEN(cases); i++) {
		CLEANUP(json) json_t *document = json_pack("{s:[s]}", "probes", cases[i].pattern);
		CLEANUP(json)
		json_t *probes = json_pack("[{s:s}]", "probe", cases[i].probe);
		struct error err = { 0 };

		if (limits_check_probes(document, probes, &err) != cases[i].code)
			FAIL("'%s' and '%s': %s", cases[i].pattern, cases[i].probe, err.text);
	}
}

TEST(what_the_loader_says_of_probes_is_held_to_what_a_manifest_may)
{
	static const char *const wrong[] = {
		"[7]",  "[{\"probe\":\"icmp:a.b\",\"timeout_ms\":86400000}]",
		"[{}]", "{}",
		"7",    "[{\"probe\":\"nonsense\"}]",
	};
	CLEANUP(json) json_t *document = json_pack("{s:[s]}", "probes", "*");

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		CLEANUP(json) json_t *probes = json_loads(wrong[i], JSON_DECODE_ANY, NULL);
		struct error err = { 0 };

		CHECK_INT(limits_check_probes(document, probes, &err), -EINVAL);
	}
}

TEST(a_function_that_changes_other_processes_is_named_by_the_host_or_refused)
{
	static const char open[] = "{\"helpers\":[\"send_signal\"]}";
	CLEANUP(limits) struct limits strict = { 0 }, lenient = { 0 };
	struct error err = { 0 };

	CHECK_OK(limits_parse("{}", 2, &strict, &err), err);
	CHECK_OK(limits_parse(open, strlen(open), &lenient, &err), err);
	CHECK_INT(limits_check_helper(&strict, "x", BPF_FUNC_map_lookup_elem, &err), 0);
	CHECK_INT(limits_check_helper(&strict, "x", BPF_FUNC_send_signal, &err), -EACCES);
	CHECK(strstr(err.text, "bpf_send_signal()"));
	CHECK_INT(limits_check_helper(&lenient, "x", BPF_FUNC_send_signal, &err), 0);
	CHECK_INT(limits_check_helper(&lenient, "x", BPF_FUNC_probe_write_user, &err), -EACCES);
}
