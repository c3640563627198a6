#include "warden/near.h"

#include <netinet/in.h>
#include <string.h>

/* Last, in an address of IPv6, is one of IPv4: ::/96, which ::1 and :: are of too, ::ffff:0:0/96 or
 * 64:ff9b::/96. */
static bool has_v4(const struct in6_addr *address)
{
	static const uint8_t prefixes[][12] = {
		{ 0 },
		{ [10] = 0xff, 0xff },
		{ 0, 0x64, 0xff, 0x9b },
	};

	for (size_t i = 0; i < ARRAY_LEN(prefixes); i++)
		if (memcmp(address->s6_addr, prefixes[i], sizeof(prefixes[i])) == 0)
			return true;
	return false;
}

/* Where clouds have it beside the addresses of the link: fd00:ec2::254, fd20:ce::254. */
static bool is_metadata(const struct in6_addr *address)
{
	static const struct in6_addr known[] = {
		{ .s6_addr = { 0xfd, 0, 0x0e, 0xc2, [14] = 0x02, 0x54 } },
		{ .s6_addr = { 0xfd, 0x20, 0, 0xce, [14] = 0x02, 0x54 } },
	};

	for (size_t i = 0; i < ARRAY_LEN(known); i++)
		if (IN6_ARE_ADDR_EQUAL(address, &known[i]))
			return true;
	return false;
}

bool near_is(const struct sockaddr *address)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)(const void *)address;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)(const void *)address;
	uint32_t bits;

	if (address->sa_family == AF_INET6 && !has_v4(&v6->sin6_addr))
		return IN6_IS_ADDR_LINKLOCAL(&v6->sin6_addr) ||
		       IN6_IS_ADDR_MULTICAST(&v6->sin6_addr) || is_metadata(&v6->sin6_addr);
	if (address->sa_family == AF_INET6)
		memcpy(&bits, &v6->sin6_addr.s6_addr[12], sizeof(bits));
	else
		bits = v4->sin_addr.s_addr;
	bits = ntohl(bits);
	/* 169.254/16, 224/3, 0/8, 127/8, and 100.100.100.200. */
	return bits >> 16 == 0xa9fe || bits >> 28 >= 0xe || bits >> 24 == 0 || bits >> 24 == 0x7f ||
	       bits == 0x646464c8;
}
