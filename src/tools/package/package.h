/*
 * Installed packages and what was changed lately, by the files of dpkg, rpm,
 * apk and pacman; no package tool is run.
 */
#pragma once

#include "call/tool.h"

/* What it gives, as a tool's result has it: see call/tool.h. */
#define PACKAGE_CHANGES_RESULT                                            \
	"[{action: string, package: string, from?: string, to?: string, " \
	"seconds_ago: integer}]"

#define PACKAGE_MAX_CHANGES 200
#define PACKAGE_MAX_BROKEN 100

/* "dpkg", "rpm", "apk", "pacman" or NULL. */
const char *package_manager_find(const struct host *host);

/*
 * [{seconds_ago, action, package, from, to}] within 'since_s', newest first, from the
 * manager's logs. A new array; a log that cannot be read goes to result.unread.
 */
json_t *package_changes(struct task *task, const char *manager, uint64_t since_s, json_t *result);

/* What a status file of dpkg tells. */
struct package_count {
	uint64_t n_installed;
	json_t *broken; /* [{name, version, status}] half-installed, half-configured ... */
	json_t *held;   /* names */
};

/* Feeds one line of /var/lib/dpkg/status. */
struct dpkg_reader {
	struct package_count *count;
	char name[128], version[128], status[128];
};

void dpkg_read_line(struct dpkg_reader *reader, const char *line);
/* At the end of the file: the last paragraph may lack its empty line. */
void dpkg_read_end(struct dpkg_reader *reader);

/* One line of dpkg.log: "2026-01-02 03:04:05 upgrade x:amd64 1 2". NULL if it is no change. */
json_t *dpkg_parse_log(const char *line);
