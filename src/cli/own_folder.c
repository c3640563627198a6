#include "cli/own_folder.h"

#include <errno.h>
#include <pwd.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_BYTES (OWN_PATH_BYTES - 128)

static int find_folder(char folder[FOLDER_BYTES], struct error *err)
{
	const char *xdg = getenv("XDG_CONFIG_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (xdg && *xdg == '/') {
		text_format(folder, FOLDER_BYTES, "%s/constable", xdg);
		return 0;
	}
	if (!home || *home != '/') {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : NULL;
	}
	if (!home)
		return error_set(err, -ENOENT,
				 "this user has no home folder; set CONSTABLE_CREDENTIALS");
	text_format(folder, FOLDER_BYTES, "%s/.config/constable", home);
	return 0;
}

int own_folder_path(const char *name, char path_out[OWN_PATH_BYTES], struct error *err)
{
	const char *given = getenv("CONSTABLE_CREDENTIALS");
	const char *slash = given ? strrchr(given, '/') : NULL;
	char folder[FOLDER_BYTES] = ".";
	int r = 0;

	if (given && *given && strcmp(name, OWN_CREDENTIALS) == 0) {
		text_format(path_out, OWN_PATH_BYTES, "%s", given);
		return 0;
	}
	if (slash)
		text_format(folder, FOLDER_BYTES, "%.*s", (int)(slash - given), given);
	else if (!given || !*given)
		r = find_folder(folder, err);
	if (r == 0)
		text_format(path_out, OWN_PATH_BYTES, "%s/%s", folder, name);
	return r;
}

int own_folder_make(const char *path, struct error *err)
{
	CLEANUP(text) char *copy = strdup(path);

	if (!copy)
		abort();
	for (char *at = strchr(copy + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		if (mkdir(copy, 0700) < 0 && errno != EEXIST)
			return error_errno(err, "make '%s'", copy);
		*at = '/';
	}
	return 0;
}
