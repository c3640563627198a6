/*
 * Hosts, addresses and lists of networks: what never may be reached is never allowed, and what
 * is private only by a network that holds it.
 */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "courier/process/egress.h"

static void check_address(const struct courier_policy *policy, const struct address *address)
{
	const struct courier_policy everything = { .networks = "0.0.0.0/0 ::/0" };
	enum address_kind kind = address_kind(address);
	struct error err = { 0 };
	int r = egress_check_address(policy, EGRESS_DIRECT, address, &err);

	assert(r == 0 || (r == -EACCES && *err.text));
	assert((kind == ADDRESS_PUBLIC) <= (r == 0));
	assert(kind != ADDRESS_NEVER || r < 0);
	if (kind == ADDRESS_PRIVATE)
		assert((r == 0) == address_is_in(address, policy->networks));
	r = egress_check_address(&everything, EGRESS_DIRECT, address, &err);
	assert((r == 0) == (kind != ADDRESS_NEVER));
	r = egress_check_address(&everything, EGRESS_LOOPBACK, address, &err);
	assert((r == 0) == address_is_loopback(address));
}

/* A host, and behind its line a list. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *host = strndup((const char *)data, size);
	char *list = host ? strchr(host, '\n') : NULL;
	struct courier_policy policy = { 0 };
	struct error err = { 0 };
	struct address address;

	assert(host);
	if (list)
		*list++ = '\0';
	policy.hosts = list;
	assert(egress_check_host(&policy, host, &err) <= 0);
	assert(egress_check_literal(&policy, host, &err) <= 0);
	policy = (struct courier_policy) { .networks = list };
	if (egress_check_policy(&policy, &err) < 0)
		policy.networks = NULL;
	if (address_parse(host, &address))
		check_address(&policy, &address);
	if (size >= sizeof(address.bytes)) {
		memcpy(address.bytes, data, sizeof(address.bytes));
		check_address(&policy, &address);
	}
	free(host);
	return 0;
}
