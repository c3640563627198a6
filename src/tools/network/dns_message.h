/* One DNS query and what its answer says; the wire format is libresolv's. */
#pragma once

#include "base/json.h"

#define DNS_MESSAGE_MAX_BYTES 4096

enum dns_type { /* as on the wire */
	DNS_A = 1,
	DNS_NS = 2,
	DNS_AAAA = 28,
};

/*
 * Encodes a query with recursion desired. The length, or -EINVAL if 'name' is
 * no domain name ("." and "" are the root).
 */
ssize_t dns_query_encode(const char *name, enum dns_type type, uint16_t id, uint8_t *bytes_out,
			 size_t size);

struct dns_answer {
	int code;          /* 0 NOERROR, 2 SERVFAIL, 3 NXDOMAIN, 5 REFUSED ... */
	bool is_truncated; /* ask again over TCP */
	json_t *records;   /* texts of addresses and names; owned by the caller */
};

/*
 * Decodes an answer to the query 'id'. 0, -EAGAIN if it is an answer to something
 * else (a late or forged one: wait on), or -EBADMSG.
 */
int dns_answer_decode(const uint8_t *bytes, size_t len, uint16_t id, struct dns_answer *answer_out);

/* "SERVFAIL" ... or "code 11". */
const char *dns_code_name(int code, char text[16]);
