/* Unit files: what is kept is borrowed from the text, trimmed, and bounded. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "machine.h"
#include "tools/service/unit_file.h"

static void check_settings(const struct unit_file *file)
{
	char program[256];

	assert(file->n <= UNIT_FILE_MAX_SETTINGS);
	for (size_t i = 0; i < file->n; i++) {
		const struct unit_setting *setting = &file->settings[i];

		assert(!strchr(setting->key, '\n') && !strchr(setting->value, '\n'));
		(void)unit_file_get(file, setting->section, setting->key);
		if (unit_file_program(setting->value, program, sizeof(program)))
			assert(program[0]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"etc/systemd/system/a.service",
		"etc/systemd/system/a.service.d/b.conf",
		NULL,
	};
	struct host *host = machine_fill(paths, data, size);
	struct unit_file file = { 0 }, added = { 0 };
	char path[256];

	/* A unit that is not there is an answer; here it always is. */
	assert(unit_file_load(&file, host, "a.service", path, sizeof(path)) == 0);
	check_settings(&file);
	unit_file_cleanup(&file);

	unit_file_add(&added, (const char *)data, size);
	check_settings(&added);
	unit_file_cleanup(&added);
	return 0;
}
