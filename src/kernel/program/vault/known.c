/* What was read of Vault last, in the steward's folder, which only root can enter. */
#include "kernel/program/vault/vault_internal.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "identity/file.h"

#define FILE_NAME "vault.json"
#define KNOWN_MAX_BYTES (256 * KIB)
#define AHEAD_S 5 /* by which a clock may have been set back in its daily work */

static json_t *load(const struct vault *vault)
{
	CLEANUP(buf) struct buf text = { 0 };
	struct error err = { 0 };
	char path[4096];

	buf_init(&text, KNOWN_MAX_BYTES);
	text_format(path, sizeof(path), "%s/" FILE_NAME, vault->folder);
	if (file_load_private(path, &text, &err) < 0)
		return NULL;
	return json_parse(buf_text(&text), text.len, KNOWN_MAX_BYTES, &err);
}

static bool is_of(const json_t *known, const struct vault_settings *settings)
{
	return strcmp(json_get_text(known, "url", ""), settings->url) == 0 &&
	       strcmp(json_get_text(known, "namespace", ""), settings->namespace) == 0 &&
	       json_is_object(json_object_get(known, "sources"));
}

/* Another Vault's keys are not this one's, whatever their paths are. */
void known_open(struct vault *vault, const struct vault_settings *settings)
{
	if (!vault->known && vault->folder)
		vault->known = load(vault);
	if (vault->known && is_of(vault->known, settings))
		return;
	json_decref(vault->known);
	vault->known = json_pack("{s:s, s:s, s:{}}", "url", settings->url, "namespace",
				 settings->namespace, "sources");
}

void known_save(const struct vault *vault)
{
	CLEANUP(text) char *text = json_canonical(vault->known);
	struct error err = { 0 };
	char path[4096];

	if (!vault->folder)
		return;
	text_format(path, sizeof(path), "%s/" FILE_NAME, vault->folder);
	if (file_save_private(path, text, strlen(text), &err) < 0)
		log_warn("what Vault said is not kept: %s", err.text);
}

const json_t *known_find(const struct vault *vault, const char *source)
{
	const json_t *item = json_object_get(json_object_get(vault->known, "sources"), source);
	int64_t now_s = (int64_t)(clock_wall_ns() / NS_PER_SEC);
	int64_t age_s = now_s - json_get_int(item, "at_s", 0);

	return item && age_s >= -AHEAD_S && age_s <= (int64_t)vault->max_age_s ? item : NULL;
}
