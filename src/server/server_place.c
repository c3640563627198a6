#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"
#include "server/server.h"

static int make_folder(const char *path, mode_t mode, struct error *err)
{
	if (mkdir(path, mode) < 0 && errno != EEXIST)
		return error_errno(err, "make the folder '%s'", path);
	return 0;
}

/* Parents as others may see them, the last one ours alone. */
static int make_folders(const char *path, struct error *err)
{
	char part[SERVER_PATH_BYTES];

	for (const char *slash = strchr(path + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
		text_format(part, sizeof(part), "%.*s", (int)(slash - path), path);
		if (make_folder(part, 0755, err) < 0)
			return err->code;
	}
	return make_folder(path, 0700, err);
}

static void find_executables(struct server_place *place, const char *given)
{
	char folder[SERVER_PATH_BYTES - 64], probe[SERVER_PATH_BYTES];
	ssize_t len = readlink("/proc/self/exe", folder, sizeof(folder) - 1);
	char *slash;

	if (*given) {
		text_format(place->executables, sizeof(place->executables), "%s", given);
		return;
	}
	folder[len < 0 ? 0 : len] = '\0';
	slash = strrchr(folder, '/');
	if (slash)
		*slash = '\0';
	text_format(probe, sizeof(probe), "%s/constable-store", folder);
	text_format(place->executables, sizeof(place->executables),
		    access(probe, X_OK) == 0 ? "%s" : "%s/../libexec/constable", folder);
}

static int take_lock(struct server_place *place, struct error *err)
{
	char path[SERVER_PATH_BYTES];
	CLEANUP(fd) int fd = -1;

	text_format(path, sizeof(path), "%s/lock", place->state);
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_errno(err, "open '%s'", path);
	if (flock(fd, LOCK_EX | LOCK_NB) < 0)
		return error_set(err, -EBUSY, "another server uses the state folder '%s'",
				 place->state);
	place->lock = fd_take(&fd);
	return 0;
}

int server_place_open(struct server_place *place, const struct config *config, struct error *err)
{
	const char *state = config_get(config, "state_dir")->text;
	const char *database = config_get(config, "database")->text;
	int r;

	*place = (struct server_place) { .lock = -1 };
	if (strlen(state) >= sizeof(place->state) || strlen(database) >= sizeof(place->database))
		return error_set(err, -ENAMETOOLONG, "state_dir or database is too long");
	text_format(place->state, sizeof(place->state), "%s", state);
	text_format(place->ca, sizeof(place->ca), "%s/ca", state);
	if (*database)
		text_format(place->database, sizeof(place->database), "%s", database);
	else
		text_format(place->database, sizeof(place->database), "%s/store.db", state);
	find_executables(place, config_get(config, "executables_dir")->text);
	r = make_folders(place->state, err);
	if (r == 0)
		r = take_lock(place, err);
	return r < 0 ? r : make_folder(place->ca, 0700, err);
}

void server_place_close(struct server_place *place)
{
	fd_close(&place->lock);
}
