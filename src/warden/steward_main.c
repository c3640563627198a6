/*
 * constable-steward --fd N --state DIR --limits FILE --executables DIR [--key TEXT]
 * [--rollback LIMITS]: leads the
 * programs of this host through their lives; see kernel/program/life/steward.h.
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
#include "kernel/program/life/steward.h"

static int parse_options(int argc, char **argv, int *fd, struct steward_config *config)
{
	for (int i = 1; i + 1 < argc; i += 2) {
		if (strcmp(argv[i], "--fd") == 0)
			*fd = (int)strtol(argv[i + 1], NULL, 10);
		else if (strcmp(argv[i], "--state") == 0)
			config->folder = argv[i + 1];
		else if (strcmp(argv[i], "--limits") == 0)
			config->limits = argv[i + 1];
		else if (strcmp(argv[i], "--executables") == 0)
			config->executables = argv[i + 1];
		else if (strcmp(argv[i], "--key") == 0)
			config->public_key = argv[i + 1];
		else if (strcmp(argv[i], "--rollback") == 0)
			config->rollback = argv[i + 1];
		else
			return -EINVAL;
	}
	return argc % 2 && *fd >= 0 && config->folder && config->limits && config->executables
		       ? 0
		       : -EINVAL;
}

int main(int argc, char **argv)
{
	struct steward_config config = { .version = CONSTABLE_VERSION };
	struct error err = { 0 };
	int fd = -1;

	log_set("constable-steward", LOG_LEVEL_WARN);
	json_seed();
	(void)signal(SIGPIPE, SIG_IGN);
	if (parse_options(argc, argv, &fd, &config) < 0) {
		log_error("usage: constable-steward --fd N --state DIR --limits FILE "
			  "--executables DIR [--key TEXT] [--rollback LIMITS]");
		return 2;
	}
	if (steward_serve(fd, &config, &err) < 0) {
		log_error("%s", err.text);
		return 1;
	}
	return 0;
}
