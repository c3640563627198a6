#include "kernel/program/limits.h"

#include <errno.h>
#include <fnmatch.h>
#include <linux/bpf.h>
#include <string.h>

#include "call/schema.h"
#include "identity/file.h"
#include "kernel/program/health.h"
#include "kernel/program/vault/settings.h"

#define TEXTS(most, max)                                                             \
	"{\"type\":\"array\",\"maxItems\":" #most ",\"items\":{\"type\":\"string\"," \
	"\"minLength\":1,\"maxLength\":" #max "}}"
#define COUNT(max) "{\"type\":\"integer\",\"minimum\":1,\"maximum\":" #max "}"
#define STRICT "\"type\":\"object\",\"additionalProperties\":false"

/* clang-format off */
static const char limits_schema[] =
	"{" STRICT ",\"properties\":{\"keys\":" TEXTS(16, 2000) ","
	"\"revoked\":{" STRICT ",\"properties\":{\"keys\":" TEXTS(256, 16) ","
	"\"artifacts\":" TEXTS(256, 64) "}},"
	"\"types\":" TEXTS(64, 32) ",\"targets\":" TEXTS(256, 300) ","
	"\"helpers\":" TEXTS(64, 64) ",\"probes\":" TEXTS(64, 512) ","
	"\"own_probes\":{\"type\":\"array\",\"maxItems\":8,\"items\":{" STRICT ","
	"\"required\":[\"probe\"],"
	"\"properties\":{\"probe\":{},\"timeout_ms\":{},\"above_ms\":{}}}},"
	"\"map_memory_bytes\":" COUNT(1073741824) ",\"max_programs\":" COUNT(64) ","
	"\"max_ttl_s\":" COUNT(31536000) ",\"vault\":" VAULT_SCHEMA "}}";
/* clang-format on */

/* What reaches beyond looking and beyond the hook's own answer. */
static const struct {
	int32_t number;
	const char *name;
} dangerous[] = {
	{ BPF_FUNC_probe_write_user, "probe_write_user" },
	{ BPF_FUNC_override_return, "override_return" },
	{ BPF_FUNC_send_signal, "send_signal" },
	{ BPF_FUNC_send_signal_thread, "send_signal_thread" },
	{ BPF_FUNC_sys_bpf, "sys_bpf" },
	{ BPF_FUNC_sys_close, "sys_close" },
};

void limits_finish(struct limits *limits)
{
	json_decref(limits->document);
	*limits = (struct limits) { 0 };
}

void limits_cleanup(struct limits *limits)
{
	limits_finish(limits);
}

int limits_parse(const char *text, size_t len, struct limits *limits_out, struct error *err)
{
	CLEANUP(json)
	json_t *schema =
		json_parse(limits_schema, sizeof(limits_schema) - 1, sizeof(limits_schema), err);
	CLEANUP(json) json_t *document = json_parse(text, len, LIMITS_MAX_BYTES, err);

	if (!schema || !document || schema_check(schema, document, err) < 0)
		return err->code;
	if (health_check_probes(json_object_get(document, "own_probes"), err) < 0)
		return error_wrap(err, "own_probes");
	*limits_out = (struct limits) {
		.map_memory_bytes = (uint64_t)json_get_int(document, "map_memory_bytes",
							   LIMITS_MAP_MEMORY_BYTES),
		.max_programs =
			(uint64_t)json_get_int(document, "max_programs", LIMITS_MAX_PROGRAMS),
		.max_ttl_s = (uint64_t)json_get_int(document, "max_ttl_s", LIMITS_MAX_TTL_S),
		.document = TAKE(document),
	};
	return 0;
}

int limits_load(const char *path, struct limits *limits_out, struct trust *trust, struct error *err)
{
	CLEANUP(limits) struct limits limits = { 0 };
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, LIMITS_MAX_BYTES);
	r = file_load_public(path, &text, err);
	if (r == -ENOENT) {
		*err = (struct error) { 0 };
		buf_add_text(&text, "{}");
	} else if (r < 0) {
		return error_wrap(err, "what programs may do here");
	}
	r = limits_parse(buf_text(&text), text.len, &limits, err);
	if (r == 0)
		r = trust_add_from(trust, limits.document, err);
	if (r < 0)
		return error_wrap(err, "%s", path);
	*limits_out = limits;
	limits = (struct limits) { 0 };
	return 0;
}

json_t *limits_for_loader(const struct limits *limits)
{
	json_t *document = json_copy(limits->document);

	(void)json_object_del(document, "keys");
	(void)json_object_del(document, "revoked");
	(void)json_object_del(document, "vault");
	return document;
}

static bool has_match(const json_t *patterns, const char *text)
{
	const json_t *item;
	size_t i;

	json_array_foreach(patterns, i, item)
	{
		if (fnmatch(json_string_value(item), text, FNM_NOESCAPE) == 0)
			return true;
	}
	return !patterns;
}

/* Where the path of a URL begins, or of a pattern of some. */
static size_t path_of(const char *text)
{
	const char *authority = strstr(text, "://");
	size_t skipped = authority ? (size_t)(authority - text) + 3 : 0;

	return skipped + strcspn(text + skipped, "/");
}

/* Who is talked to stands before the path, and no '*' reaches across: else whoever writes the path
 * says what the pattern wants to read of a host. Without a path, a '*' at the end is any. */
static bool is_allowed_probe(const char *pattern, const char *probe)
{
	size_t whom = path_of(pattern), path = path_of(probe);
	char authority[PROBE_TEXT_BYTES], allowed[PROBE_TEXT_BYTES + 1];

	str_copy((struct str) { pattern, whom }, allowed, sizeof(allowed));
	str_copy((struct str) { probe, path }, authority, sizeof(authority));
	if (fnmatch(allowed, authority, FNM_NOESCAPE) != 0)
		return false;
	if (!pattern[whom])
		return !probe[path] || (whom && pattern[whom - 1] == '*');
	return fnmatch(pattern + whom, probe + path, FNM_NOESCAPE) == 0;
}

int limits_check_probes(const json_t *document, const json_t *probes, struct error *err)
{
	const json_t *patterns = json_object_get(document, "probes"), *item, *pattern;
	size_t i, j;

	if (health_check_probes(probes, err) < 0)
		return err->code;
	json_array_foreach(probes, i, item)
	{
		const char *probe = json_get_text(item, "probe", "");
		bool is_allowed = false;

		json_array_foreach(patterns, j, pattern)
		{
			is_allowed |= is_allowed_probe(json_string_value(pattern), probe);
		}
		if (!is_allowed)
			return error_set(err, -EACCES, "this host allows no probe of '%.300s'",
					 probe);
	}
	return 0;
}

int limits_check(const struct limits *limits, const struct manifest *manifest, struct error *err)
{
	const json_t *types = json_object_get(limits->document, "types");
	const json_t *targets = json_object_get(limits->document, "targets");

	for (size_t i = 0; i < manifest->n_programs; i++) {
		const struct manifest_program *program = &manifest->programs[i];
		char place[MANIFEST_TARGET_BYTES + 40];

		text_format(place, sizeof(place), "%s:%s", program->type->name, program->target);
		if (!has_match(types, program->type->name))
			return error_set(err, -EACCES,
					 "this host allows no programs of the type '%s'",
					 program->type->name);
		if (!has_match(targets, place))
			return error_set(err, -EACCES, "this host allows no program at '%s'",
					 place);
	}
	return limits_check_probes(limits->document, json_object_get(manifest->document, "probes"),
				   err);
}

int limits_check_helper(const struct limits *limits, const char *program, int32_t helper,
			struct error *err)
{
	const json_t *allowed = json_object_get(limits->document, "helpers");

	for (size_t i = 0; i < ARRAY_LEN(dangerous); i++) {
		if (dangerous[i].number != helper ||
		    (allowed && has_match(allowed, dangerous[i].name)))
			continue;
		return error_set(err, -EACCES,
				 "'%s' calls bpf_%s(), which this host does not allow", program,
				 dangerous[i].name);
	}
	return 0;
}
