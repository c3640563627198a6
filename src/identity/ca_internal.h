/* What making a CA and issuing by one share: a certificate from our own words only. */
#pragma once

#include "identity/ca.h"

struct stack_st_GENERAL_NAME;

struct issue_extension {
	int nid; /* 0 at the end */
	const char *text;
};

struct issue {
	const char *subject; /* its CN */
	EVP_PKEY *key;       /* its public half is certified */
	const struct issue_extension *extensions;
	struct stack_st_GENERAL_NAME *names; /* NULL: no alternative names */
	unsigned days;
	uint64_t now_ns;
};

/* Signed by the CA; self-signed where that has no certificate yet. NULL with 'err'. */
X509 *ca_issue(const struct ca *ca, const struct issue *issue, struct error *err);
