#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/config.h"

void config_flag_name(const struct config_key *key, char flag_out[CONFIG_FLAG_BYTES])
{
	text_format(flag_out, CONFIG_FLAG_BYTES, "--%s", key->name);
	for (char *at = flag_out; *at; at++)
		if (*at == '_')
			*at = '-';
}

int config_take_flag(struct config *config, char **argv, int *at, struct error *err)
{
	char flag[CONFIG_FLAG_BYTES];

	for (const struct config_key *key = config->keys; key->name; key++) {
		const char *arg = argv[*at];
		size_t len;
		int r;

		config_flag_name(key, flag);
		len = strlen(flag);
		if (strncmp(arg, flag, len) != 0 || (arg[len] && arg[len] != '='))
			continue;
		if (!arg[len] && !argv[*at + 1])
			return error_set(err, -EINVAL, "%s wants a value", flag);
		r = config_set(config, key->name, arg[len] ? arg + len + 1 : argv[++*at], flag,
			       err);
		++*at;
		return r < 0 ? r : 1;
	}
	return 0;
}

void config_export_flags(const struct config *config)
{
	for (const struct config_key *key = config->keys; key->name; key++) {
		const struct config_value *value = config_get(config, key->name);

		if (strncmp(value->source, "--", 2) == 0 &&
		    setenv(key->variable, value->text, 1) < 0)
			abort();
	}
}
