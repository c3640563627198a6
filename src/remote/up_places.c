#include <errno.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include "remote/state_folder.h"
#include "remote/up_internal.h"

#define AGENT_USER "constable"

/* Ours, or the agent's user's. */
static int make_folder(const char *path, mode_t mode, const struct helper_user *owner,
		       struct error *err)
{
	if (owner && owner->is_other)
		return state_folder_give(path, owner->uid, owner->gid, err);
	return mkdir(path, mode) < 0 && errno != EEXIST ? error_errno(err, "make '%s'", path) : 0;
}

/* What needs no root gets none. */
static int find_user(struct up *up, struct error *err)
{
	const struct passwd *user;

	if (geteuid() != 0)
		return 0;
	user = getpwnam(AGENT_USER);
	if (!user)
		return error_set(err, -ENOENT,
				 "the user '" AGENT_USER "' is missing, which server and agent run "
				 "as; make it: useradd --system --user-group " AGENT_USER);
	up->user =
		(struct helper_user) { .uid = user->pw_uid, .gid = user->pw_gid, .is_other = true };
	return 0;
}

int up_make_places(struct up *up, struct error *err)
{
	const char *state = up->cli->state;
	char agent[UP_PATH_BYTES];
	int r = find_user(up, err);

	text_format(up->server, UP_FOLDER_BYTES, "%s/server", state);
	text_format(agent, sizeof(agent), "%s/agent", state);
	text_format(up->warden, UP_FOLDER_BYTES, "%s/warden", state);
	text_format(up->logs, UP_FOLDER_BYTES, "%s/log", state);
	text_format(up->run, UP_FOLDER_BYTES, "%s/run", state);
	text_format(up->socket, UP_FOLDER_BYTES, "%.*s/warden.sock",
		    UP_FOLDER_BYTES - UP_NAME_BYTES, up->run);
	text_format(up->ca, sizeof(up->ca), "%s/ca/server.crt", up->server);
	up->helpers.executables = up->cli->executables;
	up->helpers.logs = up->logs;
	if (r == 0 && up->user.is_other)
		r = state_folder_let_pass(state, err);
	if (r == 0)
		r = make_folder(up->server, 0700, &up->user, err);
	if (r == 0)
		r = make_folder(agent, 0700, &up->user, err);
	if (r == 0)
		r = make_folder(up->logs, 0700, NULL, err);
	return r < 0 ? r : make_folder(up->run, 0711, NULL, err);
}
