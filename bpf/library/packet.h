/* What of a frame programs at an interface look at: Ethernet, up to two VLAN tags, IPv4 and IPv6.
 */
#pragma once

#include "list.h"

enum {
	XDP_DROP_IT = 1,
	XDP_PASS_IT = 2,
};

#define ETHERNET_BYTES 14
#define ETHERNET_IPV4 0x0008 /* as it is sent */
#define ETHERNET_IPV6 0xdd86
#define ETHERNET_VLAN 0x0081
#define ETHERNET_QINQ 0xa888

struct frame { /* struct xdp_md, of linux/bpf.h */
	u32 data, data_end, data_meta, ingress_ifindex, rx_queue_index, egress_ifindex;
};

struct headers {
	const u8 *network, *transport, *end; /* transport: NULL behind extensions and fragments */
	u8 protocol;
	struct network source;
};

static inline __attribute__((always_inline)) u16 read_u16(const u8 *at)
{
	return (u16)(at[0] | at[1] << 8);
}

static inline __attribute__((always_inline)) int take_ipv4(struct headers *headers)
{
	const u8 *at = headers->network;
	u32 address;

	if (at + 20 > headers->end)
		return 0;
	__builtin_memcpy(&address, at + 12, sizeof(address));
	network_of_ipv4(&headers->source, address);
	headers->protocol = at[9];
	if (!(read_u16(at + 6) & 0xff1f)) /* the first fragment has the ports */
		headers->transport = at + (at[0] & 15) * 4;
	return 1;
}

static inline __attribute__((always_inline)) int take_ipv6(struct headers *headers)
{
	const u8 *at = headers->network;

	if (at + 40 > headers->end)
		return 0;
	headers->source = (struct network) { .bits = 128 };
	__builtin_memcpy(headers->source.address, at + 8, sizeof(headers->source.address));
	headers->protocol = at[6];
	headers->transport = at + 40;
	return 1;
}

/* 0 for what is neither. */
static inline __attribute__((always_inline)) int take_headers(const struct frame *frame,
							      struct headers *headers)
{
	const u8 *at = (const u8 *)(u64)frame->data;
	u16 kind;

	headers->end = (const u8 *)(u64)frame->data_end;
	headers->transport = NULL;
	if (at + ETHERNET_BYTES > headers->end)
		return 0;
	kind = read_u16(at + 12);
	at += ETHERNET_BYTES;
	for (int i = 0; i < 2 && (kind == ETHERNET_VLAN || kind == ETHERNET_QINQ); i++) {
		if (at + 4 > headers->end)
			return 0;
		kind = read_u16(at + 2);
		at += 4;
	}
	headers->network = at;
	if (kind == ETHERNET_IPV4)
		return take_ipv4(headers);
	return kind == ETHERNET_IPV6 && take_ipv6(headers);
}
