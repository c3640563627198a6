/*
 * print-manual FOLDER DATE: writes every page of the manual below FOLDER.
 * print-manual SHELL FILE: writes that shell's completion.
 * Run when the tree is built, and not installed.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cli/completion/scripts.h"
#include "manual/pages.h"

static int print_script(const char *script, const char *path)
{
	FILE *out = fopen(path, "we");

	if (!out) {
		perror(path);
		return 1;
	}
	(void)fputs(script, out);
	return pages_close(out, path);
}

int main(int argc, char **argv)
{
	struct pages pages = { .version = CONSTABLE_VERSION };
	const char *script;
	int status;

	if (argc != 3) {
		(void)fputs("usage: print-manual FOLDER DATE | SHELL FILE\n", stderr);
		return 2;
	}
	script = completion_script(argv[1]);
	if (script)
		return print_script(script, argv[2]);
	pages.folder = argv[1];
	pages.date = argv[2];
	status = pages_commands(&pages) | pages_programs(&pages) | pages_files(&pages);
	/* The build goes by the time of the folder. */
	return utimensat(AT_FDCWD, pages.folder, NULL, 0) < 0 || status;
}
