/* A manifest that is anything: what is taken has known types, plain files and sound times. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "kernel/program/health.h"
#include "kernel/program/limits.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(manifest) struct manifest manifest = { 0 };
	CLEANUP(limits) struct limits limits = { 0 };
	struct health health;
	struct error err = { 0 };

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
	assert(limits_check(&limits, &manifest, &err) == 0);
	return 0;
}
