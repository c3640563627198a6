#include "cli/import.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/yaml.h"

#define PLACE_BYTES 256
#define MAX_DEPTH 8

/* What their documents describe, and a server or an enrolment settles here. */
static const char *const waiting[] = {
	"agent/*",
	"agent_id",
	"http_transport/*",
	"logging/*",
	"metrics_interval",
	"orchestrator/*",
	"proxmox_interval",
	"security/*",
	"server/*",
	"static_token",
	"token_path",
	"token_renewal_check_interval",
	"token_renewal_retry_interval",
	"token_renewal_threshold_days",
	"tools/*",
};

static bool is_waiting(const char *place)
{
	for (size_t i = 0; i < ARRAY_LEN(waiting); i++) {
		size_t len = strlen(waiting[i]);

		if (strcmp(waiting[i], place) == 0)
			return true;
		if (waiting[i][len - 1] == '*' && strncmp(waiting[i], place, len - 1) == 0)
			return true;
	}
	return false;
}

static const struct config_key *find_key(const struct config_key *keys, const char *place)
{
	for (; keys->name; keys++)
		for (size_t i = 0; i < CONFIG_MAX_ALIASES && keys->imports[i]; i++)
			if (strcmp(keys->imports[i], place) == 0)
				return keys;
	return NULL;
}

struct import {
	const struct yaml *yaml;
	const struct config_key *keys;
	struct config checked; /* refuses what does not fit */
	json_t *taken, *waiting;
};

static int take(struct import *import, const struct config_key *key, const char *place,
		const json_t *value, struct error *err)
{
	char number[32], source[512], pointer[PLACE_BYTES + 1];
	const char *text = json_string_value(value);

	if (json_is_integer(value)) {
		text_format(number, sizeof(number), "%lld", (long long)json_integer_value(value));
		text = number;
	}
	text_format(pointer, sizeof(pointer), "/%s", place);
	text_format(source, sizeof(source), "%.200s:%u: %s", import->yaml->name,
		    yaml_line(import->yaml, pointer), place);
	if (!text)
		return error_set(err, -EINVAL, "%s: expected one word or number", source);
	if (config_set(&import->checked, key->name, text, source, err) < 0)
		return err->code;
	json_put(import->taken, key->name, json_string(text));
	return 0;
}

static int leaf(struct import *import, const char *place, const json_t *value, struct error *err)
{
	const struct config_key *key = find_key(import->keys, place);
	char pointer[PLACE_BYTES + 1];

	if (key)
		return take(import, key, place, value, err);
	/* nannyagent's word for a log level. */
	if (strcmp(place, "debug") == 0) {
		if (json_is_true(value))
			json_put(import->taken, "log_level", json_string("debug"));
		return 0;
	}
	if (is_waiting(place)) {
		json_push(import->waiting, json_string(place));
		return 0;
	}
	text_format(pointer, sizeof(pointer), "/%s", place);
	return error_set(err, -EINVAL, "%s:%u: key '%s' is in no documented configuration",
			 import->yaml->name, yaml_line(import->yaml, pointer), place);
}

static int walk(struct import *import, const char *place, json_t *value, unsigned depth,
		struct error *err)
{
	const char *key;
	json_t *member;
	int r;

	if (!json_is_object(value))
		return leaf(import, place, value, err);
	if (depth == MAX_DEPTH)
		return error_set(err, -EINVAL, "%s: '%s' is nested too deeply", import->yaml->name,
				 place);
	json_object_foreach(value, key, member)
	{
		char below[PLACE_BYTES];

		text_format(below, sizeof(below), "%s%s%s", place, *place ? "/" : "", key);
		r = walk(import, below, member, depth + 1, err);
		if (r < 0)
			return r;
	}
	return 0;
}

json_t *import_parse(const char *name, const char *text, size_t len, const struct config_key *keys,
		     struct error *err)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	CLEANUP(json) json_t *taken = json_object();
	CLEANUP(json) json_t *left = json_array();
	struct import import = { .yaml = &yaml, .keys = keys, .taken = taken, .waiting = left };
	int r = yaml_parse(&yaml, name, (struct str) { text, len }, err);

	if (r < 0)
		return NULL;
	if (!json_is_object(yaml.root)) {
		error_set(err, -EINVAL, "%s:1: expected lines of the form 'key: value'", name);
		return NULL;
	}
	config_init(&import.checked, keys);
	r = walk(&import, "", yaml.root, 0, err);
	config_finish(&import.checked);
	return r < 0 ? NULL : json_pack("{s:O, s:O}", "taken", taken, "waiting", left);
}

json_t *import_file(const char *path, const struct config_key *keys, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	if (fd < 0) {
		error_errno(err, "open '%s'", path);
		return NULL;
	}
	buf_init(&text, CONFIG_FILE_MAX_BYTES);
	r = buf_read_fd(&text, fd);
	if (r < 0 || text.dropped) {
		error_set(err, r < 0 ? r : -E2BIG, "cannot read '%s'", path);
		return NULL;
	}
	return import_parse(path, buf_text(&text), text.len, keys, err);
}
