/*
 * Files of "[Section]" and "Key=value" lines: systemd's units and their
 * drop-ins, and supervisord's configuration, which is close enough.
 *
 * '\' at the end continues a line, '#' and ';' begin comments. Settings keep
 * their order and repeat; an empty value resets what came before, as systemd
 * does it, which unit_file_get() and unit_file_next() know.
 */
#pragma once

#include "base/buf.h"
#include "base/scan.h"
#include "host/host.h"

#define UNIT_FILE_MAX_BYTES (256 * KIB)
#define UNIT_FILE_MAX_SETTINGS 2048

struct unit_setting {
	const char *section, *key, *value; /* NUL-terminated, borrowed from the file */
	unsigned line;
};

struct unit_file {
	struct unit_setting *settings;
	size_t n;
	bool truncated;

	/* private */
	char **texts;
	size_t n_texts;
};

/* Adds the settings of one file's text after those that are there. */
void unit_file_add(struct unit_file *file, const char *text, size_t len);
void unit_file_cleanup(struct unit_file *file);

/* Reads one file of the machine and adds it. 0 or a negative errno. */
int unit_file_read(struct unit_file *file, const struct host *host, const char *path);

/*
 * Loads a unit by name as systemd finds it, with its drop-ins: /etc over /run
 * over /usr/lib. The path goes to 'path_out'. -ENOENT if no such file.
 */
int unit_file_load(struct unit_file *file, const struct host *host, const char *name,
		   char *path_out, size_t size);

/* The last value, NULL if there is none or it was reset. */
const char *unit_file_get(const struct unit_file *file, const char *section, const char *key);

/* Every value after the last reset: start with NULL, ends with NULL. */
const struct unit_setting *unit_file_next(const struct unit_file *file, const char *section,
					  const char *key, const struct unit_setting *previous);

/*
 * The program of an ExecStart= value without its prefixes ("-/usr/sbin/x" is
 * "/usr/sbin/x"); false if it is empty.
 */
bool unit_file_program(const char *exec, char *path_out, size_t size);
