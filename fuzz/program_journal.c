/* A journal that is anything, as a disk may leave it: it is refused with a sentence, or can be
 * read, written, and read again as the same. */
#include "harness.h"

#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "identity/file.h"
#include "kernel/program/life/journal.h"

static char folder[] = "/tmp/fuzz-journal.XXXXXX";
static char path[sizeof(folder) + 16];

static void clean(void)
{
	char lock[sizeof(folder) + 16];

	(void)snprintf(lock, sizeof(lock), "%s/lock", folder);
	(void)unlink(lock);
	(void)unlink(path);
	(void)rmdir(folder);
}

static void look(const struct journal *journal)
{
	json_t *program;
	size_t i;

	json_array_foreach(journal_programs(journal), i, program)
	{
		const char *name = json_get_text(program, "name", "");
		const char *sha256 = json_get_text(program, "sha256", "");
		uint64_t id = (uint64_t)json_get_int(program, "id", 0);

		assert(journal_find(journal, id));
		assert(journal_state(program) <= PROGRAM_N_STATES);
		assert(journal_intent(program) <= PROGRAM_N_STATES);
		(void)journal_find_live(journal, name, NULL);
		(void)journal_highest_seq(journal, name);
		(void)journal_find_quarantined(journal, sha256);
	}
}

static size_t count(const struct journal *journal)
{
	return json_array_size(journal_programs(journal));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct journal journal, again;
	struct error err = { 0 };
	size_t n;

	if (!path[0]) {
		assert(mkdtemp(folder));
		(void)snprintf(path, sizeof(path), "%s/journal.json", folder);
		(void)atexit(clean);
	}
	if (size > FILE_MAX_BYTES || file_save_private(path, data, size, &err) < 0)
		return 0;
	if (journal_open(&journal, folder, &err) < 0) {
		assert(err.code < 0 && err.text[0]);
		return 0;
	}
	look(&journal);
	n = count(&journal);
	if (journal_save(&journal, &err) < 0) {
		assert(err.text[0]);
		n = SIZE_MAX;
	} else if (count(&journal) < n) {
		n = count(&journal); /* what is over goes where there is no room */
	}
	journal_close(&journal);
	err = (struct error) { 0 };
	assert(journal_open(&again, folder, &err) == 0);
	assert(n == SIZE_MAX || count(&again) == n);
	journal_close(&again);
	return 0;
}
