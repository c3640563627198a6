/* What /etc/resolv.conf says, read as glibc reads it. */
#pragma once

#include "base/json.h"

/* glibc asks only the first three servers; more are kept to say that they are ignored. */
#define RESOLV_CONF_MAX_SERVERS 8
#define RESOLV_CONF_USED_SERVERS 3
#define RESOLV_CONF_ADDRESS_BYTES 64

struct resolv_conf {
	char servers[RESOLV_CONF_MAX_SERVERS][RESOLV_CONF_ADDRESS_BYTES];
	size_t n_servers;
	json_t *search; /* owned by the caller */
	int64_t ndots, timeout_s, attempts;
	bool rotates, uses_tcp;
	size_t n_ignored_lines; /* neither known nor a comment */
};

void resolv_conf_parse(const char *text, struct resolv_conf *conf_out);
json_t *resolv_conf_json(const struct resolv_conf *conf);
