/*
 * Nonces given out to hosts that want to prove something: each is good once, for two
 * minutes. The newest NONCES_KEPT are remembered, so asking costs memory nothing.
 */
#pragma once

#include "identity/token.h"

#define NONCES_KEPT 1024
#define NONCES_LIFE_NS (120 * NS_PER_SEC)

struct nonces;

struct nonces *nonces_new(void);
void nonces_free(struct nonces *nonces);

const char *nonces_give(struct nonces *nonces, uint64_t now_ns, char nonce[NONCE_TEXT_BYTES]);
/* Whether it was given out and is still good; it is not any more afterwards. */
bool nonces_take(struct nonces *nonces, uint64_t now_ns, const char *nonce);
