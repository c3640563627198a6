/* A file of credentials of NATS: what is taken is whole, and what it says stays within its kind. */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "base/utf8.h"
#include "net/nats_credentials.h"

static void check_text(const char *text)
{
	assert(!text || utf8_is_valid(text, strlen(text)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct nats_credentials said = { 0 };
	struct error err = { 0 };
	char *bytes = malloc(size ? size : 1), *signature;

	assert(bytes);
	memcpy(bytes, data, size);
	if (nats_credentials_parse(bytes, size, &said, &err) < 0) {
		assert(err.text[0] && !nats_credentials_are_there(&said));
	} else {
		assert(nats_credentials_are_there(&said));
		assert(!said.user == !said.password && !(said.jwt && !said.key));
		assert(!!said.user + !!said.token + !!said.key == 1);
		check_text(said.user);
		check_text(said.password);
		check_text(said.token);
		if (said.key) {
			assert(said.public_key[0] == 'U' &&
			       strlen(said.public_key) == NATS_KEY_BYTES - 1);
			signature = nats_credentials_sign(&said, "nonce");
			assert(signature && strlen(signature) == 86);
			free(signature);
		}
	}
	nats_credentials_finish(&said);
	free(bytes);
	return 0;
}
