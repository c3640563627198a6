#include "agent/registry/wish.h"

#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "call/hash.h"
#include "kernel/program/program.h"

#define ID_MAX_BYTES 128
#define SIGNATURE_TEXT_MAX_BYTES ((size_t)2048)
#define MAX_ENTRIES (4 * WISH_MAX) /* that are looked at, of those that name nothing new too */

/* It becomes part of a path at the registry. */
static bool is_id(const char *text)
{
	size_t len = strlen(text);

	return len && len <= ID_MAX_BYTES && text[0] != '.' &&
	       strspn(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-") ==
		       len;
}

static const char *id_of(const json_t *entry)
{
	return json_get_text(entry, "id", json_get_text(entry, "artifact_id", ""));
}

static const char *signature_of(const json_t *entry)
{
	return json_get_text(json_object_get(entry, "metadata"), "signature",
			     json_get_text(entry, "signature", ""));
}

static const char *release_of(const json_t *entry)
{
	return json_get_text(json_object_get(entry, "metadata"), "release", "");
}

/* What their texts mean is for the manifest to say. */
static bool is_lists(const json_t *lists)
{
	const json_t *item;
	const char *name;
	json_t *items;
	size_t i;

	if (lists && !json_is_object(lists) && !json_is_null(lists))
		return false;
	json_object_foreach((json_t *)(uintptr_t)lists, name, items)
	{
		if (!json_is_array(items) || json_array_size(items) > PROGRAM_LIST_MAX_ITEMS)
			return false;
		json_array_foreach(items, i, item)
		{
			if (!json_is_string(item))
				return false;
		}
	}
	return true;
}

/* 0 for what is no object. */
static size_t n_bytes_of(const json_t *entry, const char *member)
{
	return json_dumpb(json_object_get(entry, member), NULL, 0, JSON_COMPACT);
}

static bool is_too_much(const json_t *entry)
{
	return n_bytes_of(entry, "parameters") + n_bytes_of(entry, "targets") +
		       n_bytes_of(entry, "lists") >
	       PROGRAM_GIVEN_MAX_BYTES;
}

/* What is wrong with it, or NULL. */
static const char *fault_of(const json_t *entry)
{
	const char *checksum = json_get_text(entry, "checksum", "");

	if (!is_id(id_of(entry)))
		return "its id is none";
	if (strlen(checksum) != HASH_TEXT_BYTES - 1 || !hex_is(checksum, HASH_TEXT_BYTES - 1))
		return "its checksum is no SHA-256";
	if (!*release_of(entry) || !*signature_of(entry))
		return "it is not signed: its metadata has no 'release' with a 'signature'";
	if (strlen(release_of(entry)) > PROGRAM_RELEASE_MAX_BYTES ||
	    strlen(signature_of(entry)) > SIGNATURE_TEXT_MAX_BYTES)
		return "its release is too long";
	if (!is_lists(json_object_get(entry, "lists")))
		return "its lists are no lists of texts, or too long";
	if (is_too_much(entry))
		return "its parameters, targets and lists are too long together";
	return NULL;
}

static void add_keys(json_t *wish, const json_t *entry)
{
	CLEANUP(json) json_t *whole = json_copy(wish);

	json_put(whole, "assigned_at", json_string(json_get_text(entry, "assigned_at", "")));
	json_put(wish, "key", hash_json(whole));
	(void)json_object_del(whole, "params");
	(void)json_object_del(whole, "lists");
	json_put(wish, "rest", hash_json(whole));
}

static void add_object(json_t *wish, const char *member, const json_t *value)
{
	if (json_is_object(value) && json_object_size(value))
		json_put(wish, member, json_incref((json_t *)(uintptr_t)value));
}

/* Who may say what a program is called is who signed it, not the registry. */
static bool is_signed_name(const json_t *entry, const char *name)
{
	const char *text = release_of(entry);
	struct error err = { 0 };
	CLEANUP(json)
	json_t *release = json_parse(text, strlen(text), PROGRAM_RELEASE_MAX_BYTES, &err);

	return strcmp(json_get_text(release, "name", ""), name) == 0;
}

static json_t *read_wish(const json_t *entry, const char *name)
{
	const char *version = json_get_text(entry, "version", ""), *fault = fault_of(entry);
	json_t *wish = json_pack("{s:s, s:s}", "name", name, "version",
				 program_is_version(version) ? version : "?");
	json_int_t ttl_s = json_get_int(entry, "ttl_sec", 0);

	if (!fault && !is_signed_name(entry, name))
		fault = "its release is that of another program";
	if (fault) {
		json_put(wish, "why", json_string(fault));
	} else {
		json_put(wish, "id", json_string(id_of(entry)));
		json_put(wish, "sha256", json_string(json_get_text(entry, "checksum", "")));
		json_put(wish, "release", json_string(release_of(entry)));
		json_put(wish, "signature", json_string(signature_of(entry)));
		add_object(wish, "params", json_object_get(entry, "parameters"));
		add_object(wish, "targets", json_object_get(entry, "targets"));
		add_object(wish, "lists", json_object_get(entry, "lists"));
		if (ttl_s > 0)
			json_put(wish, "ttl_s", json_integer(ttl_s));
	}
	add_keys(wish, entry);
	return wish;
}

static bool is_named(const json_t *list, const char *name)
{
	const json_t *wish;
	size_t i;

	json_array_foreach(list, i, wish)
	{
		if (strcmp(json_get_text(wish, "name", ""), name) == 0)
			return true;
	}
	return false;
}

static bool is_revoked(const json_t *revoked, const json_t *entry)
{
	const char *checksum = json_get_text(entry, "checksum", "");
	const json_t *item;
	size_t i;

	json_array_foreach(revoked, i, item)
	{
		if (json_is_string(item) && strcmp(json_string_value(item), checksum) == 0)
			return true;
	}
	return false;
}

static json_t *read_revoked(const json_t *answer)
{
	json_t *list = json_array(), *item;
	size_t i;

	json_array_foreach(json_object_get(answer, "revoked"), i, item)
	{
		if (i >= WISH_MAX_REVOKED)
			break;
		if (json_is_string(item))
			json_push(list, json_incref(item));
	}
	return list;
}

json_t *wish_parse(const char *text, size_t len, struct error *err)
{
	CLEANUP(json) json_t *answer = json_parse(text, len, WISH_LIST_MAX_BYTES, err);
	const json_t *entries = json_object_get(answer, "artifacts"), *entry;
	json_t *list, *revoked;
	size_t i;

	if (!answer)
		return NULL;
	if (!json_is_array(entries)) {
		error_set(err, -EBADMSG, "the registry's answer has no 'artifacts'");
		return NULL;
	}
	list = json_array();
	revoked = read_revoked(answer);
	json_array_foreach(entries, i, entry)
	{
		const char *name = json_get_text(entry, "name", "");

		if (i >= MAX_ENTRIES || json_array_size(list) >= WISH_MAX)
			break;
		if (program_is_name(name) && !is_named(list, name) && !is_revoked(revoked, entry))
			json_push(list, read_wish(entry, name));
	}
	return json_pack("{s:o, s:o}", "wishes", list, "revoked", revoked);
}
