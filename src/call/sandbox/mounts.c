#include "call/sandbox/mounts_internal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

#include "base/buf.h"
#include "base/fd.h"
#include "base/scan.h"

#define TABLE_MAX_BYTES (4 * MIB)
#define PATH_BYTES 4096

static bool is_octal(const char *at)
{
	for (int i = 0; i < 3; i++)
		if (at[i] < '0' || at[i] > '7')
			return false;
	return true;
}

/* "\040" is a blank; the kernel writes blanks, tabs, newlines and backslashes so. */
static void decode(struct str word, char *text, size_t size)
{
	size_t n = 0;

	for (size_t i = 0; i < word.len && n + 1 < size; i++) {
		const char *at = word.data + i;

		if (*at == '\\' && i + 3 < word.len && is_octal(at + 1)) {
			text[n++] = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
			i += 3;
		} else {
			text[n++] = *at;
		}
	}
	text[n] = '\0';
}

/* "36 35 98:0 /root /path options optional... - type source super-options" */
static int handle_line(struct str line, int (*handle)(const struct mount_entry *, void *),
		       void *cookie)
{
	char text[2 * PATH_BYTES], path[PATH_BYTES], options[256], type[64], super[256];
	struct mount_entry entry = {
		.path = path,
		.type = type,
		.options = options,
		.super = super,
	};
	const char *at = text, *dash;
	struct str word = { 0 };

	str_copy(line, text, sizeof(text));
	for (int i = 0; i < 5; i++)
		if (!scan_word(&at, &word))
			return 0;
	decode(word, path, sizeof(path));
	if (!scan_word(&at, &word))
		return 0;
	str_copy(word, options, sizeof(options));
	dash = strstr(at, " - ");
	if (!dash)
		return 0;
	at = dash + 3;
	if (!scan_word(&at, &word))
		return 0;
	str_copy(word, type, sizeof(type));
	word = (struct str) { "", 0 };
	if (scan_word(&at, &word)) /* the source, of no interest */
		(void)scan_word(&at, &word);
	str_copy(word, super, sizeof(super));
	return handle(&entry, cookie);
}

int mounts_each(int (*handle)(const struct mount_entry *entry, void *cookie), void *cookie)
{
	CLEANUP(fd) int fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
	CLEANUP(buf) struct buf buf = { 0 };
	const char *at;
	struct str line;
	int r = fd < 0 ? -errno : 0;

	buf_init(&buf, TABLE_MAX_BYTES);
	if (r == 0)
		r = buf_read_fd(&buf, fd);
	if (r == 0 && buf.dropped)
		r = -E2BIG;
	at = buf_text(&buf);
	while (r == 0 && scan_line(&at, &line))
		r = handle_line(line, handle, cookie);
	return r;
}

static unsigned long kept_flags(const char *options)
{
	static const struct {
		const char *word;
		unsigned long flag;
	} table[] = {
		{ "noexec", MS_NOEXEC },
		{ "noatime", MS_NOATIME },
		{ "nodiratime", MS_NODIRATIME },
		{ "relatime", MS_RELATIME },
	};
	unsigned long flags = 0;

	for (size_t i = 0; i < ARRAY_LEN(table); i++)
		if (strstr(options, table[i].word))
			flags |= table[i].flag;
	return flags;
}

static int restrict_mount(const struct mount_entry *entry, void *cookie UNUSED)
{
	unsigned long flags = MS_REMOUNT | MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV |
			      kept_flags(entry->options);

	if (mount(NULL, entry->path, NULL, flags, NULL) == 0)
		return 0;
	/* Hidden below another mount: nobody can reach it by this path. */
	return errno == EINVAL || errno == ENOENT || errno == EACCES ? 0 : -errno;
}

int mounts_make_read_only(void)
{
	return mounts_each(restrict_mount, NULL);
}
