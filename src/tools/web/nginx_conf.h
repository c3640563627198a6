/*
 * nginx's configuration as a flat list of directives, includes followed.
 *
 * The grammar is nginx's own: words, quotes, ';', blocks; what the words mean
 * is the reader's affair. Bounded in files, bytes, depth and directives; what
 * was left out sets 'truncated'. Faults of grammar are collected with file and
 * line, and reading goes on behind them as well as it can.
 */
#pragma once

#include "host/host.h"

#define NGINX_CONF_MAX_FILES 256
#define NGINX_CONF_MAX_DIRECTIVES 16384
#define NGINX_CONF_MAX_DEPTH 16
#define NGINX_CONF_FILE_MAX_BYTES (1 * MIB)

struct nginx_directive {
	const char *file; /* borrowed from the configuration */
	unsigned line;
	int parent;   /* index of the enclosing block's directive, -1 at the top */
	char **words; /* name first; NULL-terminated */
	size_t n_words;
};

struct nginx_conf {
	struct nginx_directive *directives; /* in order of reading */
	size_t n;
	json_t *errors; /* [{file, line, text}] */
	json_t *unread; /* [{path, code}]: files that could not be read */
	bool truncated;

	/* private */
	const struct host *host;
	const char *prefix;
	char *texts[NGINX_CONF_MAX_FILES], *names[NGINX_CONF_MAX_FILES];
	size_t n_texts;
	unsigned depth;
};

/* Reads 'path' (absolute) and all it includes; relative includes are below its folder. */
void nginx_conf_load(struct nginx_conf *conf, const struct host *host, const char *path);

/* The same of one text, for which includes are not followed. */
void nginx_conf_parse(struct nginx_conf *conf, const char *name, const char *text, size_t len);
void nginx_conf_cleanup(struct nginx_conf *conf);

/* The next directive of that name after 'previous' (-1: the first), or -1. */
int nginx_conf_next(const struct nginx_conf *conf, const char *name, int previous);

/* The value of a directive in a block or those around it; NULL if nowhere. */
const char *nginx_conf_get(const struct nginx_conf *conf, int block, const char *name);
