/* Foreign configuration, ours and the seeds': an error names the file, a value that is taken fits.
 */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "cli/import.h"
#include "cli/settings.h"

static void check_ours(const char *text, size_t size)
{
	CLEANUP(config) struct config config = { 0 };
	struct error err = { 0 };

	config_init(&config, settings_keys);
	if (config_parse(&config, "f", text, size, &err) < 0)
		assert(err.code < 0 && strncmp(err.text, "f:", 2) == 0);
	assert(config_get_ns(&config, "since") > 0);
	assert(config_get_choice(&config, "color") >= 0);
}

static void check_theirs(const char *text, size_t size)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *imported = import_parse("f", text, size, settings_keys, &err);
	CLEANUP(config) struct config config = { 0 };
	const char *key;
	json_t *value;

	config_init(&config, settings_keys);
	if (!imported)
		assert(err.code < 0 && strncmp(err.text, "f:", 2) == 0);
	json_object_foreach(json_object_get(imported, "taken"), key, value)
	{
		int r = config_set(&config, key, json_string_value(value), "f", &err);

		assert(r == 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	check_ours((const char *)data, size);
	check_theirs((const char *)data, size);
	return 0;
}
