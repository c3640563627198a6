#include "cli/settings.h"

#include <stdlib.h>

#include "cli/server_name.h"

const char *settings_path(void)
{
	static char named[SERVER_NAME_PATH_BYTES + 16];
	const char *given = getenv("CONSTABLE_CONFIG");
	char folder[SERVER_NAME_PATH_BYTES];

	if (given && *given)
		return given;
	if (!server_name_folder(folder))
		return "/etc/constable/agent.yaml";
	text_format(named, sizeof(named), "%s/agent.yaml", folder);
	return named;
}

int settings_fill(struct config *config, struct error *err)
{
	int r;

	config_init(config, settings_keys);
	r = config_add_file(config, settings_path(), err);
	return r < 0 ? r : config_add_environment(config, err);
}
