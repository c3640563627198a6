#include "kernel/trace/elf_internal.h"

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OUR_ORDER ELFDATA2LSB
#else
#define OUR_ORDER ELFDATA2MSB
#endif

#define COMPARED_BYTES 64

void elf_cleanup(struct elf *elf)
{
	free(elf->symbols);
	free(elf->names[0]);
	free(elf->names[1]);
	*elf = (struct elf) { 0 };
}

static int broken(struct error *err)
{
	return error_set(err, -EBADMSG, "it is no whole ELF file");
}

static int read_at(int fd, void *bytes, size_t n, uint64_t offset, struct error *err)
{
	for (size_t done = 0; done < n;) {
		ssize_t got;

		if (offset > INT64_MAX - n)
			return broken(err);
		got = pread(fd, (char *)bytes + done, n - done, (off_t)(offset + done));
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return error_errno(err, "read it");
		if (got == 0)
			return broken(err);
		done += (size_t)got;
	}
	return 0;
}

/* Heap bytes, with one more that is zero. */
static char *read_table(int fd, uint64_t size, uint64_t offset, struct error *err)
{
	char *bytes;

	if (size > ELF_MAX_TABLE_BYTES) {
		error_set(err, -E2BIG, "its symbols have more than %zu MiB",
			  (size_t)(ELF_MAX_TABLE_BYTES / MIB));
		return NULL;
	}
	bytes = calloc(1, size + 1);
	if (!bytes)
		abort();
	if (read_at(fd, bytes, size, offset, err) == 0)
		return bytes;
	free(bytes);
	return NULL;
}

static int read_header(int fd, Elf64_Ehdr *header, struct error *err)
{
	struct stat about;
	int r;

	if (fstat(fd, &about) < 0)
		return error_errno(err, "look at it");
	if (!S_ISREG(about.st_mode))
		return error_set(err, -EINVAL, "it is no regular file");
	r = read_at(fd, header, sizeof(*header), 0, err);
	if (r < 0)
		return r;
	if (memcmp(header->e_ident, ELFMAG, SELFMAG) != 0)
		return error_set(err, -EBADMSG, "it is no ELF file");
	if (header->e_ident[EI_CLASS] != ELFCLASS64 || header->e_ident[EI_DATA] != OUR_ORDER)
		return error_set(err, -ENOTSUP,
				 "it is for another kind of machine: only 64 bits of this byte "
				 "order are read");
	if (header->e_shnum > ELF_MAX_SECTIONS || header->e_phnum > ELF_MAX_SEGMENTS)
		return error_set(err, -E2BIG, "it has more than %d sections or %d segments",
				 ELF_MAX_SECTIONS, ELF_MAX_SEGMENTS);
	return 0;
}

static int read_segments(struct elf *elf, int fd, const Elf64_Ehdr *header, struct error *err)
{
	for (unsigned i = 0; i < header->e_phnum; i++) {
		Elf64_Phdr segment = { 0 };
		int r = read_at(fd, &segment, sizeof(segment),
				header->e_phoff + (uint64_t)i * sizeof(segment), err);

		if (r < 0)
			return r;
		if (segment.p_type != PT_LOAD)
			continue;
		elf->segments[elf->n_segments].address = segment.p_vaddr;
		elf->segments[elf->n_segments].offset = segment.p_offset;
		elf->segments[elf->n_segments++].size = segment.p_filesz;
	}
	return 0;
}

static void add_symbol(struct elf *elf, const Elf64_Sym *symbol, const char *name)
{
	if (elf->n_symbols == elf->n_room) {
		elf->n_room = elf->n_room ? 2 * elf->n_room : 1024;
		elf->symbols = reallocarray(elf->symbols, elf->n_room, sizeof(*elf->symbols));
		if (!elf->symbols)
			abort();
	}
	elf->symbols[elf->n_symbols++] = (struct elf_symbol) {
		.address = symbol->st_value,
		.size = symbol->st_size,
		.name = name,
	};
}

/* Functions that are in it; the others are somewhere else. */
static int read_symbols(struct elf *elf, int fd, const Elf64_Shdr *table, const Elf64_Shdr *strings,
			unsigned which, struct error *err)
{
	CLEANUP(text) char *bytes = read_table(fd, table->sh_size, table->sh_offset, err);
	char *names = bytes ? read_table(fd, strings->sh_size, strings->sh_offset, err) : NULL;

	if (!names)
		return err->code;
	free(elf->names[which]);
	elf->names[which] = names;
	elf->n_name_bytes += strings->sh_size;
	for (uint64_t at = 0; at + sizeof(Elf64_Sym) <= table->sh_size; at += sizeof(Elf64_Sym)) {
		Elf64_Sym symbol;

		memcpy(&symbol, bytes + at, sizeof(symbol));
		if ((ELF64_ST_TYPE(symbol.st_info) == STT_FUNC ||
		     ELF64_ST_TYPE(symbol.st_info) == STT_GNU_IFUNC) &&
		    symbol.st_shndx != SHN_UNDEF && symbol.st_name < strings->sh_size)
			add_symbol(elf, &symbol, names + symbol.st_name);
	}
	return 0;
}

static int read_section(int fd, const Elf64_Ehdr *header, uint64_t i, Elf64_Shdr *section,
			struct error *err)
{
	if (i >= header->e_shnum)
		return broken(err);
	return read_at(fd, section, sizeof(*section), header->e_shoff + i * sizeof(*section), err);
}

/* One table of each kind, as linkers make them. */
static int read_sections(struct elf *elf, int fd, const Elf64_Ehdr *header, struct error *err)
{
	bool has[2] = { false, false };

	for (unsigned i = 0; i < header->e_shnum; i++) {
		Elf64_Shdr section = { 0 }, strings = { 0 };
		unsigned which;
		int r = read_section(fd, header, i, &section, err);

		if (r < 0)
			return r;
		which = section.sh_type == SHT_SYMTAB;
		if ((!which && section.sh_type != SHT_DYNSYM) || has[which])
			continue;
		has[which] = true;
		r = read_section(fd, header, section.sh_link, &strings, err);
		if (r == 0)
			r = read_symbols(elf, fd, &section, &strings, which, err);
		if (r < 0)
			return r;
	}
	return 0;
}

/* Names are as long as the file wants them, and so many may lie at one address. */
static int compare(const void *left, const void *right)
{
	const struct elf_symbol *a = left, *b = right;

	if (a->address != b->address)
		return a->address < b->address ? -1 : 1;
	return strncmp(a->name, b->name, COMPARED_BYTES);
}

int elf_load(struct elf *elf, int fd, struct error *err)
{
	Elf64_Ehdr header = { 0 };
	int r = read_header(fd, &header, err);

	if (r == 0)
		r = read_segments(elf, fd, &header, err);
	if (r == 0)
		r = read_sections(elf, fd, &header, err);
	if (r < 0) {
		elf_cleanup(elf);
		return r;
	}
	if (elf->n_symbols)
		qsort(elf->symbols, elf->n_symbols, sizeof(*elf->symbols), compare);
	return 0;
}

bool elf_find(const struct elf *elf, const char *name, uint64_t *address_out)
{
	for (size_t i = 0; i < elf->n_symbols; i++) {
		if (strcmp(elf->symbols[i].name, name) != 0)
			continue;
		*address_out = elf->symbols[i].address;
		return true;
	}
	return false;
}

const struct elf_symbol *elf_at(const struct elf *elf, uint64_t address)
{
	size_t low = 0, high = elf->n_symbols;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (elf->symbols[middle].address <= address)
			low = middle + 1;
		else
			high = middle;
	}
	if (!low)
		return NULL;
	/* One that was written by hand may say no size. */
	low--;
	return !elf->symbols[low].size ||
			       address - elf->symbols[low].address < elf->symbols[low].size
		       ? &elf->symbols[low]
		       : NULL;
}

size_t elf_bytes(const struct elf *elf)
{
	return elf->n_name_bytes + elf->n_room * sizeof(*elf->symbols);
}

bool elf_to_offset(const struct elf *elf, uint64_t address, uint64_t *offset_out)
{
	for (unsigned i = 0; i < elf->n_segments; i++) {
		if (address - elf->segments[i].address >= elf->segments[i].size)
			continue;
		*offset_out = address - elf->segments[i].address + elf->segments[i].offset;
		return true;
	}
	return false;
}

bool elf_to_address(const struct elf *elf, uint64_t offset, uint64_t *address_out)
{
	for (unsigned i = 0; i < elf->n_segments; i++) {
		if (offset - elf->segments[i].offset >= elf->segments[i].size)
			continue;
		*address_out = offset - elf->segments[i].offset + elf->segments[i].address;
		return true;
	}
	return false;
}
