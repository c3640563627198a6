/* Consent inside. */
#pragma once

#include "call/consent.h"
#include "call/secret.h"
#include "identity/key.h"

#define BOOT_TEXT_BYTES 40

struct pin {
	char org[CERTIFICATE_ID_BYTES];
	char host[CERTIFICATE_ID_BYTES];
	char root[KEY_TEXT_BYTES];
	char anchor_key[KEY_TEXT_BYTES];
};

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

/* Files of the folder. NULL with -ENOENT for none. */
json_t *consent_read(const struct consent *consent, const char *name, struct error *err);
int consent_write(const struct consent *consent, const char *name, const json_t *json,
		  struct error *err);

/* What is pinned, and the list in force; -ENOKEY where there is none. */
int consent_pinned(const struct consent *consent, struct pin *pin_out, struct error *err);
int consent_approvers(const struct consent *consent, const struct pin *pin,
		      struct approvers *approvers_out, struct error *err);

/* -EACCES for an author who approves himself where the list does not let him. */
int consent_check_author(const char *approver, const struct approvers *approvers,
			 const char *on_behalf, struct error *err);
