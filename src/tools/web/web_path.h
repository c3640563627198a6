/*
 * Findings about paths that a web server's configuration names: each is {kind,
 * directive, path, file, line, why}, kind "missing" or "denied".
 */
#pragma once

#include "call/tool.h"
#include "host/permission.h"

/* What the health of every web server has. */
#define WEB_RESULT                                                                       \
	"config_test?: {ok: boolean, method: string, syntax_ok?: boolean, "              \
	"errors: [{file?: string, line?: integer, text: string}], warnings?: [string], " \
	"not_judged?: [string]}, paths?: [{kind: string, directive: string, "            \
	"path: string, user: string, file: string, line: integer, why: string}], "       \
	"upstreams?: [{directive: string, address: string, file: string, "               \
	"line: integer, ok: boolean, why?: string}]"

struct web_path {
	const char *directive, *path; /* absolute */
	const char *file;             /* where it is named */
	unsigned line;
	int wanted; /* R_OK, or R_OK | X_OK for a folder, or W_OK for a socket */
};

/* Appends a finding to 'findings' unless 'account' may use the path. */
void web_path_check(const struct host *host, const struct account *account,
		    const struct web_path *path, json_t *findings);
