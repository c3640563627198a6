/*
 * Counts the names that the processes of a control group ask the DNS for, over UDP, on the host or
 * elsewhere. It lets everything pass and goes with the agent.
 */
#include "../program.h"

#define PASS 1
#define UDP 17
#define DNS_PORT 53
#define HEADER_BYTES 12
#define NAME_BYTES 128

struct packet { /* the beginning of struct __sk_buff, of linux/bpf.h */
	u32 len;
};

struct name {
	char text[NAME_BYTES]; /* lower case, without the last dot; cut where it is longer */
};

struct {
	MAP_NUMBER(type, MAP_LRU_HASH);
	MAP_NUMBER(max_entries, 4096);
	MAP_TYPE(key, struct name);
	MAP_TYPE(value, u64);
} names MAP;

static long (*const load_bytes)(const void *packet, u32 offset, void *to, u64 len) = (void *)26;

/* Where the question begins, or 0. */
static u32 question_of(const struct packet *packet)
{
	u8 first = 0, protocol = 0, flags = 0;
	u8 port[2] = { 0 };
	u32 transport = 40;

	if (load_bytes(packet, 0, &first, sizeof(first)) < 0)
		return 0;
	if (first >> 4 == 4)
		transport = (u32)(first & 15) * 4;
	if (load_bytes(packet, first >> 4 == 4 ? 9 : 6, &protocol, sizeof(protocol)) < 0 ||
	    protocol != UDP || load_bytes(packet, transport + 2, port, sizeof(port)) < 0 ||
	    port[0] || port[1] != DNS_PORT ||
	    load_bytes(packet, transport + 8 + 2, &flags, sizeof(flags)) < 0 || flags & 0x80)
		return 0;
	return transport + 8 + HEADER_BYTES;
}

/* Labels, each but the first after its length, become a name with dots. */
static void to_text(struct name *name, u32 left)
{
	int is_over = !left;

	for (u32 i = 0; i < NAME_BYTES; i++) {
		u8 byte = (u8)name->text[i];

		if (is_over) {
			name->text[i] = 0;
		} else if (left) {
			left--;
			if (byte >= 'A' && byte <= 'Z')
				name->text[i] = (char)(byte | 0x20);
		} else if (!byte || byte > 63) {
			is_over = 1;
			name->text[i] = 0;
		} else {
			left = byte;
			name->text[i] = '.';
		}
	}
}

SECTION("cgroup_skb/egress")
int dns_audit(const struct packet *packet)
{
	u32 at = question_of(packet);
	u64 len; /* as wide as a register: the verifier knows what was checked of the whole of it */
	struct name name = { 0 };
	u8 first = 0;

	if (!at || load_bytes(packet, at++, &first, sizeof(first)) < 0 || packet->len <= at)
		return PASS;
	len = packet->len - at;
	if (len > NAME_BYTES)
		len = NAME_BYTES;
	FORGET(len);
	if (len < 1 || len > NAME_BYTES || load_bytes(packet, at, name.text, len) < 0)
		return PASS;
	to_text(&name, first);
	count_key(&names, &name);
	return PASS;
}

LICENSE("GPL");
