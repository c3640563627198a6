/* The tables of /proc/net as a hostile machine would write them: bounded, and always an answer. */
#include "harness.h"

#include <assert.h>

#include "host/network.h"
#include "machine.h"
#include "tools/network/conntrack.h"
#include "tools/network/interfaces.h"

static const char *const paths[] = {
	"proc/1/net/dev",
	"proc/1/net/route",
	"proc/1/net/fib_trie",
	"proc/1/net/if_inet6",
	"proc/1/net/netstat",
	"proc/1/net/stat/nf_conntrack",
	"proc/sys/net/netfilter/nf_conntrack_max",
	NULL,
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host *host = machine_fill(paths, data, size);
	CLEANUP(json) json_t *result = json_object();
	CLEANUP(json) json_t *counters = network_counters(host);
	CLEANUP(json) json_t *conntrack = conntrack_json(host);

	interfaces_read(host, result);
	interfaces_rate(host, 0.5, result);
	routes_read(host, result);
	assert(json_is_object(counters) && conntrack);
	assert(json_is_array(json_object_get(result, "interfaces")));
	assert(json_is_array(json_object_get(result, "routes")));
	return 0;
}
