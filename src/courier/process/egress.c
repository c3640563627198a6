#include "courier/process/egress.h"

#include <arpa/inet.h>
#include <errno.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX_BYTES 253

/* What a proxy may resolve to addresses that nobody may ask for. */
static const char hidden[] = ".localhost localhost metadata.google.internal metadata.goog "
			     "instance-data instance-data.ec2.internal .local";

int egress_check_policy(const struct courier_policy *policy, struct error *err)
{
	return networks_are_sound(policy->networks)
		       ? 0
		       : error_set(err, -EINVAL,
				   "the allowed networks are no list of addresses and networks");
}

static bool is_host(const char *host)
{
	static const char letters[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789-_.";
	size_t len = strlen(host);
	struct address address;

	if (strchr(host, ':'))
		return address_parse(host, &address);
	return len > 0 && len <= HOST_MAX_BYTES && strspn(host, letters) == len && host[0] != '.' &&
	       host[0] != '-' && !strstr(host, "..");
}

/* Names are compared without the dot that may end them. */
static bool matches(struct str rule, struct str host)
{
	if (rule.len && rule.data[rule.len - 1] == '.')
		rule.len--;
	if (rule.len && rule.data[0] == '.')
		return host.len > rule.len &&
		       strncasecmp(host.data + host.len - rule.len, rule.data, rule.len) == 0;
	return host.len == rule.len && strncasecmp(host.data, rule.data, rule.len) == 0;
}

static bool is_listed(const char *hosts, const char *host)
{
	struct str word, name = { host, strlen(host) };

	if (name.len && host[name.len - 1] == '.')
		name.len--;
	while (list_next(&hosts, &word))
		if (matches(word, name))
			return true;
	return false;
}

int egress_check_host(const struct courier_policy *policy, const char *host, struct error *err)
{
	if (!is_host(host))
		return error_set(err, -EINVAL, "the host is no name and no address");
	if (policy->hosts && !is_listed(policy->hosts, host))
		return error_set(err, -EACCES, "'%s' is not on the list of allowed hosts", host);
	return 0;
}

static int refuse(const struct address *address, const char *why, struct error *err)
{
	static const unsigned char mapped[12] = { [10] = 0xff, [11] = 0xff };
	char text[INET6_ADDRSTRLEN] = "";

	if (memcmp(address->bytes, mapped, sizeof(mapped)) == 0)
		(void)inet_ntop(AF_INET, address->bytes + sizeof(mapped), text, sizeof(text));
	else
		(void)inet_ntop(AF_INET6, address->bytes, text, sizeof(text));
	return error_set(err, -EACCES, "the address %s %s", text, why);
}

int egress_check_address(const struct courier_policy *policy, enum egress_way way,
			 const struct address *address, struct error *err)
{
	enum address_kind kind = address_kind(address);

	if (way == EGRESS_LOOPBACK)
		return address_is_loopback(address)
			       ? 0
			       : refuse(address, "is not loopback, and nothing would be encrypted",
					err);
	if (kind == ADDRESS_NEVER)
		return refuse(address, "is never connected to", err);
	if (kind == ADDRESS_PRIVATE && way == EGRESS_DIRECT &&
	    !address_is_in(address, policy->networks))
		return refuse(address, "is private, and no allowed network holds it", err);
	return 0;
}

int egress_check_literal(const struct courier_policy *policy, const char *host, struct error *err)
{
	struct address address;

	if (address_parse(host, &address))
		return egress_check_address(policy, EGRESS_DIRECT, &address, err);
	if (is_listed(hidden, host))
		return error_set(err, -EACCES, "'%s' is a name of this machine or network", host);
	return 0;
}
