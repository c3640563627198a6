/* Opening and closing a page's file. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include "manual/pages.h"

#define PATH_BYTES 4096

FILE *pages_open(const struct pages *pages, const char *name, unsigned section)
{
	char path[PATH_BYTES];
	FILE *out;

	(void)mkdir(pages->folder, 0755); /* fopen() says what went wrong */
	text_format(path, sizeof(path), "%s/man%u", pages->folder, section);
	(void)mkdir(path, 0755);
	text_format(path, sizeof(path), "%s/man%u/%s.%u", pages->folder, section, name, section);
	out = fopen(path, "we");
	if (!out)
		(void)fprintf(stderr, "print-manual: %s: %s\n", path, strerrordesc_np(errno));
	return out;
}

int pages_close(FILE *out, const char *name)
{
	bool has_failed = ferror(out) != 0;

	if (fclose(out) == 0 && !has_failed)
		return 0;
	(void)fprintf(stderr, "print-manual: %s could not be written\n", name);
	return 1;
}
