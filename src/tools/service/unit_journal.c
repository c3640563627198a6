#include "tools/service/unit_journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <systemd/sd-journal.h>

#include "base/clock.h"
#include "base/fd.h"

#define TEXT_MAX_BYTES 2048

static void journal_cleanup(sd_journal **journal)
{
	sd_journal_close(*journal);
}

/* The folder is opened below the host's root, so that a fixture's journal is its own. */
static int open_journal(const struct host *host, int *folder_out, sd_journal **journal_out)
{
	static const char *const folders[] = { "var/log/journal", "run/log/journal" };
	int r = -ENOENT;

	for (size_t i = 0; i < ARRAY_LEN(folders); i++) {
		CLEANUP(fd) int fd = host_open(host, folders[i], O_RDONLY | O_DIRECTORY);

		if (fd < 0) {
			r = r == -ENOENT ? fd : r;
			continue;
		}
		r = sd_journal_open_directory_fd(journal_out, fd, 0);
		if (r >= 0) {
			*folder_out = fd_take(&fd);
			return 0;
		}
	}
	return r;
}

static int add_match(sd_journal *journal, const char *field, const char *unit)
{
	char text[512];

	text_format(text, sizeof(text), "%s=%s", field, unit);
	return sd_journal_add_match(journal, text, 0);
}

/* The unit's own lines, or what PID 1 says of it, or what was dumped of it. */
static int choose_unit(sd_journal *journal, const char *unit)
{
	int r = add_match(journal, "_SYSTEMD_UNIT", unit);

	if (r >= 0)
		r = sd_journal_add_disjunction(journal);
	if (r >= 0)
		r = sd_journal_add_match(journal, "_PID=1", 0);
	if (r >= 0)
		r = add_match(journal, "UNIT", unit);
	if (r >= 0)
		r = sd_journal_add_disjunction(journal);
	return r < 0 ? r : add_match(journal, "COREDUMP_UNIT", unit);
}

/* The value of one field of the current entry; borrowed until the next move. */
static struct str field_of(sd_journal *journal, const char *field)
{
	size_t len = 0, skip = strlen(field) + 1;
	const void *data = NULL;

	if (sd_journal_get_data(journal, field, &data, &len) < 0 || len < skip)
		return (struct str) { "", 0 };
	return (struct str) { (const char *)data + skip, len - skip };
}

static int64_t number_of(sd_journal *journal, const char *field, int64_t otherwise)
{
	char text[32];
	const char *at = text;
	int64_t value;

	str_copy(field_of(journal, field), text, sizeof(text));
	return scan_i64(&at, &value) ? value : otherwise;
}

static json_t *read_entry(sd_journal *journal, uint64_t now_ns)
{
	struct str text = field_of(journal, "MESSAGE");
	uint64_t usec = 0, now_usec = now_ns / 1000;
	json_t *entry;

	if (text.len > TEXT_MAX_BYTES)
		text.len = TEXT_MAX_BYTES;
	entry = json_pack("{s:o, s:I, s:I}", "text", json_str(text), "priority",
			  (json_int_t)number_of(journal, "PRIORITY", 6), "pid",
			  (json_int_t)number_of(journal, "_PID", 0));
	if (!entry)
		return NULL;
	if (sd_journal_get_realtime_usec(journal, &usec) >= 0)
		json_put(entry, "seconds_ago",
			 json_integer(now_usec > usec ? (json_int_t)((now_usec - usec) / 1000000)
						      : 0));
	return entry;
}

json_t *unit_journal_read(struct task *task, const char *unit, size_t max)
{
	CLEANUP(fd) int folder = -1;
	CLEANUP(journal) sd_journal *journal = NULL;
	json_t *lines = NULL;
	int r = open_journal(task->host, &folder, &journal);

	if (r >= 0)
		r = choose_unit(journal, unit);
	if (r >= 0)
		r = sd_journal_seek_tail(journal);
	if (r < 0) {
		errno = -r;
		return NULL;
	}
	lines = json_array();
	while (json_array_size(lines) < max && clock_monotonic_ns() < task->deadline_ns &&
	       sd_journal_previous(journal) > 0) {
		json_t *entry = read_entry(journal, host_now_ns(task->host));

		if (entry && json_array_insert_new(lines, 0, entry) < 0)
			break;
	}
	return lines;
}
