#include <errno.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <stdlib.h>
#include <string.h>

#include "base/encoding.h"
#include "base/json.h"
#include "call/audit_internal.h"
#include "call/small_file.h"

#define LABEL "constable audit key"

void audit_key_hmac(const unsigned char key[SECRET_BYTES], const void *bytes, size_t len,
		    char text[HASH_TEXT_BYTES])
{
	unsigned char mac[EVP_MAX_MD_SIZE];
	unsigned n_mac = 0;

	if (!HMAC(EVP_sha256(), key, SECRET_BYTES, len ? bytes : "", len, mac, &n_mac))
		abort();
	(void)hex_encode(mac, n_mac, text);
}

void audit_key_id(const unsigned char key[SECRET_BYTES], char id[AUDIT_KEY_ID_BYTES])
{
	char mac[HASH_TEXT_BYTES];

	audit_key_hmac(key, LABEL, strlen(LABEL), mac);
	text_format(id, AUDIT_KEY_ID_BYTES, "%.*s", AUDIT_KEY_ID_BYTES - 1, mac);
}

void audit_keys_follow(struct audit_keys *keys, const json_t *start, uint64_t seq)
{
	const char *id = json_get_text(start, "key_id", "");

	if (!*id || strcmp(keys->id, id) == 0)
		return;
	if (*keys->id)
		keys->changed_seq = seq;
	text_format(keys->id, sizeof(keys->id), "%s", id);
	keys->seq = seq;
}

int audit_key_look(int dir_fd, char id[AUDIT_KEY_ID_BYTES])
{
	struct error ignored = { 0 };
	struct buf key = { 0 };
	int r;

	buf_init(&key, SECRET_BYTES);
	r = small_file_load(dir_fd, AUDIT_KEY_FILE, &key, &ignored);
	if (r == 0 && key.len != SECRET_BYTES)
		r = -E2BIG;
	if (r == 0)
		audit_key_id((const unsigned char *)key.data, id);
	if (key.data)
		OPENSSL_cleanse(key.data, key.len);
	buf_finish(&key);
	return r;
}
