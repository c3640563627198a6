#include "courier/model_endpoints.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/yaml.h"

#define PATH_BYTES 4096

/* Where a value stands, for errors. */
struct place {
	const struct yaml *yaml;
	size_t number;
	const char *key;
};

static int complain(const struct place *place, const char *what, struct error *err)
{
	char pointer[64];

	text_format(pointer, sizeof(pointer), "/models/%zu%s%s", place->number,
		    *place->key ? "/" : "", place->key);
	return yaml_error(place->yaml, err, pointer, "%s", what);
}

static int read_text(const char *path, size_t max, struct buf *text, struct error *err)
{
	CLEANUP(fd) int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	int r;

	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	buf_init(text, max);
	r = buf_read_fd(text, fd);
	if (r < 0)
		return error_set(err, r, "read '%s': %s", path, strerrordesc_np(-r));
	return text->dropped ? error_set(err, -EFBIG, "'%s' is larger than %zu bytes", path, max)
			     : 0;
}

static char *key_of(const char *text)
{
	return strndup(text, strcspn(text, " \t\r\n"));
}

static int read_key_file(const char *path, char **key_out, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct stat status;
	int r;

	if (stat(path, &status) < 0)
		return error_errno(err, "look at '%s'", path);
	if (status.st_mode & (S_IRWXG | S_IRWXO) & ~(unsigned)S_IRGRP)
		return error_set(err, -EACCES, "'%s' is open to others; chmod 600 it", path);
	r = read_text(path, MODEL_KEY_MAX_BYTES, &text, err);
	if (r < 0)
		return r;
	*key_out = key_of(buf_text(&text));
	explicit_bzero(text.data, text.len);
	return 0;
}

static int read_key(struct place *place, const json_t *entry, char **key_out, struct error *err)
{
	const char *path = json_get_text(entry, "key_file", NULL);
	const char *variable = json_get_text(entry, "key_variable", NULL);
	const char *value = variable ? getenv(variable) : NULL;

	place->key = "key_file";
	if (path)
		return read_key_file(path, key_out, err) < 0 ? error_wrap(err, "a model's key") : 0;
	place->key = "key_variable";
	if (!variable)
		return 0;
	if (!value)
		return complain(place, "the environment has no such variable", err);
	*key_out = key_of(value);
	return 0;
}

static int check_keys(struct place *place, const json_t *entry, struct error *err)
{
	static const char *const known[] = { "name",
					     "provider",
					     "url",
					     "model",
					     "key_file",
					     "key_variable",
					     "context_tokens",
					     "max_output_tokens",
					     "thinking",
					     "price",
					     "images" };
	const char *key;
	json_t *unused;

	json_object_foreach((json_t *)entry, key, unused)
	{
		bool is_known = false;

		for (size_t i = 0; i < ARRAY_LEN(known); i++)
			is_known |= strcmp(known[i], key) == 0;
		place->key = key;
		if (!is_known)
			return complain(place, "is not a key of a model", err);
	}
	return 0;
}

static int check_texts(struct place *place, const json_t *entry, struct error *err)
{
	static const char *const needed[] = { "name", "provider", "url" };
	const char *url = json_get_text(entry, "url", "");

	for (size_t i = 0; i < ARRAY_LEN(needed); i++) {
		place->key = "";
		if (*json_get_text(entry, needed[i], "") == '\0')
			return complain(place, "a model needs name, provider and url", err);
	}
	place->key = "url";
	if (strncmp(url, "https://", 8) != 0 && strncmp(url, "http://", 7) != 0)
		return complain(place, "must begin with https:// or http://", err);
	return 0;
}

/* What an investigator hears of it. */
static json_t *told(const json_t *entry)
{
	json_t *model = json_deep_copy(entry);

	(void)json_object_del(model, "url"); /* what is not there needs no removal */
	(void)json_object_del(model, "key_file");
	(void)json_object_del(model, "key_variable");
	return model;
}

static int add(struct model_endpoints *endpoints, struct place *place, const json_t *entry,
	       struct error *err)
{
	struct model_endpoint *endpoint = &endpoints->items[endpoints->n];

	if (endpoints->n == MODEL_ENDPOINTS_MAX)
		return complain(place, "is one model too many", err);
	if (check_keys(place, entry, err) < 0 || check_texts(place, entry, err) < 0)
		return err->code;
	*endpoint = (struct model_endpoint) {
		.name = json_get_text(entry, "name", ""),
		.provider = json_get_text(entry, "provider", ""),
		.url = json_get_text(entry, "url", ""),
	};
	endpoints->n++;
	if (read_key(place, entry, &endpoint->key, err) < 0)
		return err->code;
	json_push(endpoints->models, told(entry));
	return 0;
}

int model_endpoints_load(struct model_endpoints *endpoints, const char *path, struct error *err)
{
	CLEANUP(yaml) struct yaml yaml = { 0 };
	CLEANUP(buf) struct buf text = { 0 };
	const json_t *entry;
	size_t i;

	*endpoints = (struct model_endpoints) { .models = json_array() };
	if (access(path, F_OK) < 0 && errno == ENOENT)
		return 0;
	if (read_text(path, YAML_MAX_BYTES, &text, err) < 0)
		return err->code;
	if (yaml_parse(&yaml, path, (struct str) { buf_text(&text), text.len }, err) < 0)
		return err->code;
	endpoints->document = json_incref(yaml.root);
	if (!json_is_array(json_object_get(yaml.root, "models")))
		return yaml_error(&yaml, err, "", "needs 'models:', a list");
	json_array_foreach(json_object_get(yaml.root, "models"), i, entry)
	{
		struct place place = { .yaml = &yaml, .number = i, .key = "" };
		int r = json_is_object(entry) ? add(endpoints, &place, entry, err)
					      : complain(&place, "is no model", err);

		if (r < 0)
			return r;
	}
	return 0;
}

void model_endpoints_finish(struct model_endpoints *endpoints)
{
	for (size_t i = 0; i < endpoints->n; i++) {
		char *key = endpoints->items[i].key;

		if (key)
			explicit_bzero(key, strlen(key));
		free(key);
	}
	json_decref(endpoints->models);
	json_decref(endpoints->document);
	*endpoints = (struct model_endpoints) { 0 };
}

void model_endpoints_cleanup(struct model_endpoints *endpoints)
{
	model_endpoints_finish(endpoints);
}

const struct model_endpoint *model_endpoints_find(const struct model_endpoints *endpoints,
						  const char *name)
{
	for (size_t i = 0; i < endpoints->n; i++)
		if (strcmp(endpoints->items[i].name, name) == 0)
			return &endpoints->items[i];
	return NULL;
}
