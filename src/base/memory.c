#include "base/memory.h"

#include <fcntl.h>
#include <malloc.h>
#include <string.h>
#include <sys/mman.h>

#include "base/lines.h"
#include "base/fd.h"

#define SMAPS_MAX_BYTES (4 * MIB)

struct mapping {
	uint64_t start, end;
	bool is_file, is_writable;
};

/* "7f..-7f.. r-xp 00000000 08:01 1234   /usr/lib/..." */
static bool read_head(const char *line, struct mapping *mapping)
{
	uint64_t start, end, offset;
	struct str mode, device, inode;

	if (!scan_hex(&line, &start) || !scan_text(&line, "-") || !scan_hex(&line, &end) ||
	    !scan_word(&line, &mode) || mode.len != 4)
		return false;
	*mapping = (struct mapping) { .start = start, .end = end };
	mapping->is_writable = mode.data[1] == 'w';
	if (!scan_text(&line, " ") || !scan_hex(&line, &offset) || !scan_word(&line, &device) ||
	    !scan_word(&line, &inode))
		return true;
	mapping->is_file = !str_is(inode, "0");
	return true;
}

/*
 * Only where no page is anonymous: a read-only mapping can hold pages that were
 * written before (relocations), and those exist nowhere else.
 */
static void drop(const struct mapping *mapping, const char *line)
{
	uint64_t kib;

	if (!mapping->is_file || mapping->is_writable || !scan_text(&line, "Anonymous:") ||
	    !scan_u64(&line, &kib) || kib)
		return;
	(void)madvise((void *)(uintptr_t)mapping->start, mapping->end - mapping->start,
		      MADV_DONTNEED);
}

void memory_give_back(void)
{
	CLEANUP(fd) int fd = -1;
	CLEANUP(lines) struct lines lines = { 0 };
	struct mapping mapping = { 0 };
	struct str line;

	(void)malloc_trim(0);
	fd = open("/proc/self/smaps", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return;
	lines_init(&lines, fd, SMAPS_MAX_BYTES);
	while (lines_next(&lines, &line))
		if (!read_head(line.data, &mapping))
			drop(&mapping, line.data);
}
