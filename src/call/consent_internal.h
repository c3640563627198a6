/* Consent inside. */
#pragma once

#include "call/consent.h"
#include "call/secret.h"

#define BOOT_TEXT_BYTES 40

struct consent {
	int dir_fd;
	char boot_id[BOOT_TEXT_BYTES];
};

/* A nonce for exactly this call; 'key' is nonce.key. */
void nonce_format(const struct consent *consent, const unsigned char key[SECRET_BYTES],
		  const struct consent_call *call, char nonce[NONCE_TEXT_BYTES]);

/* Its age in boot time, or -EACCES for one that was not given for this call on this boot. */
int nonce_check(const struct consent *consent, const unsigned char key[SECRET_BYTES],
		const struct consent_call *call, const char *nonce, uint64_t *age_ns_out,
		struct error *err);

/* Boot time, so that neither a changed clock nor a suspended host prolongs a yes. */
uint64_t nonce_now_ns(void);

/* Remembers it until it would have expired anyway; -EACCES if it is remembered already. */
int nonce_use(const struct consent *consent, const char *nonce, uint64_t expires_ns,
	      struct error *err);
