/* A manifest that is anything: what is taken has known types, plain files and sound times. */
#include "harness.h"

#include <assert.h>
#include <errno.h>
#include <string.h>

#include "kernel/program/health.h"
#include "kernel/program/limits.h"

static void check_probe(const uint8_t *data, size_t size)
{
	char text[PROBE_TEXT_BYTES + 8];
	struct error err = { 0 };
	struct probe probe;

	size = size < sizeof(text) ? size : sizeof(text) - 1;
	memcpy(text, data, size);
	text[size] = '\0';
	if (probe_parse(text, &probe, &err) < 0) {
		assert(err.text[0]);
		return;
	}
	assert(strcmp(probe.text, text) == 0 && probe.host[0] && probe.path <= strlen(text));
	assert(!strpbrk(probe.text, " \r\n") && !strpbrk(probe.host, "/@?#["));
	assert(probe.port || probe.kind == PROBE_DNS || probe.kind == PROBE_ICMP);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(limits) struct limits limits = { 0 };
	struct health health;
	struct error err = { 0 };

	check_probe(data, size);
	if (manifest_parse((const char *)data, size, &manifest, &err) < 0) {
		assert(err.text[0]);
		return 0;
	}
	assert(manifest.n_programs && manifest.n_programs <= MANIFEST_MAX_PROGRAMS);
	assert(!strchr(manifest.object, '/') && manifest.max_ttl_s >= manifest.ttl_s);
	for (size_t i = 0; i < manifest.n_programs; i++)
		assert(manifest.programs[i].type && !strstr(manifest.programs[i].target, ".."));
	if (manifest_set_targets(&manifest, json_object_get(manifest.document, "requires"), &err) <
	    0)
		return 0;
	assert(health_parse(manifest.document, NULL, &health, &err) == 0);
	assert(health.n_counters <= HEALTH_MAX_COUNTERS && health.k <= health.n);
	assert(limits_parse("{}", 2, &limits, &err) == 0);
	assert(health.n_probes <= PROBE_MAX);
	/* A host that says nothing lets nobody have it talk. */
	assert(limits_check(&limits, &manifest, &err) == (health.n_probes ? -EACCES : 0));
	return 0;
}
