/*
 * A program or library whose functions a trace names: what comes of it lies in it, and each name is
 * found again where it is.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/trace/elf_internal.h"

#define MAX_BYTES (256 * KIB)

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	CLEANUP(elf) struct elf elf = { 0 };
	CLEANUP(fd) int fd = -1;
	struct error err = { 0 };

	if (size > MAX_BYTES)
		return 0;
	fd = memfd_create("elf", MFD_CLOEXEC);
	assert(fd >= 0 && fd_write_all(fd, data, size) == 0);
	if (elf_load(&elf, fd, &err) < 0) {
		assert(err.code && *err.text);
		return 0;
	}
	for (size_t i = 0; i < elf.n_symbols; i++) {
		const struct elf_symbol *symbol = &elf.symbols[i];
		const struct elf_symbol *found = elf_at(&elf, symbol->address);
		uint64_t address, offset, back;

		assert(strlen(symbol->name) <= size);
		assert(!found || found->address <= symbol->address);
		assert(elf_find(&elf, symbol->name, &address));
		if (elf_to_offset(&elf, symbol->address, &offset))
			assert(elf_to_address(&elf, offset, &back));
	}
	return 0;
}
