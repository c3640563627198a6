#include "kernel/program/vault/answer.h"

#include <errno.h>
#include <string.h>

#include "base/encoding.h"
#include "base/scan.h"
#include "identity/key.h"

#define PEM_BEGIN "-----BEGIN PUBLIC KEY-----"
#define ED25519_BYTES 32
#define WHY_MAX_BYTES 200
#define TTL_MAX_S INT64_C(315360000) /* ten years */

/* What is gathered of one answer. */
struct gathering {
	json_t *keys;
	unsigned n_refused;
	struct error first; /* why */
};

json_t *vault_answer_parse(const char *text, size_t len, struct error *err)
{
	CLEANUP(json) json_t *answer = json_parse(text, len, VAULT_ANSWER_MAX_BYTES, err);

	if (!answer || !json_is_object(answer)) {
		*err = (struct error) { 0 };
		error_set(err, -EBADMSG, "what answers is no Vault: it says no JSON object");
		return NULL;
	}
	return TAKE(answer);
}

/* {"errors":[]}, or a version of KV 2 whose data is gone while its metadata is there. */
bool vault_answer_is_absence(const json_t *answer)
{
	const json_t *errors = json_object_get(answer, "errors");
	const json_t *data = json_object_get(answer, "data");

	return json_is_array(errors) ? json_array_size(errors) == 0
				     : json_is_object(json_object_get(data, "metadata"));
}

const char *vault_answer_why(const json_t *answer, char text_out[ERROR_TEXT_BYTES])
{
	const json_t *first = json_array_get(json_object_get(answer, "errors"), 0);
	const char *text = json_is_string(first) ? json_string_value(first) : "";
	size_t n = 0;

	for (; text[n] && n < WHY_MAX_BYTES; n++)
		text_out[n] = text[n] < ' ' || text[n] > '~' ? ' ' : text[n];
	text_out[n] = '\0';
	return text_out;
}

/* --- keys ---------------------------------------------------------------------------------- */

static bool has_key(const json_t *keys, const char *id)
{
	const json_t *item;
	size_t i;

	json_array_foreach(keys, i, item)
	{
		if (strcmp(json_get_text(item, "id", ""), id) == 0)
			return true;
	}
	return false;
}

static void add_key(struct gathering *gathering, const char *text, size_t len, int64_t version)
{
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };
	char line[KEY_TEXT_BYTES];
	json_t *item;

	if (json_array_size(gathering->keys) >= VAULT_MAX_KEYS)
		error_set(&err, -E2BIG, "at most %d keys of one path count", VAULT_MAX_KEYS);
	else if (trust_add(&trust, text, len, &err) == 0 &&
		 !has_key(gathering->keys, trust.keys[0].id)) {
		item = json_pack("{s:s, s:s}", "key", key_text(trust.keys[0].key, line), "id",
				 trust.keys[0].id);
		if (version)
			json_put(item, "version", json_integer(version));
		json_push(gathering->keys, item);
	}
	if (err.code && !gathering->n_refused++)
		gathering->first = err;
}

/* One key, or several in PEM one after the other. */
static void add_keys(struct gathering *gathering, const json_t *value)
{
	const char *at = json_string_value(value), *end = at + json_string_length(value);

	while (at < end) {
		const char *next = strstr(at + 1, PEM_BEGIN);

		if (!next)
			next = end;
		if (strspn(at, " \t\r\n") < (size_t)(next - at))
			add_key(gathering, at, (size_t)(next - at), 0);
		at = next;
	}
}

static void add_field(struct gathering *gathering, const json_t *value)
{
	const json_t *item;
	size_t i;

	if (json_is_string(value))
		add_keys(gathering, value);
	json_array_foreach(value, i, item)
	{
		if (json_is_string(item))
			add_keys(gathering, item);
	}
}

static int take_kv(struct gathering *gathering, const json_t *data,
		   const struct vault_source *source, struct error *err)
{
	const json_t *inner = json_object_get(data, "data");
	const json_t *fields = json_is_object(json_object_get(data, "metadata")) ? inner : data;
	const char *field = source->field;

	if (json_is_null(inner) && fields == inner)
		return 0; /* that version was deleted */
	if (!json_is_object(fields))
		return error_set(err, -EBADMSG, "Vault's answer holds no secret");
	if (*field) {
		add_field(gathering, json_object_get(fields, field));
		return 0;
	}
	add_field(gathering, json_object_get(fields, "public_key"));
	add_field(gathering, json_object_get(fields, "public_keys"));
	return 0;
}

/* The bytes alone, as transit has a key of Ed25519, in front of which goes what they are (RFC
 * 8410).
 */
static void add_ed25519(struct gathering *gathering, const char *text, int64_t version)
{
	static const unsigned char head[] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
					      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
	unsigned char der[sizeof(head) + ED25519_BYTES];
	char line[BASE64_TEXT_BYTES(sizeof(der))];
	CLEANUP(buf) struct buf raw = { 0 };

	buf_init(&raw, ED25519_BYTES);
	if (base64_decode(text, strlen(text), &raw) < 0 || raw.len != ED25519_BYTES) {
		if (!gathering->n_refused++)
			error_set(&gathering->first, -EBADMSG,
				  "a public key of Ed25519 has %d bytes of Base64", ED25519_BYTES);
		return;
	}
	memcpy(der, head, sizeof(head));
	memcpy(der + sizeof(head), raw.data, ED25519_BYTES);
	(void)base64_encode(der, sizeof(der), line);
	add_key(gathering, line, strlen(line), version);
}

static int64_t highest(int64_t one, int64_t other)
{
	return one > other ? one : other;
}

/* The highest version below 'below', or 0; Vault lists them as text, so 10 comes before 9. */
static int64_t next_version(const json_t *versions, int64_t below, const json_t **item_out)
{
	int64_t found = 0;
	const char *name;
	json_t *item;

	json_object_foreach((json_t *)versions, name, item)
	{
		const char *at = name;
		uint64_t version;

		if (!scan_u64(&at, &version) || *at || version > INT32_MAX ||
		    (int64_t)version >= below || (int64_t)version <= found)
			continue;
		found = (int64_t)version;
		*item_out = item;
	}
	return found;
}

static void add_versions(struct gathering *gathering, const json_t *versions, int64_t least,
			 bool is_ed25519)
{
	int64_t version = INT64_C(1) + INT32_MAX;
	const json_t *item = NULL;

	for (int i = 0; (version = next_version(versions, version, &item)) >= least && version;
	     i++) {
		const char *text = json_get_text(item, "public_key", "");

		if (i == VAULT_MAX_KEYS) {
			if (!gathering->n_refused++)
				error_set(&gathering->first, -E2BIG,
					  "only the newest %d versions count", VAULT_MAX_KEYS);
			return;
		}
		if (is_ed25519)
			add_ed25519(gathering, text, version);
		else
			add_key(gathering, text, strlen(text), version);
	}
}

static int take_transit(struct gathering *gathering, const json_t *data, struct error *err)
{
	const char *type = json_get_text(data, "type", "");
	bool is_ed25519 = strcmp(type, "ed25519") == 0;
	const json_t *versions = json_object_get(data, "keys");
	int64_t least = highest(json_get_int(data, "min_decryption_version", 1),
				json_get_int(data, "min_available_version", 0));

	if (!json_is_object(versions))
		return error_set(err, -EBADMSG, "Vault's answer holds no transit key");
	if (!is_ed25519 && strcmp(type, "ecdsa-p256") != 0)
		return error_set(err, -EKEYREJECTED,
				 "a transit key that signs programs is ed25519 or ecdsa-p256");
	if (json_get_bool(data, "derived", false))
		return error_set(err, -EKEYREJECTED,
				 "a transit key that signs programs is not a derived one");
	add_versions(gathering, versions, least, is_ed25519);
	return 0;
}

json_t *vault_answer_keys(const json_t *answer, const struct vault_source *source,
			  char why_out[ERROR_TEXT_BYTES], struct error *err)
{
	CLEANUP(json) json_t *keys = json_array();
	struct gathering gathering = { .keys = keys };
	const json_t *data = json_object_get(answer, "data");
	int r = source->kind == VAULT_KV ? take_kv(&gathering, data, source, err)
					 : take_transit(&gathering, data, err);

	why_out[0] = '\0';
	if (r < 0)
		return NULL;
	if (gathering.n_refused)
		text_format(why_out, ERROR_TEXT_BYTES, "%u that are no keys for programs: %.300s",
			    gathering.n_refused, gathering.first.text);
	else if (!json_array_size(keys))
		text_format(why_out, ERROR_TEXT_BYTES, "there is no public key in it");
	return TAKE(keys);
}

/* --- tokens and signatures ------------------------------------------------------------------- */

int vault_answer_token(const json_t *answer, struct vault_ttl *ttl_out, struct error *err)
{
	const json_t *auth = json_object_get(answer, "auth");
	const json_t *from = json_is_object(auth) ? auth : json_object_get(answer, "data");
	int64_t ttl_s = json_get_int(from, json_is_object(auth) ? "lease_duration" : "ttl", -1);

	if (ttl_s < 0)
		return error_set(err, -EBADMSG, "Vault's answer says nothing of a token");
	/* Its last second counts as none, and is told apart from no end by the time of that. */
	if (!ttl_s && json_is_string(json_object_get(from, "expire_time")))
		ttl_s = 1;
	*ttl_out = (struct vault_ttl) {
		.ttl_s = (uint64_t)(ttl_s < TTL_MAX_S ? ttl_s : TTL_MAX_S),
		.is_renewable = json_get_bool(from, "renewable", false),
	};
	return 0;
}

int vault_answer_signature(const json_t *answer, int64_t version, struct buf *out,
			   struct error *err)
{
	const char *text = json_get_text(json_object_get(answer, "data"), "signature", "");
	char prefix[40];
	size_t len;

	text_format(prefix, sizeof(prefix), "vault:v%jd:", (intmax_t)version);
	len = strlen(prefix);
	if (strncmp(text, prefix, len) != 0 || strlen(text) > PROGRAM_SIGNATURE_MAX_BYTES ||
	    base64_decode(text + len, strlen(text + len), out) < 0)
		return error_set(err, -EBADMSG, "Vault's answer holds no signature by version %jd",
				 (intmax_t)version);
	return 0;
}
