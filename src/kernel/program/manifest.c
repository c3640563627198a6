#include "kernel/program/manifest.h"

#include <errno.h>
#include <string.h>

#include "call/schema.h"
#include "kernel/program/health.h"

#define STRICT "\"type\":\"object\",\"additionalProperties\":false"
#define WHOLE "{\"type\":\"integer\"}"
#define SWITCH "{\"type\":\"boolean\"}"
#define TEXT "{\"type\":\"string\",\"minLength\":1,\"maxLength\":"
#define NAME TEXT "63}"
#define WORD TEXT "31}"
#define SUMMARY TEXT "300}"
#define COUNT "{\"type\":\"integer\",\"minimum\":1,\"maximum\":"
#define LIFE COUNT "31536000}"
#define LIST "{\"type\":\"array\",\"maxItems\":"

/* "counters", "health", "probes" and "rollback" are held to their own bounds, see health.h. */
static const char manifest_schema[] =
	"{" STRICT ",\"required\":[\"schema\",\"name\",\"version\",\"summary\",\"object\","
	"\"programs\",\"on_agent_death\"],\"properties\":{"
	"\"schema\":{\"const\":1},\"name\":" NAME ",\"version\":" WORD ","
	"\"summary\":" SUMMARY ",\"object\":" NAME ","
	"\"programs\":" LIST "16,\"minItems\":1,\"items\":{" STRICT
	",\"required\":[\"name\",\"type\"],\"properties\":{"
	"\"name\":" NAME ",\"type\":" WORD ",\"target\":" TEXT "255}}}},"
	"\"params\":" LIST "32,\"items\":{" STRICT ",\"required\":[\"name\"],\"properties\":{"
	"\"name\":" NAME ",\"summary\":" SUMMARY ",\"min\":" WHOLE ",\"max\":" WHOLE
	",\"default\":" WHOLE ",\"mutable\":" SWITCH ",\"of\":" NAME "}}},"
	"\"maps\":" LIST "32,\"items\":{" STRICT ",\"required\":[\"name\"],"
	"\"properties\":{\"name\":" NAME ",\"max_entries\":" COUNT "16777216},"
	"\"keep\":{\"enum\":[\"required\",\"if_same\"]}}}},"
	"\"lists\":" LIST "8,\"items\":{" STRICT ",\"required\":[\"map\",\"of\"],\"properties\":{"
	"\"map\":" NAME ",\"summary\":" SUMMARY
	",\"of\":{\"enum\":[\"networks\",\"paths\",\"devices\"]}}}},"
	"\"requires\":{" STRICT ",\"properties\":{\"kernel\":" WORD ",\"btf\":" SWITCH "}},"
	"\"budgets\":{" STRICT ",\"properties\":{\"map_memory_bytes\":" COUNT "1073741824}}},"
	"\"lease\":" NAME ",\"canary_s\":{\"type\":\"integer\",\"minimum\":0,\"maximum\":3600},"
	"\"counters\":{\"type\":\"array\"},\"health\":{\"type\":\"array\"},"
	"\"probes\":" LIST "8,\"items\":{" STRICT ",\"properties\":{\"probe\":{},"
	"\"timeout_ms\":{},\"above_ms\":{}}}},"
	"\"rollback\":{\"type\":\"object\"},"
	"\"ttl\":{" STRICT ",\"properties\":{\"default_s\":" LIFE ",\"max_s\":" LIFE "}},"
	"\"on_agent_death\":{\"type\":\"string\",\"enum\":[\"detach\",\"keep\"]}}}";

const struct program_type program_types[] = {
	{ "xdp", "xdp", ATTACH_XDP, true },
	{ "tc_ingress", "tc", ATTACH_TC_INGRESS, true },
	{ "tc_egress", "tc", ATTACH_TC_EGRESS, true },
	{ "cgroup_skb_ingress", "cgroup_skb/ingress", ATTACH_CGROUP, true },
	{ "cgroup_skb_egress", "cgroup_skb/egress", ATTACH_CGROUP, true },
	{ "cgroup_connect4", "cgroup/connect4", ATTACH_CGROUP, true },
	{ "cgroup_connect6", "cgroup/connect6", ATTACH_CGROUP, true },
	{ "cgroup_sock_create", "cgroup/sock_create", ATTACH_CGROUP, true },
	{ "cgroup_device", "cgroup/dev", ATTACH_CGROUP, true },
	{ "cgroup_sysctl", "cgroup/sysctl", ATTACH_CGROUP, true },
	{ "sock_ops", "sockops", ATTACH_CGROUP, true },
	{ "sk_lookup", "sk_lookup", ATTACH_SK_LOOKUP, true },
	{ "tracepoint", "tracepoint", ATTACH_TRACEPOINT, false },
	{ "raw_tracepoint", "raw_tp", ATTACH_RAW, false },
	{ "kprobe", "kprobe", ATTACH_KPROBE, false },
	{ "kretprobe", "kretprobe", ATTACH_KPROBE, false },
	{ "uprobe", "uprobe", ATTACH_UPROBE, false },
	{ "uretprobe", "uretprobe", ATTACH_UPROBE, false },
	{ "tp_btf", "tp_btf", ATTACH_BTF, false },
	{ "fentry", "fentry", ATTACH_BTF, false },
	{ "fexit", "fexit", ATTACH_BTF, false },
	{ "lsm", "lsm", ATTACH_BTF, false },
	{ "perf_event", "perf_event", ATTACH_PERF, false },
	{ 0 },
};

const struct program_type *program_type_find(const char *name)
{
	for (const struct program_type *at = program_types; at->name; at++)
		if (strcmp(at->name, name) == 0)
			return at;
	return NULL;
}

void manifest_finish(struct manifest *manifest)
{
	json_decref(manifest->document);
	*manifest = (struct manifest) { 0 };
}

void manifest_cleanup(struct manifest *manifest)
{
	manifest_finish(manifest);
}

/* A file beside manifest.json: no folder, no hidden one. */
static bool is_file(const char *name)
{
	return name[0] != '.' && !strchr(name, '/') && strlen(name) < PROGRAM_NAME_BYTES;
}

static int take_words(struct manifest *manifest, struct error *err)
{
	const json_t *document = manifest->document;
	const char *name = json_get_text(document, "name", "");
	const char *version = json_get_text(document, "version", "");
	const char *object = json_get_text(document, "object", "");

	if (!program_is_name(name))
		return error_set(err, -EINVAL, "/name: lower-case letters, digits, '-' and '_'");
	if (!program_is_version(version))
		return error_set(err, -EINVAL, "/version: letters, digits, '.', '+', '-' and '_'");
	if (!is_file(object))
		return error_set(err, -EINVAL, "/object: no plain file of the artifact");
	text_copy(manifest->name, sizeof(manifest->name), name);
	text_copy(manifest->version, sizeof(manifest->version), version);
	text_copy(manifest->object, sizeof(manifest->object), object);
	return 0;
}

/* "/a/", "/a//b" and "/a/./b" are other names of what a host's patterns may not allow. */
static bool has_one_name(const char *path)
{
	for (const char *at = strchr(path, '/'); at; at = strchr(at + 1, '/')) {
		size_t len = strcspn(at + 1, "/");

		if ((len == 0 && path[1]) || (len == 1 && at[1] == '.'))
			return false;
	}
	return true;
}

/* Printable, so that it can be shown and told of in one line. */
static bool is_target(const char *text)
{
	if (strlen(text) >= MANIFEST_TARGET_BYTES || strstr(text, "..") || !has_one_name(text))
		return false;
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

static int take_programs(struct manifest *manifest, struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(json_object_get(manifest->document, "programs"), i, item)
	{
		struct manifest_program *program = &manifest->programs[i];
		const char *type = json_get_text(item, "type", "");
		const char *target = json_get_text(item, "target", "");

		program->type = program_type_find(type);
		if (!program->type)
			return error_set(err, -EINVAL, "/programs/%zu/type: there is no '%s'", i,
					 type);
		if (!is_target(target))
			return error_set(err, -EINVAL, "/programs/%zu/target: not a target", i);
		text_copy(program->name, sizeof(program->name), json_get_text(item, "name", ""));
		text_copy(program->target, sizeof(program->target), target);
		for (size_t j = 0; j < i; j++)
			if (strcmp(manifest->programs[j].name, program->name) == 0)
				return error_set(err, -EINVAL, "/programs/%zu/name: is there twice",
						 i);
	}
	manifest->n_programs = i;
	return 0;
}

static int take_times(struct manifest *manifest, struct error *err)
{
	const json_t *document = manifest->document;
	const json_t *ttl = json_object_get(document, "ttl");
	const json_t *budgets = json_object_get(document, "budgets");

	manifest->ttl_s = (uint64_t)json_get_int(ttl, "default_s", MANIFEST_DEFAULT_TTL_S);
	manifest->max_ttl_s = (uint64_t)json_get_int(ttl, "max_s", (int64_t)manifest->ttl_s);
	manifest->canary_s = (uint64_t)json_get_int(document, "canary_s", 0);
	manifest->map_memory_bytes = (uint64_t)json_get_int(budgets, "map_memory_bytes", 0);
	manifest->keeps = strcmp(json_get_text(document, "on_agent_death", ""), "keep") == 0;
	if (manifest->max_ttl_s < manifest->ttl_s)
		return error_set(err, -EINVAL, "/ttl/max_s: is below default_s");
	if (manifest->canary_s >= manifest->ttl_s)
		return error_set(err, -EINVAL, "/canary_s: is not below the program's whole life");
	return 0;
}

/* One block changes at once; two would not. */
static int check_block(const json_t *params, size_t number, const char **block, struct error *err)
{
	const json_t *param = json_array_get(params, number);
	const char *of = json_get_text(param, "of", NULL);

	if (!of)
		return 0;
	if (!json_get_bool(param, "mutable", false))
		return error_set(err, -EINVAL, "/params/%zu/of: a block is of mutable parameters",
				 number);
	if (*block && strcmp(*block, of) != 0)
		return error_set(err, -EINVAL, "/params/%zu/of: there is a block '%s' already",
				 number, *block);
	*block = of;
	return 0;
}

static int check_params(const struct manifest *manifest, struct error *err)
{
	const json_t *params = json_object_get(manifest->document, "params"), *param;
	const char *lease = json_get_text(manifest->document, "lease", "");
	const char *block = NULL;
	size_t i;

	json_array_foreach(params, i, param)
	{
		int64_t min = json_get_int(param, "min", INT64_MIN);
		int64_t max = json_get_int(param, "max", INT64_MAX);
		int64_t otherwise = json_get_int(param, "default", min > 0 ? min : 0);

		if (min > max)
			return error_set(err, -EINVAL, "/params/%zu/max: is below min", i);
		if (json_object_get(param, "default") && (otherwise < min || otherwise > max))
			return error_set(err, -EINVAL,
					 "/params/%zu/default: is not from min to max", i);
		if (strcmp(json_get_text(param, "name", ""), lease) == 0)
			return error_set(err, -EINVAL, "/params/%zu/name: is the lease", i);
		if (check_block(params, i, &block, err) < 0)
			return err->code;
	}
	return 0;
}

/* Errors are sums: who takes the place of what made some would be blamed for them. */
static bool is_judged(const struct health *health, const char *map)
{
	for (unsigned i = 0; i < health->n_counters; i++) {
		const struct health_counter *counter = &health->counters[i];
		bool is_judged = counter->role == HEALTH_ROLE_ERRORS ||
				 counter->role == HEALTH_ROLE_VIOLATIONS;

		for (size_t j = 0; j < health->n_rules; j++)
			is_judged |= health->rules[j].metric == HEALTH_N_METRICS + i;
		if (is_judged && strcmp(counter->map, map) == 0)
			return true;
	}
	return false;
}

/* What a list has comes with each call. */
static int check_kept(const struct manifest *manifest, const struct health *health,
		      struct error *err)
{
	const json_t *lists = json_object_get(manifest->document, "lists"), *map, *list;
	size_t i, j;

	json_array_foreach(json_object_get(manifest->document, "maps"), i, map)
	{
		if (!json_object_get(map, "keep"))
			continue;
		if (is_judged(health, json_get_text(map, "name", "")))
			return error_set(err, -EINVAL,
					 "/maps/%zu/keep: what is counted in it is judged", i);
		json_array_foreach(lists, j, list)
		{
			if (strcmp(json_get_text(map, "name", ""),
				   json_get_text(list, "map", "")) == 0)
				return error_set(err, -EINVAL, "/maps/%zu/keep: is a list", i);
		}
	}
	return 0;
}

int manifest_parse(const char *bytes, size_t len, struct manifest *manifest_out, struct error *err)
{
	CLEANUP(json)
	json_t *schema = json_parse(manifest_schema, sizeof(manifest_schema) - 1,
				    sizeof(manifest_schema), err);
	CLEANUP(manifest) struct manifest manifest = { 0 };
	struct health health;
	int r;

	manifest.document = json_parse(bytes, len, MANIFEST_MAX_BYTES, err);
	if (!manifest.document || !schema)
		return error_wrap(err, "manifest.json");
	r = schema_check(schema, manifest.document, err);
	if (r == 0)
		r = take_words(&manifest, err);
	if (r == 0)
		r = take_programs(&manifest, err);
	if (r == 0)
		r = take_times(&manifest, err);
	if (r == 0)
		r = check_params(&manifest, err);
	if (r == 0)
		r = health_parse(manifest.document, NULL, &health, err);
	if (r == 0)
		r = check_kept(&manifest, &health, err);
	if (r < 0)
		return error_wrap(err, "manifest.json");
	*manifest_out = manifest;
	manifest = (struct manifest) { 0 };
	return 0;
}

static struct manifest_program *find_program(struct manifest *manifest, const char *name)
{
	for (size_t i = 0; i < manifest->n_programs; i++)
		if (strcmp(manifest->programs[i].name, name) == 0)
			return &manifest->programs[i];
	return NULL;
}

int manifest_set_targets(struct manifest *manifest, const json_t *targets, struct error *err)
{
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)targets, name, value)
	{
		struct manifest_program *program = find_program(manifest, name);
		const char *target = json_string_value(value);

		if (!program)
			return error_set(err, -EINVAL, "'%s' has no program '%.60s'",
					 manifest->name, name);
		if (program->target[0])
			return error_set(err, -EINVAL, "the target of '%s' is set by its manifest",
					 program->name);
		if (!target || !is_target(target))
			return error_set(err, -EINVAL, "this is no target for '%s'", program->name);
		text_copy(program->target, sizeof(program->target), target);
	}
	for (size_t i = 0; i < manifest->n_programs; i++)
		if (!manifest->programs[i].target[0])
			return error_set(err, -EINVAL, "the program '%s' of '%s' needs a target",
					 manifest->programs[i].name, manifest->name);
	return 0;
}
