#include "tools/web/web_path.h"

#include <errno.h>
#include <string.h>

#define MAX_FINDINGS 100

static bool is_known(const json_t *findings, const char *path)
{
	const json_t *finding;
	size_t i;

	json_array_foreach(findings, i, finding) if (strcmp(json_get_text(finding, "path", ""),
							    path) == 0) return true;
	return false;
}

void web_path_check(const struct host *host, const struct account *account,
		    const struct web_path *path, json_t *findings)
{
	struct permission permission;
	char why[1024];

	/* What holds variables is known only when a request comes. */
	if (strchr(path->path, '$') || path->path[0] != '/' || is_known(findings, path->path) ||
	    json_array_size(findings) >= MAX_FINDINGS)
		return;
	permission_check(host, account, path->path, path->wanted, &permission);
	if (permission.code == 0)
		return;
	permission_describe(host, &permission, why, sizeof(why));
	json_push(findings,
		  json_pack("{s:s, s:s, s:o, s:s, s:o, s:i, s:o}", "kind",
			    permission.code == -ENOENT ? "missing" : "denied", "directive",
			    path->directive, "path", json_text(path->path, strlen(path->path)),
			    "user", account->name, "file",
			    json_text(path->file, strlen(path->file)), "line", (int)path->line,
			    "why", json_text(why, strlen(why))));
}
