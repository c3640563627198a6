#include "kernel/program/life/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/clock.h"
#include "base/fd.h"
#include "identity/file.h"

#define LOCK_WAIT_NS (10 * NS_PER_SEC)
#define BOOT_ID "/proc/sys/kernel/random/boot_id"

static const char *const names[PROGRAM_N_STATES] = {
	"VERIFIED", "LOADED", "CANARY", "ACTIVE", "EXPIRED", "REMOVED", "FAILED", "ROLLED_BACK",
};

const char *program_state_name(enum program_state state)
{
	return state < PROGRAM_N_STATES ? names[state] : "";
}

bool program_state_is_attached(enum program_state state)
{
	return state == PROGRAM_CANARY || state == PROGRAM_ACTIVE;
}

bool program_state_has_ended(enum program_state state)
{
	return state >= PROGRAM_EXPIRED;
}

static enum program_state state_of(const json_t *program, const char *member)
{
	const char *name = json_get_text(program, member, "");

	for (enum program_state state = 0; state < PROGRAM_N_STATES; state++)
		if (strcmp(names[state], name) == 0)
			return state;
	return PROGRAM_N_STATES;
}

enum program_state journal_state(const json_t *program)
{
	return state_of(program, "state");
}

enum program_state journal_intent(const json_t *program)
{
	return state_of(program, "intent");
}

/* Another steward may still be ending: the folder's next one waits for it. */
static int take_lock(struct journal *journal, const char *folder, struct error *err)
{
	static const struct timespec pause = { .tv_nsec = 10 * 1000 * 1000 };
	uint64_t until_ns = clock_monotonic_ns() + LOCK_WAIT_NS;
	char path[4096];

	text_format(path, sizeof(path), "%s/lock", folder);
	journal->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
	if (journal->lock < 0)
		return error_errno(err, "open '%s'", path);
	while (flock(journal->lock, LOCK_EX | LOCK_NB) < 0) {
		if (errno != EWOULDBLOCK || clock_monotonic_ns() > until_ns)
			return error_set(err, -EBUSY, "another process has '%s'", folder);
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

/* Until then the folder itself may be gone after a cut of the power, with all that is in it. */
static int make_durable(const char *folder, struct error *err)
{
	CLEANUP(fd) int parent = -1;
	char path[4096];

	text_format(path, sizeof(path), "%s/..", folder);
	parent = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return parent < 0 || fsync(parent) < 0
		       ? error_errno(err, "make the folder '%s' durable", folder)
		       : 0;
}

static void read_boot_id(char id_out[64])
{
	CLEANUP(fd) int fd = open(BOOT_ID, O_RDONLY | O_CLOEXEC);
	ssize_t n = fd < 0 ? 0 : read(fd, id_out, 63);

	id_out[n > 0 ? n : 0] = '\0';
	id_out[strcspn(id_out, "\n")] = '\0';
}

static bool is_journal(const json_t *document)
{
	return json_is_array(json_object_get(document, "programs")) &&
	       json_is_object(json_object_get(document, "highest"));
}

/* What was written last by somebody who was killed before it was done; torn, or of another boot,
 * it is nothing. */
static void take_intents(struct journal *journal, const char *boot_id)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(json) json_t *intents = NULL;
	struct error err = { 0 };

	buf_init(&text, FILE_MAX_BYTES);
	if (file_load_private(journal->intents, &text, &err) < 0)
		return;
	intents = json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, &err);
	if (!is_journal(intents) || strcmp(json_get_text(intents, "boot_id", ""), boot_id) != 0 ||
	    json_get_int(intents, "n_writings", 0) <=
		    json_get_int(journal->document, "n_writings", 0))
		return;
	json_decref(journal->document);
	journal->document = TAKE(intents);
	journal->n_bytes = text.len;
}

static void take_boot(struct journal *journal)
{
	char boot_id[64];

	read_boot_id(boot_id);
	take_intents(journal, boot_id);
	journal->is_of_earlier_boot =
		strcmp(json_get_text(journal->document, "boot_id", ""), boot_id) != 0;
	json_put(journal->document, "boot_id", json_string(boot_id));
}

static int load(struct journal *journal, const char *folder, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	int r;

	buf_init(&text, FILE_MAX_BYTES);
	r = file_load_private(journal->path, &text, err);
	if (r == -ENOENT) {
		*err = (struct error) { 0 };
		if (make_durable(folder, err) < 0)
			return err->code;
		journal->document = json_pack("{s:s, s:i, s:{}, s:[]}", "boot_id", "", "next_id", 1,
					      "highest", "programs");
		return 0;
	}
	if (r < 0)
		return r;
	journal->document = json_parse(buf_text(&text), text.len, FILE_MAX_BYTES, err);
	if (!journal->document)
		return error_wrap(err, "%s", journal->path);
	if (!is_journal(journal->document))
		return error_set(err, -EBADMSG, "%s: no journal of programs", journal->path);
	journal->n_bytes = text.len;
	return 0;
}

int journal_open(struct journal *journal, const char *folder, struct error *err)
{
	int r;

	*journal = (struct journal) { .lock = -1 };
	if (mkdir(folder, 0700) < 0 && errno != EEXIST)
		return error_errno(err, "make the folder '%s'", folder);
	text_format(journal->path, sizeof(journal->path), "%s/journal.json", folder);
	text_format(journal->intents, sizeof(journal->intents), "%s/intents.json", folder);
	r = take_lock(journal, folder, err);
	if (r == 0)
		r = load(journal, folder, err);
	if (r < 0)
		journal_close(journal);
	else
		take_boot(journal);
	return r;
}

void journal_close(struct journal *journal)
{
	json_decref(journal->document);
	journal->document = NULL;
	fd_close(&journal->lock);
}

bool journal_is_of_earlier_boot(struct journal *journal)
{
	return TAKE(journal->is_of_earlier_boot);
}

json_t *journal_programs(const struct journal *journal)
{
	return json_object_get(journal->document, "programs");
}

json_t *journal_find(const struct journal *journal, uint64_t id)
{
	json_t *program;
	size_t i;

	json_array_foreach(journal_programs(journal), i, program)
	{
		if (json_get_int(program, "id", 0) == (int64_t)id)
			return program;
	}
	return NULL;
}

json_t *journal_find_live(const struct journal *journal, const char *name, const json_t *but)
{
	json_t *program;
	size_t i;

	json_array_foreach(journal_programs(journal), i, program)
	{
		if (program != but && !program_state_has_ended(journal_state(program)) &&
		    strcmp(json_get_text(program, "name", ""), name) == 0)
			return program;
	}
	return NULL;
}

uint64_t journal_highest_seq(const struct journal *journal, const char *name)
{
	return (uint64_t)json_get_int(json_object_get(journal->document, "highest"), name, 0);
}

void journal_note_seq(struct journal *journal, const json_t *program)
{
	const char *name = json_get_text(program, "name", "");
	int64_t seq = json_get_int(program, "seq", 0);

	if ((uint64_t)seq > journal_highest_seq(journal, name))
		json_put(json_object_get(journal->document, "highest"), name, json_integer(seq));
}
