/* Signed bytes that are anything: a release is whole and of sound words, or refused with a
 * sentence; a limits file and a public key likewise. */
#include "harness.h"

#include <assert.h>

#include "kernel/program/limits.h"
#include "kernel/program/release.h"

static void check_key(const char *text, size_t size)
{
	CLEANUP(trust) struct trust trust = { .n_keys = 0 };
	struct error err = { 0 };

	if (trust_add(&trust, text, size, &err) == 0) {
		assert(trust.n_keys == 1);
		(void)trust_verify(&trust, (struct str) { text, size }, (struct str) { text, size },
				   &err);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(release) struct release release = { 0 };
	CLEANUP(limits) struct limits limits = { 0 };
	const char *text = (const char *)data;
	struct error err = { 0 };

	if (release_parse(text, size, &release, &err) == 0) {
		assert(program_is_name(release.name) && program_is_version(release.version));
		assert(release.not_after_ns > release.not_before_ns && release.size);
	} else {
		assert(err.code < 0 && err.text[0]);
	}
	if (limits_parse(text, size, &limits, &err) == 0)
		assert(limits.max_programs && limits.map_memory_bytes);
	check_key(text, size);
	return 0;
}
