/*
 * Apache's configuration as a flat list of directives, includes followed and
 * ${VARIABLES} of Define and of Debian's envvars replaced. Bounded; what was
 * left out sets 'truncated'.
 */
#pragma once

#include "host/host.h"

#define APACHE_CONF_MAX_FILES 512
#define APACHE_CONF_MAX_DIRECTIVES 8192
#define APACHE_CONF_MAX_DEFINES 64
#define APACHE_CONF_FILE_MAX_BYTES (512 * KIB)

struct apache_directive {
	char *name, *value, *second; /* first and second argument, quotes taken off; "" if none */
	char *file;
	unsigned line;
};

struct apache_define {
	char name[64], value[256];
};

struct apache_conf {
	struct apache_directive *directives;
	size_t n;
	struct apache_define defines[APACHE_CONF_MAX_DEFINES];
	size_t n_defines;
	size_t n_variables; /* the first of them: envvars' */
	json_t *errors;     /* [{file, line, text}]: sections that are not closed */
	json_t *unread;     /* [{path, code}] */
	bool truncated;

	/* private */
	const struct host *host;
	char root[512];
	size_t n_files;
	unsigned depth;
};

void apache_conf_load(struct apache_conf *conf, const struct host *host, const char *path);
void apache_conf_parse(struct apache_conf *conf, const char *name, const char *text);
void apache_conf_cleanup(struct apache_conf *conf);

/* The next directive of that name, letters of either case, after 'previous' (-1: first), or -1. */
int apache_conf_next(const struct apache_conf *conf, const char *name, int previous);

/* Below ServerRoot, where it is not absolute. */
void apache_conf_path(const struct apache_conf *conf, const char *path, char *text, size_t size);
