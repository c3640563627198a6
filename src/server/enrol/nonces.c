#include "server/enrol/nonces.h"

#include <stdlib.h>
#include <string.h>

struct given {
	char nonce[NONCE_TEXT_BYTES];
	uint64_t at_ns;
};

struct nonces {
	unsigned next;
	struct given given[NONCES_KEPT];
};

struct nonces *nonces_new(void)
{
	struct nonces *nonces = calloc(1, sizeof(*nonces));

	if (!nonces)
		abort();
	return nonces;
}

void nonces_free(struct nonces *nonces)
{
	free(nonces);
}

const char *nonces_give(struct nonces *nonces, uint64_t now_ns, char nonce[NONCE_TEXT_BYTES])
{
	struct given *given = &nonces->given[nonces->next++ % NONCES_KEPT];

	(void)nonce_make(given->nonce);
	given->at_ns = now_ns;
	text_format(nonce, NONCE_TEXT_BYTES, "%s", given->nonce);
	return nonce;
}

bool nonces_take(struct nonces *nonces, uint64_t now_ns, const char *nonce)
{
	if (!nonce_is(nonce))
		return false;
	for (unsigned i = 0; i < NONCES_KEPT; i++) {
		struct given *given = &nonces->given[i];

		if (!token_equal(given->nonce, strlen(given->nonce), nonce, strlen(nonce)))
			continue;
		given->nonce[0] = '\0';
		return now_ns - given->at_ns < NONCES_LIFE_NS;
	}
	return false;
}
