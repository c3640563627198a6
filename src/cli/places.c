#include "cli/places.h"

#include <errno.h>
#include <pwd.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define FOLDER_BYTES (PLACES_PATH_BYTES - 64)

/* The folder this program lies in: a build tree, or the installed bin/. */
static void find_own_folder(char folder[FOLDER_BYTES])
{
	ssize_t len = readlink("/proc/self/exe", folder, FOLDER_BYTES - 1);
	char *slash;

	folder[len < 0 ? 0 : len] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
}

static bool is_folder(const char *path)
{
	return access(path, X_OK) == 0;
}

/* The first that is there; the last if none is, so that an error names a likely place. */
static void choose(char path[PLACES_PATH_BYTES], const char *folder, const char *const *below)
{
	do
		text_format(path, PLACES_PATH_BYTES, "%s/%s", folder, *below);
	while (!is_folder(path) && *++below);
}

static void find_siblings(struct places *places)
{
	static const char *const knowledge[] = { "../knowledge", "../share/constable/knowledge",
						 NULL };
	static const char *const skills[] = { "../skills", "../share/constable/skills", NULL };
	char folder[FOLDER_BYTES], probe[PLACES_PATH_BYTES];

	find_own_folder(folder);
	choose(places->knowledge, folder, knowledge);
	choose(places->skills, folder, skills);
	text_format(probe, sizeof(probe), "%s/constable-warden", folder);
	if (access(probe, X_OK) == 0)
		text_format(places->executables, PLACES_PATH_BYTES, "%s", folder);
	else
		text_format(places->executables, PLACES_PATH_BYTES, "%s/../libexec/constable",
			    folder);
}

/* /var/lib/constable as root, else the XDG state folder. */
static void find_state(struct places *places)
{
	const char *xdg = getenv("XDG_STATE_HOME");
	const char *home = getenv("HOME");
	const struct passwd *user;

	if (geteuid() == 0) {
		text_format(places->state, PLACES_PATH_BYTES, "/var/lib/constable");
		return;
	}
	if (xdg && xdg[0] == '/') {
		text_format(places->state, PLACES_PATH_BYTES, "%s/constable", xdg);
		return;
	}
	if (!home || home[0] != '/') {
		user = getpwuid(geteuid());
		home = user ? user->pw_dir : "/nonexistent";
	}
	text_format(places->state, PLACES_PATH_BYTES, "%s/.local/state/constable", home);
}

/* Without the "..", which nobody wants to read; as it is where nothing lies there. */
static void tidy(char path[PLACES_PATH_BYTES])
{
	CLEANUP(text) char *tidied = realpath(path, NULL);

	if (tidied)
		text_format(path, PLACES_PATH_BYTES, "%s", tidied);
}

static void apply(const struct config *config, const char *key, char path[PLACES_PATH_BYTES])
{
	const char *text = config_get(config, key)->text;

	if (*text)
		text_format(path, PLACES_PATH_BYTES, "%s", text);
}

void places_find(struct places *places, const struct config *config)
{
	find_siblings(places);
	find_state(places);
	apply(config, "executables_dir", places->executables);
	apply(config, "knowledge_dir", places->knowledge);
	apply(config, "skills_dir", places->skills);
	apply(config, "state_dir", places->state);
	tidy(places->executables);
	tidy(places->knowledge);
	tidy(places->skills);
}

/* As mkdir -p, the last folder private to us. */
int places_make_state(const struct places *places, struct error *err)
{
	char path[PLACES_PATH_BYTES];

	text_format(path, sizeof(path), "%s", places->state);
	for (char *at = strchr(path + 1, '/'); at; at = strchr(at + 1, '/')) {
		*at = '\0';
		(void)mkdir(path, 0755); /* the last mkdir tells what went wrong */
		*at = '/';
	}
	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return error_set(err, -errno,
				 "cannot make the state folder '%s': %s; name another with "
				 "CONSTABLE_STATE_DIR",
				 path, strerrordesc_np(errno));
	if (access(path, W_OK | X_OK) < 0)
		return error_set(err, -errno,
				 "cannot write to the state folder '%s': %s; name another with "
				 "CONSTABLE_STATE_DIR",
				 path, strerrordesc_np(errno));
	return 0;
}
