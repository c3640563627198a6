#include "cli/server_name.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define VARIABLE "CONSTABLE_NAME"
#define FLAG "--name"
#define FLAG_LEN (sizeof(FLAG) - 1)

bool server_name_is_good(const char *name)
{
	size_t len = strlen(name);

	return len && len <= SERVER_NAME_MAX && *name != '-' &&
	       strspn(name, "abcdefghijklmnopqrstuvwxyz0123456789-") == len;
}

static int check(const char *name, struct error *err)
{
	if (server_name_is_good(name))
		return 0;
	return error_set(err, -EINVAL,
			 "'%s' is no name for a server; take a to z, 0 to 9 and '-', at most %d",
			 name, SERVER_NAME_MAX);
}

static const char *current(void)
{
	const char *name = getenv(VARIABLE);

	return name && *name ? name : NULL;
}

/* How many words of argv the flag takes at that place; 0: another word. */
static int flag_words(char *const *argv)
{
	if (strncmp(argv[0], FLAG, FLAG_LEN) != 0)
		return 0;
	if (argv[0][FLAG_LEN] == '=')
		return 1;
	return !argv[0][FLAG_LEN] && argv[1] ? 2 : 0;
}

int server_name_take(int *argc, char **argv, struct error *err)
{
	bool may_stand = true;

	for (int at = 1; at < *argc && strcmp(argv[at], "--") != 0; at++) {
		int n = may_stand ? flag_words(&argv[at]) : 0;
		const char *name = n == 1 ? argv[at] + FLAG_LEN + 1 : argv[at + 1];

		may_stand = (may_stand && at > 1) || strcmp(argv[at], "provision") == 0 ||
			    strcmp(argv[at], "install") == 0;
		if (!n)
			continue;
		if (check(name, err) < 0)
			return err->code;
		if (setenv(VARIABLE, name, 1) < 0)
			return error_errno(err, "keep the name");
		*argc -= n;
		memmove(&argv[at], &argv[at + n], (size_t)(*argc - at + 1) * sizeof(*argv));
		return 0;
	}
	return 0;
}

bool server_name_folder(char folder[SERVER_NAME_PATH_BYTES])
{
	const char *name = current();

	if (!name || !server_name_is_good(name))
		return false;
	text_format(folder, SERVER_NAME_PATH_BYTES, "/etc/constable/servers/%s", name);
	return true;
}

/* As for the first server: root's, or the user's own; the agent's where it may enter. */
static void find_state(const char *name, char state[SERVER_NAME_PATH_BYTES])
{
	const char *xdg = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
	char agent[SERVER_NAME_PATH_BYTES + 8];

	text_format(state, SERVER_NAME_PATH_BYTES, "/var/lib/constable/servers/%s", name);
	text_format(agent, sizeof(agent), "%s/agent", state);
	if (geteuid() == 0 || access(agent, X_OK) == 0)
		return;
	if (xdg && *xdg == '/')
		text_format(state, SERVER_NAME_PATH_BYTES, "%s/constable/servers/%s", xdg, name);
	else if (home && *home == '/')
		text_format(state, SERVER_NAME_PATH_BYTES, "%s/.local/state/constable/servers/%s",
			    home, name);
}

static int move(struct config *config, const char *key, const char *text, struct error *err)
{
	if (strcmp(config_get(config, key)->source, "default") != 0)
		return 0;
	return config_set(config, key, text, VARIABLE, err);
}

int server_name_settle(struct config *config, struct error *err)
{
	const char *name = config_get(config, "name")->text, *known = current();
	char state[SERVER_NAME_PATH_BYTES], socket[SERVER_NAME_PATH_BYTES];
	int r;

	if (strcmp(name, known ? known : "") != 0)
		return error_set(err, -EINVAL,
				 "the name of a server is the first flag, or in " VARIABLE
				 ": constable --name NAME COMMAND");
	if (!*name)
		return 0;
	r = check(name, err);
	if (r < 0)
		return r;
	find_state(name, state);
	text_format(socket, sizeof(socket), "/run/constable/servers/%s/warden.sock", name);
	r = move(config, "state_dir", state, err);
	if (r == 0)
		r = move(config, "socket", socket, err);
	/* One port of this host is the first agent's. */
	return r == 0 ? move(config, "api_address", "off", err) : r;
}
