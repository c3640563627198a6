/* Foreign certificate requests and public keys: what is taken is strong enough to be certified. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "identity/csr.h"
#include "identity/key.h"

static void check(EVP_PKEY *key, const struct error *err)
{
	struct error why = { 0 };
	char text[KEY_TEXT_BYTES], pin[KEY_PIN_BYTES];

	assert(ERR_peek_error() == 0); /* a TLS connection beside would take it for its own */
	if (!key) {
		assert(err->code < 0 && err->text[0]);
		return;
	}
	assert(key_check_foreign(key, &why) == 0);
	assert(strlen(key_text(key, text)) < KEY_TEXT_BYTES);
	assert(strlen(key_pin(key, pin)) == KEY_PIN_BYTES - 1);
}

static void check_round_trip(EVP_PKEY *key)
{
	struct error err = { 0 };
	char text[KEY_TEXT_BYTES];
	CLEANUP(key) EVP_PKEY *again = NULL;

	key_text(key, text);
	again = key_parse(text, strlen(text), &err);
	assert(again && key_equal(key, again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	CLEANUP(key) EVP_PKEY *of_request = csr_parse((const char *)data, size, &err);
	CLEANUP(key) EVP_PKEY *of_text = NULL;

	check(of_request, &err);
	err = (struct error) { 0 };
	of_text = key_parse((const char *)data, size, &err);
	check(of_text, &err);
	if (of_request)
		check_round_trip(of_request);
	if (of_text)
		check_round_trip(of_text);
	return 0;
}
