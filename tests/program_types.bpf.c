/* Where a structure of the kernel has a member: a structure that no kernel has. */
#include "../bpf/library/program.h"

struct constable_made_up {
	int there;
} OF_KERNEL;

struct {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} place MAP;

SECTION("cgroup_skb/egress")
int types(void *packet)
{
	u32 first = 0;
	u64 offset = __builtin_preserve_field_info(((struct constable_made_up *)0)->there, 0);

	(void)packet;
	map_update(&place, &first, &offset, 0);
	return 1;
}

LICENSE("GPL");
