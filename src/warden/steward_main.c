/*
 * constable-steward --fd N --state DIR --limits FILE --executables DIR [--key TEXT]
 * [--rollback LIMITS] [--vault URL] [--vault-ca FILE] [--vault-namespace NAME] [--vault-path PATH]
 * [--token awaited]: leads the programs of this host through their lives; see
 * kernel/program/life/steward.h.
 *
 * Started by the launcher as root, without network, when somebody asks for a program or one is
 * attached already.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "base/json.h"
#include "base/log.h"
#include "courier/vault.h"
#include "kernel/program/life/steward.h"

static int parse_options(int argc, char **argv, int *fd, struct steward_config *config)
{
	const char *number = NULL, *token = NULL;
	const struct {
		const char *name, **value;
	} options[] = {
		{ "--fd", &number },
		{ "--state", &config->folder },
		{ "--limits", &config->limits },
		{ "--executables", &config->executables },
		{ "--key", &config->public_key },
		{ "--rollback", &config->rollback },
		{ "--vault", &config->vault.url },
		{ "--vault-ca", &config->vault.ca },
		{ "--vault-namespace", &config->vault.namespace },
		{ "--vault-path", &config->vault.path },
		{ "--token", &token },
	};
	size_t at;

	for (int i = 1; i + 1 < argc; i += 2) {
		for (at = 0; at < ARRAY_LEN(options); at++)
			if (strcmp(argv[i], options[at].name) == 0)
				break;
		if (at == ARRAY_LEN(options))
			return -EINVAL;
		*options[at].value = argv[i + 1];
	}
	*fd = number ? (int)strtol(number, NULL, 10) : -1;
	config->awaits_token = token;
	return argc % 2 && *fd >= 0 && config->folder && config->limits && config->executables
		       ? 0
		       : -EINVAL;
}

int main(int argc, char **argv)
{
	struct steward_config config = { .version = CONSTABLE_VERSION,
					 .ask_vault = courier_ask_vault };
	struct error err = { 0 };
	int fd = -1;

	log_set("constable-steward", LOG_LEVEL_WARN);
	json_seed();
	(void)signal(SIGPIPE, SIG_IGN);
	if (parse_options(argc, argv, &fd, &config) < 0) {
		log_error("usage: constable-steward --fd N --state DIR --limits FILE "
			  "--executables DIR [--key TEXT] [--rollback LIMITS] [--vault URL] "
			  "[--vault-ca FILE] [--vault-namespace NAME] [--vault-path PATH] "
			  "[--token awaited]");
		return 2;
	}
	if (steward_serve(fd, &config, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
