#include "kernel/program/vault/vault.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "kernel/program/vault/vault_internal.h"

#define RETRY_S 30

void vault_init(struct vault *vault)
{
	vault->troubles = json_object();
	vault->lease.ends_ns = vault->lease.renew_ns = UINT64_MAX;
}

void vault_finish(struct vault *vault)
{
	json_decref(vault->known);
	json_decref(vault->troubles);
	json_decref(vault->document);
	*vault = (struct vault) { 0 };
}

/* --- looking --------------------------------------------------------------------------------- */

/* The whole answer, or what was known stays as it is. */
static void look_at(struct vault *vault, const struct errand *errand,
		    const struct vault_source *source)
{
	char why[ERROR_TEXT_BYTES] = "there is no such secret in Vault";
	struct error err = { 0 };
	CLEANUP(json) json_t *answer = errand_ask(errand, source->path, NULL, &err);
	json_t *keys = NULL;

	if (!err.code)
		keys = answer ? vault_answer_keys(answer, source, why, &err) : json_array();
	if (err.code)
		text_copy(why, sizeof(why), err.text);
	if (keys)
		json_put(json_object_get(vault->known, "sources"), source->name,
			 json_pack("{s:I, s:o}", "at_s", (json_int_t)(clock_wall_ns() / NS_PER_SEC),
				   "keys", keys));
	if (why[0])
		json_put(vault->troubles, source->name, json_text(why, strlen(why)));
}

static int look_at_all(struct vault *vault, const struct vault_settings *settings,
		       struct error *err)
{
	CLEANUP(errand) struct errand errand = { 0 };

	if (errand_begin(&errand, &vault->wire, settings, err) < 0)
		return err->code;
	lease_keep(&vault->lease, &errand);
	for (size_t i = 0; i < settings->n_sources; i++)
		look_at(vault, &errand, &settings->sources[i]);
	known_save(vault);
	return 0;
}

/* A path that is no longer named counts no longer, whatever else fails. */
static void note_settings(struct vault *vault, const struct vault_settings *settings)
{
	for (size_t i = 0; i < settings->n_sources; i++)
		text_copy(vault->sources[i], VAULT_PATH_BYTES, settings->sources[i].name);
	vault->n_sources = settings->n_sources;
	vault->max_age_s = settings->max_age_s;
	text_copy(vault->url, sizeof(vault->url), settings->url);
	/* Settings that cannot be read say nothing against the Vault that was asked. */
	if (settings->url[0])
		known_open(vault, settings);
}

static void plan(struct vault *vault, uint64_t refresh_s)
{
	bool is_well = !vault->why[0] && !json_object_size(vault->troubles);

	if (!is_well && refresh_s > RETRY_S)
		refresh_s = RETRY_S;
	vault->looked_ns = clock_boot_ns();
	vault->next_ns = vault->looked_ns + refresh_s * NS_PER_SEC;
	/* One that is over could not be renewed just now. */
	if (vault->lease.renew_ns > vault->looked_ns && vault->lease.renew_ns < vault->next_ns)
		vault->next_ns = vault->lease.renew_ns;
}

static void tell(const char *what, const char *old, const char *new)
{
	if (*new &&strcmp(old, new) != 0)
		log_warn("%s%s", what, new);
}

static void tell_troubles(const struct vault *vault, const json_t *before)
{
	const char *name;
	json_t *why;

	json_object_foreach(vault->troubles, name, why)
	{
		char what[VAULT_PATH_BYTES + 16];

		text_format(what, sizeof(what), "%s: ", name);
		tell(what, json_get_text(before, name, ""), json_string_value(why));
	}
}

static int look(struct vault *vault, const json_t *document, uint64_t *refresh_s_out,
		struct error *err)
{
	CLEANUP(vault_settings) struct vault_settings settings = { 0 };
	int r = vault_settings_read(&settings, document, &vault->environment, err);

	note_settings(vault, &settings);
	*refresh_s_out = settings.refresh_s;
	return r < 0 ? r : look_at_all(vault, &settings, err);
}

static size_t count_keys(const struct vault *vault, const char *source)
{
	return json_array_size(json_object_get(known_find(vault, source), "keys"));
}

static void note_surplus(struct vault *vault)
{
	size_t room = VAULT_MAX_ALL_KEYS;

	for (size_t i = 0; i < vault->n_sources; i++) {
		const char *name = vault->sources[i];
		size_t n = count_keys(vault, name);
		char why[ERROR_TEXT_BYTES];

		if (n > room) {
			text_format(why, sizeof(why),
				    "%zu of its %zu keys count: at most %d of Vault do", room, n,
				    VAULT_MAX_ALL_KEYS);
			json_put(vault->troubles, name, json_string(why));
		}
		room -= n < room ? n : room;
	}
}

void vault_recall(struct vault *vault, const json_t *document)
{
	CLEANUP(vault_settings) struct vault_settings settings = { 0 };
	struct error err = { 0 };

	vault->is_named = vault_is_named(document, &vault->environment);
	if (!vault->is_named)
		return;
	/* The look tells of it; the paths were read before it. */
	if (vault_settings_read(&settings, document, &vault->environment, &err) < 0)
		log_debug("%s", err.text);
	note_settings(vault, &settings);
}

void vault_look(struct vault *vault, const json_t *document)
{
	CLEANUP(json) json_t *troubles = vault->troubles;
	char why[ERROR_TEXT_BYTES], token_why[ERROR_TEXT_BYTES];
	uint64_t refresh_s = VAULT_REFRESH_S;
	struct error err = { 0 };

	text_copy(why, sizeof(why), vault->why);
	text_copy(token_why, sizeof(token_why), vault->lease.why);
	json_decref(vault->document);
	vault->document = json_deep_copy(document);
	vault->is_named = vault_is_named(document, &vault->environment);
	vault->n_sources = 0;
	vault->why[0] = '\0';
	vault->troubles = json_object();
	vault->next_ns = UINT64_MAX;
	if (!vault->is_named)
		return;
	if (look(vault, document, &refresh_s, &err) < 0)
		text_format(vault->why, sizeof(vault->why), "keys of Vault: %.450s", err.text);
	plan(vault, refresh_s);
	note_surplus(vault);
	tell("", why, vault->why);
	tell("", token_why, vault->lease.why);
	tell_troubles(vault, troubles);
}

bool vault_looked_lately(const struct vault *vault, const json_t *document)
{
	bool is_same = json_equal(vault->document, document) || (!vault->document && !document);

	return vault->looked_ns && is_same && clock_boot_ns() < vault->looked_ns + VAULT_FRESH_NS;
}

/* --- what counts ------------------------------------------------------------------------------ */

static const char *why_none(const struct vault *vault)
{
	const char *why = vault->why[0] ? vault->why : NULL;
	size_t i;

	for (i = 0; i < vault->n_sources && !why; i++)
		why = json_get_text(vault->troubles, vault->sources[i], NULL);
	return why ? why : "it was not asked yet";
}

int vault_add_keys(const struct vault *vault, struct trust *trust, struct error *err)
{
	size_t n = 0, at;
	const json_t *key;

	for (size_t i = 0; i < vault->n_sources; i++) {
		json_array_foreach(json_object_get(known_find(vault, vault->sources[i]), "keys"),
				   at, key)
		{
			const char *text = json_get_text(key, "key", "");

			if (n == VAULT_MAX_ALL_KEYS)
				return 0;
			if (trust_add(trust, text, strlen(text), err) < 0)
				return err->code;
			n++;
		}
	}
	if (n || !vault->is_named)
		return 0;
	return error_set(err, -ENOKEY, "no key of Vault counts: %.450s", why_none(vault));
}

static json_t *describe_source(const struct vault *vault, const char *name)
{
	const json_t *known = known_find(vault, name), *key;
	const char *why = json_get_text(vault->troubles, name, NULL);
	uint64_t at_ns = (uint64_t)json_get_int(known, "at_s", 0) * NS_PER_SEC;
	json_t *row = json_pack("{s:s}", "from", name), *ids = json_array();
	char time[CLOCK_TEXT_BYTES];
	size_t i;

	json_array_foreach(json_object_get(known, "keys"), i, key)
	{
		json_push(ids, json_string(json_get_text(key, "id", "")));
	}
	json_put(row, "keys", ids);
	if (known) {
		json_put(row, "looked", json_string(clock_format(at_ns, time)));
		json_put(row, "until",
			 json_string(clock_format(at_ns + vault->max_age_s * NS_PER_SEC, time)));
	}
	if (why)
		json_put(row, "why", json_string(why));
	return row;
}

static void describe_token(const struct vault_lease *lease, json_t *shown)
{
	uint64_t now_ns = clock_boot_ns();
	char time[CLOCK_TEXT_BYTES];

	if (lease->is_known && lease->ends_ns != UINT64_MAX && lease->ends_ns > now_ns)
		json_put(shown, "token_until",
			 json_string(
				 clock_format(clock_wall_ns() + (lease->ends_ns - now_ns), time)));
	if (lease->why[0])
		json_put(shown, "token_why", json_text(lease->why, strlen(lease->why)));
}

json_t *vault_describe(const struct vault *vault)
{
	json_t *shown, *sources;

	if (!vault->is_named)
		return NULL;
	sources = json_array();
	for (size_t i = 0; i < vault->n_sources; i++)
		json_push(sources, describe_source(vault, vault->sources[i]));
	shown = json_pack("{s:s, s:s, s:o}", "url", vault->url, "state",
			  vault->why[0] || json_object_size(vault->troubles) ? "troubled" : "up",
			  "sources", sources);
	if (vault->why[0])
		json_put(shown, "why", json_text(vault->why, strlen(vault->why)));
	describe_token(&vault->lease, shown);
	return shown;
}
