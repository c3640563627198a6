/*
 * What a program or library calls its functions: the symbol tables of an ELF file (System V ABI,
 * chapter 4), of 64 bits and this machine's byte order. The file is foreign: every offset and size
 * in it is checked against it, and each table has a limit.
 */
#pragma once

#include "base/error.h"

#define ELF_MAX_SECTIONS 4096
#define ELF_MAX_SEGMENTS 64
#define ELF_MAX_TABLE_BYTES (32 * MIB) /* of symbols, and of names */

struct elf_symbol {
	uint64_t address, size;
	const char *name;
};

struct elf {
	/* private */
	struct elf_symbol *symbols; /* functions, by address */
	size_t n_symbols, n_room;
	struct {
		uint64_t address, offset, size;
	} segments[ELF_MAX_SEGMENTS];
	unsigned n_segments;
	char *names[2]; /* of both tables */
	size_t n_name_bytes;
};

/* From a regular file's descriptor, which stays the caller's. A file without symbols has none. 0,
 * or a negative errno with a sentence. */
int elf_load(struct elf *elf, int fd, struct error *err) MUST_CHECK;
void elf_cleanup(struct elf *elf);

bool elf_find(const struct elf *elf, const char *name, uint64_t *address_out);

/* The function around an address, or NULL. */
const struct elf_symbol *elf_at(const struct elf *elf, uint64_t address);

/* What it takes of memory. */
size_t elf_bytes(const struct elf *elf);

/* Between addresses, as the file has them, and offsets in it. */
bool elf_to_offset(const struct elf *elf, uint64_t address, uint64_t *offset_out);
bool elf_to_address(const struct elf *elf, uint64_t offset, uint64_t *address_out);
