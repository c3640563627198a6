/* An archive that is anything: plain names, few files, few bytes; packed again it is the same. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "kernel/program/tarball.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(tarball_files) struct tarball_files files = { .n = 0 }, again = { .n = 0 };
	CLEANUP(buf) struct buf packed = { 0 };
	struct error err = { 0 };
	size_t total = 0;

	if (tarball_unpack(data, size, &files, &err) < 0) {
		assert(err.text[0] && !files.n);
		return 0;
	}
	for (size_t i = 0; i < files.n; i++) {
		assert(tarball_is_name(files.at[i].name));
		total += files.at[i].len;
	}
	assert(files.n <= TARBALL_MAX_FILES && total <= TARBALL_MAX_BYTES);
	buf_init(&packed, 2 * TARBALL_MAX_BYTES);
	if (total > 64 * KIB)
		return 0;
	assert(tarball_pack(&files, &packed, &err) == 0);
	assert(tarball_unpack(packed.data, packed.len, &again, &err) == 0);
	assert(again.n == files.n);
	return 0;
}
