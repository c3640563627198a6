/*
 * A log file that somebody else wrote: verifying it ends with a report, and a
 * log opened on top of it goes on in whole lines that verify as one chain.
 */
#include "harness.h"

#include <assert.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "call/audit.h"

static char directory[] = "/dev/shm/fuzz-audit.XXXXXX";
static char log_path[sizeof(directory) + 16];
static char key_path[sizeof(directory) + 16];

static void remove_directory(void)
{
	(void)unlink(log_path);
	(void)unlink(key_path);
	(void)rmdir(directory);
}

int LLVMFuzzerInitialize(int *argc, char ***argv);
int LLVMFuzzerInitialize(int *argc UNUSED, char ***argv UNUSED)
{
	if (!mkdtemp(directory))
		abort();
	(void)snprintf(log_path, sizeof(log_path), "%s/audit.jsonl", directory);
	(void)snprintf(key_path, sizeof(key_path), "%s/audit.key", directory);
	return atexit(remove_directory);
}

static void write_log(const uint8_t *data, size_t size)
{
	CLEANUP(fd) int fd = open(log_path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	if (fd < 0 || fd_write_all(fd, data, size) < 0)
		abort();
}

static int64_t verify(const char *member)
{
	struct error err = { 0 };
	CLEANUP(json) json_t *report = json_object();

	if (audit_verify(directory, report, &err) < 0)
		abort();
	assert(json_get_int(report, "n_faults", -1) >= 0);
	assert(json_array_size(json_object_get(report, "faults")) <= AUDIT_MAX_FAULTS);
	return json_get_int(report, member, -1);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct error err = { 0 };
	int64_t before, n_lines;
	struct audit *audit;

	write_log(data, size);
	before = verify("n_faults");
	n_lines = verify("lines");
	audit = audit_open(directory, &err);
	/* A sequence number at the end of its range has nothing that could follow it. */
	if (!audit)
		return 0;
	audit_close(audit);
	assert(verify("lines") > n_lines);
	assert(verify("open_calls") == 0);
	if (!before)
		assert(verify("n_faults") == 0);
	return 0;
}
