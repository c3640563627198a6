/*
 * Could this program be started? Looked at, never run: that it exists, may be
 * executed, and that its interpreter ("#!" line or ELF loader) is there and made
 * for this processor.
 */
#pragma once

#include "host/permission.h"

struct executable {
	int code; /* 0, or what execve(2) would say: -ENOENT, -EACCES, -ENOEXEC ... */
	bool is_script;
	char interpreter[256]; /* "" if it needs none or cannot be read */
	char problem[512];     /* a sentence for people; "" if there is none */
};

/* 'account' is who would run it; NULL: root. A bare name is looked for in the usual folders. */
void executable_check(const struct host *host, const struct account *account, const char *path,
		      struct executable *executable_out);

/* Where a bare name lies in the usual folders ("/usr/sbin/nginx"); false if nowhere. */
bool executable_find(const struct host *host, const char *name, char *path_out, size_t size);
