#include "host/pattern.h"

#include <fnmatch.h>
#include <string.h>

#define MAX_NAMES 4096
#define MAX_COMPONENTS 32

static void match(const struct host *host, const char *done, const char *left, unsigned depth,
		  size_t max, json_t *paths)
{
	CLEANUP(json) json_t *names = NULL;
	char component[256], path[4096];
	const json_t *name;
	size_t i, len;

	left += strspn(left, "/");
	len = strcspn(left, "/");
	if (depth == MAX_COMPONENTS || len >= sizeof(component) || json_array_size(paths) >= max)
		return;
	if (!len) {
		if (host_exists(host, done + (*done == '/')))
			json_push(paths, json_text(done, strlen(done)));
		return;
	}
	str_copy((struct str) { left, len }, component, sizeof(component));
	if (!strpbrk(component, "*?[")) {
		text_format(path, sizeof(path), "%s/%s", done, component);
		match(host, path, left + len, depth + 1, max, paths);
		return;
	}
	names = host_list(host, *done ? done + 1 : ".", MAX_NAMES);
	json_array_foreach(names, i, name)
	{
		if (fnmatch(component, json_string_value(name), FNM_PERIOD) != 0)
			continue;
		text_format(path, sizeof(path), "%s/%s", done, json_string_value(name));
		match(host, path, left + len, depth + 1, max, paths);
	}
}

json_t *host_match(const struct host *host, const char *pattern, size_t max)
{
	json_t *paths = json_array();

	match(host, "", pattern, 0, max, paths);
	return paths;
}
