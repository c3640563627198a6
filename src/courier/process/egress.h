/*
 * What a policy allows: judged for the host of a URL before its name is resolved, and for each
 * address before it is connected to.
 */
#pragma once

#include "base/error.h"
#include "courier/policy.h"
#include "courier/process/network.h"

enum egress_way {
	EGRESS_DIRECT,
	EGRESS_PROXY,    /* the address is that of a proxy, which the operator chose */
	EGRESS_LOOPBACK, /* nothing but loopback, and that without being named */
};

/* -EINVAL: a list of the policy is not well-formed. */
int egress_check_policy(const struct courier_policy *policy, struct error *err) MUST_CHECK;

/* A name in ASCII, or an address, without brackets: 0, -EINVAL or -EACCES. */
int egress_check_host(const struct courier_policy *policy, const char *host,
		      struct error *err) MUST_CHECK;

/* 0 or -EACCES; the sentence names the address. */
int egress_check_address(const struct courier_policy *policy, enum egress_way way,
			 const struct address *address, struct error *err) MUST_CHECK;

/* Of a URL that goes through a proxy: an address in it is judged here, or nowhere. */
int egress_check_literal(const struct courier_policy *policy, const char *host,
			 struct error *err) MUST_CHECK;
