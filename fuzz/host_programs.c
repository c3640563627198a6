/* /proc of a machine where processes choose their names and arguments. */
#include "harness.h"

#include <assert.h>
#include <string.h>

#include "host/program.h"
#include "machine.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const paths[] = {
		"proc/7/stat", "proc/7/status", "proc/7/cmdline",
		"proc/8/stat", "proc/uptime",   NULL,
	};
	struct host *host = machine_fill(paths, data, size);
	struct programs programs = { 0 };

	assert(programs_load(host, &programs) == 0);
	for (size_t i = 0; i < programs.n; i++) {
		CLEANUP(json) json_t *json = program_json(&programs.list[i]);

		assert(json);
		assert(strlen(programs.list[i].comm) < PROGRAM_COMM_BYTES);
		assert(programs_find_pid(&programs, programs.list[i].pid));
		(void)programs_next(&programs, "nginx", NULL);
	}
	programs_cleanup(&programs);
	return 0;
}
