/* A program for each kind of place, with an effect that can be seen from outside. */
#include "../bpf/library/program.h"

struct marks {
	MAP_NUMBER(type, MAP_ARRAY);
	MAP_NUMBER(max_entries, 1);
	MAP_TYPE(key, u32);
	MAP_TYPE(value, u64);
} marks MAP;

static void mark(void)
{
	u32 first = 0;
	u64 *n = map_lookup(&marks, &first);

	if (n)
		__sync_fetch_and_add(n, 1);
}

#define PROGRAM(section, name, answer)           \
	SECTION(section) int name(void *context) \
	{                                        \
		(void)context;                   \
		mark();                          \
		return answer;                   \
	}

PROGRAM("xdp", xdp_drop, 1)
PROGRAM("xdp", xdp_pass, 2)
PROGRAM("tc", tc_drop, 2)
PROGRAM("cgroup_skb/ingress", skb_drop, 0)
PROGRAM("cgroup/connect4", connect_deny, 0)
PROGRAM("cgroup/connect6", connect_deny6, 0)
PROGRAM("cgroup/sock_create", socket_deny, 0)
PROGRAM("cgroup/dev", device_deny, 0)
PROGRAM("cgroup/sysctl", sysctl_deny, 0)
PROGRAM("sockops", sock_ops, 1)
PROGRAM("sk_lookup", sk_pass, 1)
PROGRAM("tracepoint", trace_point, 0)
PROGRAM("raw_tp", raw_point, 0)
PROGRAM("tp_btf", btf_point, 0)
PROGRAM("perf_event", sample, 0)
PROGRAM("fentry", function_entry, 0)
PROGRAM("kprobe", probe, 0)
PROGRAM("lsm", security_hook, 0)

/* One that the verifier refuses, and one that no host allows. */
SECTION("xdp")
int wild(u32 *context)
{
	return *(u8 *)(u64)context[0];
}

static long (*const send_signal)(u32 number) = (void *)109;

SECTION("tracepoint")
int killer(void *context)
{
	(void)context;
	return (int)send_signal(9);
}

LICENSE("GPL");
