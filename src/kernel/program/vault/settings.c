#include "kernel/program/vault/settings.h"

#include <errno.h>
#include <string.h>

#include "identity/file.h"

void vault_settings_finish(struct vault_settings *settings)
{
	secret_buf_cleanup(&settings->token);
	secret_buf_cleanup(&settings->client);
	buf_finish(&settings->ca);
	*settings = (struct vault_settings) { 0 };
}

void vault_settings_cleanup(struct vault_settings *settings)
{
	vault_settings_finish(settings);
}

static const char *given(const char *text)
{
	return text && *text ? text : NULL;
}

bool vault_is_named(const json_t *document, const struct vault_environment *environment)
{
	return json_object_get(document, "url") || given(environment->url);
}

/* --- the address ----------------------------------------------------------------------------- */

static bool is_printable(const char *text)
{
	for (; *text; text++)
		if (*text <= ' ' || *text > '~')
			return false;
	return true;
}

/* A token in the clear goes to this host itself and nowhere else. */
static bool is_own_host(const char *rest)
{
	static const char *const names[] = { "localhost", "127.0.0.1", "[::1]" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		size_t len = strlen(names[i]);

		if (strncmp(rest, names[i], len) == 0 && (!rest[len] || rest[len] == ':'))
			return true;
	}
	return false;
}

static int read_url(struct vault_settings *settings, const char *text, struct error *err)
{
	size_t len = strlen(text);
	const char *rest = strstr(text, "://");

	while (len && text[len - 1] == '/')
		len--;
	if (len >= sizeof(settings->url) || !is_printable(text) || !rest)
		return error_set(err, -EINVAL, "url: say https://host:8200");
	memcpy(settings->url, text, len);
	settings->url[len] = '\0';
	rest = settings->url + (rest - text) + 3;
	if (strpbrk(rest, "/@?#\\") || !*rest)
		return error_set(err, -EINVAL, "url: a host and a port, and nothing behind");
	if (strncmp(text, "https://", 8) != 0 &&
	    (strncmp(text, "http://", 7) != 0 || !is_own_host(rest)))
		return error_set(err, -EINVAL,
				 "url: a Vault on another host is asked by https only");
	return 0;
}

/* --- the paths ------------------------------------------------------------------------------- */

/* Of the API, below /v1/: what a URL needs no escapes for. */
static bool is_path(const char *text)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_-./";

	return *text && *text != '/' && text[strlen(text) - 1] != '/' &&
	       text[strspn(text, letters)] == '\0' && !strstr(text, "//") && !strstr(text, "..");
}

static int read_kv(const char *text, struct vault_source *source, struct error *err)
{
	const char *hash = strchr(text, '#');
	size_t len = hash ? (size_t)(hash - text) : strlen(text);

	*source = (struct vault_source) { .kind = VAULT_KV };
	text_format(source->name, sizeof(source->name), "kv:%s", text);
	if (strlen(text) + sizeof("kv:") < sizeof(source->path)) {
		memcpy(source->path, text, len);
		text_copy(source->field, sizeof(source->field), hash ? hash + 1 : "");
	}
	if (!is_path(source->path) || !strchr(source->path, '/') || (hash && !source->field[0]))
		return error_set(err, -EINVAL,
				 "kv: say MOUNT/data/PATH of KV 2 or MOUNT/PATH of KV 1, with "
				 "#FIELD if need be");
	return 0;
}

int vault_read_transit(const char *text, struct vault_source *source, struct error *err)
{
	const char *slash = strrchr(text, '/');

	*source = (struct vault_source) { .kind = VAULT_TRANSIT };
	text_format(source->name, sizeof(source->name), "transit:%s", text);
	if (strlen(text) + sizeof("transit/keys/") < sizeof(source->path))
		text_format(source->path, sizeof(source->path), "%.*s/keys/%s",
			    slash ? (int)(slash - text) : 7, slash ? text : "transit",
			    slash ? slash + 1 : text);
	return is_path(text) && is_path(source->path)
		       ? 0
		       : error_set(err, -EINVAL, "transit: say MOUNT/NAME of the key");
}

static int read_sources(struct vault_settings *settings, const json_t *list,
			int (*read)(const char *text, struct vault_source *source,
				    struct error *err),
			struct error *err)
{
	const json_t *item;
	size_t i;

	json_array_foreach(list, i, item)
	{
		if (settings->n_sources == VAULT_MAX_SOURCES)
			return error_set(err, -E2BIG, "at most %d paths are looked at",
					 VAULT_MAX_SOURCES);
		if (read(json_string_value(item), &settings->sources[settings->n_sources], err) < 0)
			return err->code;
		settings->n_sources++;
	}
	return 0;
}

static int read_paths(struct vault_settings *settings, const json_t *document, const char *path,
		      struct error *err)
{
	if (read_sources(settings, json_object_get(document, "kv"), read_kv, err) < 0 ||
	    read_sources(settings, json_object_get(document, "transit"), vault_read_transit, err) <
		    0)
		return err->code;
	if (settings->n_sources)
		return 0;
	settings->n_sources = 1;
	return read_kv(path ? path : VAULT_DEFAULT_PATH, &settings->sources[0], err);
}

/* --- files ----------------------------------------------------------------------------------- */

static int check_token(const struct vault_settings *settings, struct error *err)
{
	if (settings->token.dropped || !is_printable(buf_text(&settings->token)))
		return error_set(err, -EINVAL,
				 "the token for Vault has blanks, or more than %d bytes",
				 VAULT_TOKEN_BYTES);
	if (!settings->token.len)
		return error_set(err, -ENOKEY,
				 "there is no token for Vault: name a token_file, or set "
				 "AGENT_VAULT_TOKEN or VAULT_TOKEN");
	return 0;
}

static int read_token(struct vault_settings *settings, const char *path, const char *otherwise,
		      struct error *err)
{
	static const char zeros[VAULT_TOKEN_BYTES];

	/* One that grows leaves copies behind. */
	buf_init(&settings->token, VAULT_TOKEN_BYTES);
	buf_add(&settings->token, zeros, sizeof(zeros));
	buf_clear(&settings->token);
	if (!path)
		buf_add_text(&settings->token, otherwise ? otherwise : "");
	else if (file_load_private(path, &settings->token, err) < 0)
		return error_wrap(err, "token_file");
	settings->token.len = strcspn(buf_text(&settings->token), "\r\n");
	settings->token.data[settings->token.len] = '\0';
	return check_token(settings, err);
}

static int read_files(struct vault_settings *settings, const json_t *document,
		      const struct vault_environment *environment, struct error *err)
{
	const char *ca = json_get_text(document, "ca", given(environment->ca));
	const char *client = json_get_text(document, "client", NULL);

	buf_init(&settings->ca, VAULT_PEM_MAX_BYTES);
	buf_init(&settings->client, VAULT_PEM_MAX_BYTES);
	if (ca && file_load_public(ca, &settings->ca, err) < 0)
		return error_wrap(err, "ca");
	if (client && file_load_private(client, &settings->client, err) < 0)
		return error_wrap(err, "client");
	return read_token(settings, json_get_text(document, "token_file", NULL),
			  given(environment->token), err);
}

int vault_settings_read(struct vault_settings *settings, const json_t *document,
			const struct vault_environment *environment, struct error *err)
{
	const char *url = json_get_text(document, "url", given(environment->url));
	const char *namespace = json_get_text(document, "namespace", given(environment->namespace));

	*settings = (struct vault_settings) {
		.refresh_s = (uint64_t)json_get_int(document, "refresh_s", VAULT_REFRESH_S),
		.max_age_s = (uint64_t)json_get_int(document, "max_age_s", VAULT_MAX_AGE_S),
	};
	if (!url)
		return error_set(err, -ENOENT, "no Vault is named");
	if (namespace && (!is_path(namespace) || strlen(namespace) >= VAULT_PATH_BYTES))
		return error_set(err, -EINVAL, "namespace: letters, digits, '-', '_', '.' and '/'");
	text_copy(settings->namespace, sizeof(settings->namespace), namespace ? namespace : "");
	if (read_url(settings, url, err) < 0 ||
	    read_paths(settings, document, given(environment->path), err) < 0 ||
	    read_files(settings, document, environment, err) < 0)
		return err->code;
	return 0;
}
