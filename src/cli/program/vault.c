/* Vault, for who signs: by the variables of Vault's own commands, and a courier for each errand. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/reap.h"
#include "cli/program/program.h"
#include "courier/vault.h"

#define TOKEN_FILE ".vault-token"

/* --- a courier of its own --------------------------------------------------------------------- */

static _Noreturn void become(const char *executables, int fd)
{
	static char name[] = "constable-courier";
	char *const argv[] = { name, NULL }, *const environment[] = { NULL };
	char path[4096];

	text_format(path, sizeof(path), "%s/%s", executables, name);
	if (dup2(fd, STDIN_FILENO) == STDIN_FILENO) {
		(void)close_range(3, ~0U, 0);
		(void)execve(path, argv, environment);
	}
	_exit(127); /* which the asker sees as the end of its socket */
}

static int open_courier(void *data, struct error *err)
{
	struct program_vault *vault = data;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return error_errno(err, "make a socket");
	vault->courier = fork();
	if (vault->courier == 0)
		become(vault->executables, ends[1]);
	close(ends[1]);
	vault->fd = ends[0];
	return vault->courier < 0 ? error_errno(err, "start constable-courier") : 0;
}

static int ask(void *data, const struct vault_request *request, unsigned *status_out,
	       struct buf *body, struct error *err)
{
	const struct program_vault *vault = data;

	return courier_ask_vault(vault->fd, request, status_out, body, err);
}

/* It ends with its socket; one that does not is ended. */
static void close_courier(void *data)
{
	struct program_vault *vault = data;

	fd_close(&vault->fd);
	if (vault->courier > 0)
		(void)reap_killed(vault->courier, REAP_LIMIT_NS, NULL);
	vault->courier = 0;
}

/* --- which, and as whom ------------------------------------------------------------------------
 */

static const char *variable(const char *name, const char *other)
{
	const char *value = getenv(name);

	return value && *value ? value : other ? getenv(other) : NULL;
}

/* Where Vault's own 'login' leaves it. */
static const char *token_file(char path[4096])
{
	const char *home = getenv("HOME");

	text_format(path, 4096, "%s/" TOKEN_FILE, home ? home : "");
	return home && access(path, R_OK) == 0 ? path : NULL;
}

static int read_settings(struct program_vault *vault, const struct program_signing *signing,
			 struct error *err)
{
	const struct vault_environment environment = {
		.url = variable("VAULT_ADDR", "AGENT_VAULT_URL"),
		.token = variable("VAULT_TOKEN", "AGENT_VAULT_TOKEN"),
		.ca = variable("VAULT_CACERT", NULL),
		.namespace = variable("VAULT_NAMESPACE", NULL),
	};
	CLEANUP(json) json_t *document = json_object();
	const char *file = signing->vault_token_file;
	char path[4096];

	if (!file && !environment.token)
		file = token_file(path);
	if (file)
		json_put(document, "token_file", json_string(file));
	if (vault_settings_read(&vault->settings, document, &environment, err) == 0)
		return 0;
	if (err->code == -ENOENT && !environment.url)
		error_set(err, -ENOENT, "which Vault? Set VAULT_ADDR");
	return err->code;
}

int program_vault_open(struct program_vault *vault, const struct program_signing *signing,
		       struct error *err)
{
	vault->executables = signing->executables;
	vault->wire = (struct vault_wire) { open_courier, ask, close_courier, vault };
	(void)signal(SIGPIPE, SIG_IGN);
	if (vault_read_transit(signing->vault_transit, &vault->signer.source, err) < 0)
		return err->code;
	if (read_settings(vault, signing, err) < 0)
		return error_wrap(err, "Vault");
	return vault_find_signer(&vault->wire, &vault->settings, &vault->signer, err);
}

void program_vault_cleanup(struct program_vault *vault)
{
	vault_signer_cleanup(&vault->signer);
	vault_settings_finish(&vault->settings);
}
