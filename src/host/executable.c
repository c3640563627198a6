#include "host/executable.h"

#include <elf.h>
#include <errno.h>
#include <string.h>
#include <unistd.h>

#define HEAD_BYTES 4096

#if defined(__x86_64__)
#define OUR_MACHINE EM_X86_64
#elif defined(__aarch64__)
#define OUR_MACHINE EM_AARCH64
#else
#error "a processor whose programs are not known"
#endif

static const char *const folders[] = { "/usr/local/sbin", "/usr/local/bin", "/usr/sbin",
				       "/usr/bin",        "/sbin",          "/bin" };

bool executable_find(const struct host *host, const char *name, char *path_out, size_t size)
{
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		char path[512];

		text_format(path, sizeof(path), "%s/%s", folders[i], name);
		if (!host_exists(host, path + 1))
			continue;
		text_format(path_out, size, "%s", path);
		return true;
	}
	return false;
}

static void check_interpreter(const struct host *host, struct executable *executable,
			      const char *path)
{
	if (!executable->interpreter[0] || host_exists(host, executable->interpreter + 1))
		return;
	executable->code = -ENOENT;
	text_format(executable->problem, sizeof(executable->problem),
		    "its interpreter %s, which %s names, does not exist", executable->interpreter,
		    path);
}

static void read_script(const struct host *host, struct executable *executable, const char *path,
			const char *head)
{
	const char *at = head + 2;
	struct str line, word;

	executable->is_script = true;
	if (!scan_line(&at, &line))
		return;
	if (line.len && line.data[line.len - 1] == '\r') {
		executable->code = -ENOENT;
		text_format(executable->problem, sizeof(executable->problem),
			    "its first line ends in a carriage return, so the kernel looks for an "
			    "interpreter with one in its name");
		return;
	}
	at = head + 2;
	if (!scan_word(&at, &word) || word.data[0] != '/')
		return;
	str_copy(word, executable->interpreter, sizeof(executable->interpreter));
	check_interpreter(host, executable, path);
	/* "#!/usr/bin/env NAME": what counts is NAME. */
	if (!executable->code && strcmp(executable->interpreter, "/usr/bin/env") == 0 &&
	    scan_word(&at, &word) && word.data[0] != '-') {
		char name[128], found[256];

		str_copy(word, name, sizeof(name));
		if (executable_find(host, name, found, sizeof(found)))
			return;
		executable->code = -ENOENT;
		text_format(executable->problem, sizeof(executable->problem),
			    "its interpreter '%s' is in none of the usual folders", name);
	}
}

/* The program header table must lie in the head, where every linker puts it. */
static void read_elf(const struct host *host, struct executable *executable, const char *path,
		     const char *head, size_t len)
{
	Elf64_Ehdr header;

	if (len < sizeof(header) || head[EI_CLASS] != ELFCLASS64)
		return; /* 32-bit programs may or may not run; nothing is claimed */
	memcpy(&header, head, sizeof(header));
	if (header.e_machine != OUR_MACHINE && !host->is_fixture) {
		executable->code = -ENOEXEC;
		text_format(executable->problem, sizeof(executable->problem),
			    "%s is made for another processor (ELF machine %u)", path,
			    header.e_machine);
		return;
	}
	for (size_t i = 0; i < header.e_phnum; i++) {
		size_t at = header.e_phoff + i * sizeof(Elf64_Phdr);
		Elf64_Phdr program;

		if (header.e_phoff > len || at + sizeof(program) > len)
			return;
		memcpy(&program, head + at, sizeof(program));
		if (program.p_type != PT_INTERP)
			continue;
		if (program.p_offset > len || program.p_filesz > len - program.p_offset ||
		    !program.p_filesz || head[program.p_offset] != '/')
			return;
		str_copy((struct str) { head + program.p_offset, program.p_filesz },
			 executable->interpreter, sizeof(executable->interpreter));
		check_interpreter(host, executable, path);
		return;
	}
}

static void read_head(const struct host *host, const char *path, struct executable *executable)
{
	char head[HEAD_BYTES];
	ssize_t len = host_read(host, path + 1, head, sizeof(head));

	/* Unreadable is no fault: execute permission is enough to run it. */
	if (len < 0)
		return;
	if (len == 0) {
		executable->code = -ENOEXEC;
		text_format(executable->problem, sizeof(executable->problem), "%s is empty", path);
	} else if (len > 2 && memcmp(head, "#!", 2) == 0) {
		read_script(host, executable, path, head);
	} else if (len > 4 && memcmp(head, ELFMAG, SELFMAG) == 0) {
		read_elf(host, executable, path, head, (size_t)len);
	}
}

void executable_check(const struct host *host, const struct account *account, const char *path,
		      struct executable *executable_out)
{
	static const struct account root = { .name = "root" };
	struct permission permission;
	char found[512], why[512];

	*executable_out = (struct executable) { 0 };
	if (path[0] != '/' && executable_find(host, path, found, sizeof(found)))
		path = found;
	if (path[0] != '/') {
		executable_out->code = -ENOENT;
		text_format(executable_out->problem, sizeof(executable_out->problem),
			    "'%s' is in none of the usual folders", path);
		return;
	}
	permission_check(host, account ? account : &root, path, X_OK, &permission);
	executable_out->code = permission.code;
	if (permission.code == 0 && S_ISDIR(permission.stat.st_mode))
		executable_out->code = -EACCES;
	if (executable_out->code < 0) {
		permission_describe(host, &permission, why, sizeof(why));
		text_format(executable_out->problem, sizeof(executable_out->problem), "%s",
			    permission.code ? why : "it is a directory");
		return;
	}
	read_head(host, path, executable_out);
}
