#include "kernel/trace/elf_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "base/fd.h"
#include "base/test.h"

/* Called by nobody, found by its name. */
int elf_test_function(int number);

__attribute__((noinline)) int elf_test_function(int number)
{
	return 3 * number;
}

TEST(a_function_is_found_by_name_address_and_offset)
{
	CLEANUP(elf) struct elf elf = { 0 };
	CLEANUP(fd) int fd = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	uint64_t address, offset, back;
	const struct elf_symbol *symbol;
	struct error err = { 0 };

	CHECK_OK(elf_load(&elf, fd, &err), err);
	CHECK(elf_find(&elf, "elf_test_function", &address));
	symbol = elf_at(&elf, address + 1);
	CHECK(symbol && symbol->address == address);
	CHECK_TEXT(symbol->name, "elf_test_function");
	CHECK(elf_to_offset(&elf, address, &offset) && elf_to_address(&elf, offset, &back));
	CHECK_INT(back, address);
	CHECK(!elf_find(&elf, "elf_test_nonesuch", &address));
}

static void check_refused(const void *bytes, size_t len, const char *words)
{
	CLEANUP(elf) struct elf elf = { 0 };
	CLEANUP(fd) int fd = memfd_create("elf", MFD_CLOEXEC);
	struct error err = { 0 };

	CHECK_INT(fd_write_all(fd, bytes, len), 0);
	CHECK(elf_load(&elf, fd, &err) < 0);
	if (!strstr(err.text, words))
		FAIL("'%s' does not say '%s'", err.text, words);
}

TEST(what_is_no_elf_file_is_refused_with_a_sentence)
{
	static const char narrow[64] = "\x7f"
				       "ELF\x01\x01\x01";
	static const char cut[64] = "\x7f"
				    "ELF\x02\x01\x01";
	char many[64];

	memcpy(many, cut, sizeof(many));
	memset(many + 56, 0xff, 2); /* e_phnum */
	check_refused("#!/bin/sh\n", 10, "no whole ELF file");
	check_refused("Not in the least an ELF file, but long enough to be one, is it not?", 64,
		      "no ELF file");
	check_refused(narrow, sizeof(narrow), "only 64 bits");
	check_refused(many, sizeof(many), "segments");
}
