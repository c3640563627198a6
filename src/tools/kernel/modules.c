#include "tools/kernel/modules.h"

#include <fcntl.h>
#include <string.h>

#include "base/fd.h"
#include "base/lines.h"
#include "host/pattern.h"

#define MAX_FILES 128
#define MAX_WANTED 200
#define FILE_MAX_BYTES (4 * MIB)

static void normalise(struct str name, char text[MODULES_NAME_BYTES])
{
	str_copy(name, text, MODULES_NAME_BYTES);
	for (char *at = text; *at; at++)
		if (*at == '-')
			*at = '_';
}

/* "kernel/fs/ext4/ext4.ko.xz" is the module ext4. */
static bool is_path_of(struct str path, const char *wanted)
{
	char text[MODULES_NAME_BYTES];
	struct str base = path;

	for (size_t i = 0; i < path.len; i++)
		if (path.data[i] == '/')
			base = (struct str) { path.data + i + 1, path.len - i - 1 };
	for (size_t i = 0; i < base.len; i++)
		if (base.data[i] == '.')
			base.len = i;
	normalise(base, text);
	return strcmp(text, wanted) == 0;
}

/* Whether a list such as modules.dep or modules.builtin has the module on a line of its own. */
static bool list_has(const struct host *host, const char *release, const char *list,
		     const char *name)
{
	CLEANUP(lines) struct lines lines = { 0 };
	CLEANUP(fd) int fd = -1;
	char path[512], wanted[MODULES_NAME_BYTES];
	struct str line;

	text_format(path, sizeof(path), "lib/modules/%s/%s", release, list);
	normalise((struct str) { name, strlen(name) }, wanted);
	fd = host_open(host, path, O_RDONLY);
	if (fd < 0)
		return false;
	lines_init(&lines, fd, FILE_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		line.len = strcspn(line.data, ":\n");
		if (is_path_of(line, wanted))
			return true;
	}
	return false;
}

bool modules_is_present(const struct host *host, const char *release, const char *name)
{
	char path[128], wanted[MODULES_NAME_BYTES];

	normalise((struct str) { name, strlen(name) }, wanted);
	text_format(path, sizeof(path), "sys/module/%s", wanted);
	return host_exists(host, path) || list_has(host, release, "modules.builtin", name);
}

bool modules_is_available(const struct host *host, const char *release, const char *name)
{
	return list_has(host, release, "modules.dep", name);
}

json_t *modules_loaded(const struct host *host, size_t max)
{
	CLEANUP(fd) int fd = host_open(host, "proc/modules", O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line, name, count, users, state, word, taints;
	json_t *list;

	if (fd < 0)
		return NULL;
	list = json_array();
	lines_init(&lines, fd, FILE_MAX_BYTES);
	while (json_array_size(list) < max && lines_next(&lines, &line)) {
		const char *at = line.data;
		uint64_t bytes;
		json_t *entry;

		if (!scan_word(&at, &name) || !scan_u64(&at, &bytes) || !scan_word(&at, &count) ||
		    !scan_word(&at, &users) || !scan_word(&at, &state))
			continue;
		entry = json_pack("{s:o, s:I, s:o, s:o}", "name", json_str(name), "bytes",
				  (json_int_t)bytes, "used_by", json_str(users), "state",
				  json_str(state));
		if (entry && scan_word(&at, &word) && scan_word(&at, &taints))
			json_put(entry, "taints", json_str(taints));
		if (entry)
			json_push(list, entry);
	}
	return list;
}

static bool is_blacklisted(const struct host *host, const char *name)
{
	static const char *const folders[] = { "/etc/modprobe.d/*.conf", "/run/modprobe.d/*.conf",
					       "/usr/lib/modprobe.d/*.conf",
					       "/lib/modprobe.d/*.conf" };
	char wanted[MODULES_NAME_BYTES];

	normalise((struct str) { name, strlen(name) }, wanted);
	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		CLEANUP(json) json_t *files = host_match(host, folders[i], MAX_FILES);
		const json_t *file;
		size_t j;

		json_array_foreach(files, j, file)
		{
			CLEANUP(fd) int fd = host_open(host, json_string_value(file) + 1, O_RDONLY);
			CLEANUP(lines) struct lines lines = { 0 };
			struct str line, word, given, rest;

			if (fd < 0)
				continue;
			lines_init(&lines, fd, FILE_MAX_BYTES);
			while (lines_next(&lines, &line)) {
				const char *at = line.data;
				char text[MODULES_NAME_BYTES];
				bool is_install;

				if (!scan_word(&at, &word) || !scan_word(&at, &given))
					continue;
				normalise(given, text);
				is_install =
					str_is(word, "install") && scan_word(&at, &rest) &&
					(str_is(rest, "/bin/false") || str_is(rest, "/bin/true"));
				if (strcmp(text, wanted) == 0 &&
				    (is_install || str_is(word, "blacklist")))
					return true;
			}
		}
	}
	return false;
}

static void add_wanted(const struct host *host, const char *release, const char *name,
		       const char *from, json_t *wanted)
{
	if (json_array_size(wanted) < MAX_WANTED)
		json_push(wanted, json_pack("{s:o, s:s, s:b, s:b, s:b}", "module",
					    json_text(name, strlen(name)), "from", from, "present",
					    modules_is_present(host, release, name), "available",
					    modules_is_available(host, release, name),
					    "blacklisted", is_blacklisted(host, name)));
}

static void read_load_list(const struct host *host, const char *release, const char *file,
			   json_t *wanted)
{
	CLEANUP(fd) int fd = host_open(host, file + 1, O_RDONLY);
	CLEANUP(lines) struct lines lines = { 0 };
	struct str line, word;

	if (fd < 0)
		return;
	lines_init(&lines, fd, FILE_MAX_BYTES);
	while (lines_next(&lines, &line)) {
		const char *at = line.data;
		char name[MODULES_NAME_BYTES];

		if (!scan_word(&at, &word) || word.data[0] == '#' || word.data[0] == ';')
			continue;
		str_copy(word, name, sizeof(name));
		add_wanted(host, release, name, file, wanted);
	}
}

static bool kernel_knows(const struct host *host, const char *type)
{
	char text[16 * KIB];
	const char *at = text;
	struct str line;

	if (host_read(host, "proc/filesystems", text, sizeof(text)) < 0)
		return true; /* then nothing is claimed */
	while (scan_line(&at, &line)) {
		const char *tab = memchr(line.data, '\t', line.len);
		struct str name = { tab ? tab + 1 : line.data, 0 };

		name.len = (size_t)(line.data + line.len - name.data);
		if (str_is(name, type))
			return true;
	}
	return false;
}

/* File systems that a table names and the kernel does not know are modules by the same name. */
static void read_fstab(const struct host *host, const char *release, json_t *wanted)
{
	static const char *const not_modules[] = { "swap", "auto", "none", "bind", "nfs4" };
	char text[64 * KIB];
	const char *at = text;
	struct str line;

	if (host_read(host, "etc/fstab", text, sizeof(text)) < 0)
		return;
	while (scan_line(&at, &line)) {
		const char *cursor = line.data;
		struct str device, mount, type;
		char name[MODULES_NAME_BYTES];
		bool is_module = true;

		if (!scan_word(&cursor, &device) || device.data[0] == '#' ||
		    !scan_word(&cursor, &mount) || !scan_word(&cursor, &type))
			continue;
		str_copy(type, name, sizeof(name));
		name[strcspn(name, ".,")] = '\0';
		for (size_t i = 0; i < ARRAY_LEN(not_modules); i++)
			is_module = is_module && strcmp(name, not_modules[i]) != 0;
		if (is_module && name[0] && !kernel_knows(host, name))
			add_wanted(host, release, name, "/etc/fstab", wanted);
	}
}

json_t *modules_wanted(const struct host *host, const char *release)
{
	static const char *const patterns[] = { "/etc/modules", "/etc/modules-load.d/*.conf",
						"/run/modules-load.d/*.conf",
						"/usr/lib/modules-load.d/*.conf" };
	json_t *wanted = json_array();

	for (size_t i = 0; i < ARRAY_LEN(patterns); i++) {
		CLEANUP(json) json_t *files = host_match(host, patterns[i], MAX_FILES);
		const json_t *file;
		size_t j;

		json_array_foreach(files, j, file)
			read_load_list(host, release, json_string_value(file), wanted);
	}
	read_fstab(host, release, wanted);
	return wanted;
}
