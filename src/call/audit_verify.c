#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "base/json.h"
#include "call/anchors.h"
#include "call/audit_internal.h"

/* It takes 64 MiB to rotate once. */
#define MAX_ATTEMPTS 3

/* What is known after the lines read so far. */
struct verifier {
	json_t *faults;
	uint64_t n_faults;
	uint64_t n_lines;
	unsigned n_files;
	char file[AUDIT_NAME_BYTES]; /* being read */
	uint64_t line;               /* in it */
	uint64_t seq;
	char head[HASH_TEXT_BYTES];
	char first_time[32], last_time[32];
	bool is_torn;
	struct open_calls open;
	struct anchors anchors;
	struct audit_keys keys;
	int dir_fd;
};

static void add_fault(struct verifier *verifier, const char *format, ...) PRINTF_LIKE(2, 3);

static void add_fault(struct verifier *verifier, const char *format, ...)
{
	char what[256];
	va_list args;

	verifier->n_faults++;
	if (json_array_size(verifier->faults) == AUDIT_MAX_FAULTS)
		return;
	va_start(args, format);
	(void)vsnprintf(what, sizeof(what), format, args);
	va_end(args);
	json_push(verifier->faults, json_pack("{s:s, s:I, s:s}", "file", verifier->file, "line",
					      (json_int_t)verifier->line, "what", what));
}

static void check_seq(struct verifier *verifier, uint64_t seq)
{
	uint64_t expected = verifier->seq + 1;

	if (seq == expected)
		return;
	if (verifier->n_lines == 1)
		add_fault(verifier,
			  "the log begins at line %" PRIu64 ": what came before is missing", seq);
	else if (seq > expected)
		add_fault(verifier, "line %" PRIu64 " follows line %" PRIu64 ": lines are missing",
			  seq, verifier->seq);
	else
		add_fault(verifier,
			  "line %" PRIu64 " follows line %" PRIu64 ": inserted or out of order",
			  seq, verifier->seq);
}

static void check_rotate(struct verifier *verifier, struct str text)
{
	struct open_calls before = verifier->open;

	audit_line_open_calls(text, &verifier->open);
	if (before.n != verifier->open.n ||
	    memcmp(before.ids, verifier->open.ids, before.n * sizeof(*before.ids)) != 0)
		add_fault(verifier, "names other open calls than the file before it");
}

static void check_follow(struct verifier *verifier, const struct audit_line *line, struct str text)
{
	size_t n_open = verifier->open.n;

	if (line->kind == AUDIT_ROTATE)
		check_rotate(verifier, text);
	else if (audit_line_follow(line, text, &verifier->open))
		return;
	else if (line->kind == AUDIT_OUTCOME)
		add_fault(verifier, "an outcome of call %" PRIu64 ", which was not open", line->id);
	else if (line->kind == AUDIT_START)
		add_fault(verifier, "a start while %zu calls were open", n_open);
	else
		add_fault(verifier, "more than %d open calls", AUDIT_MAX_OPEN);
}

/* The server signed what this line was. */
static void check_anchors(struct verifier *verifier)
{
	for (size_t i = 0; i < verifier->anchors.n; i++) {
		const struct anchor *anchor = &verifier->anchors.list[i];

		if (anchor->seq == verifier->seq && strcmp(anchor->head, verifier->head) != 0)
			add_fault(verifier,
				  "line %" PRIu64 " is not the one that the server countersigned",
				  verifier->seq);
	}
}

static const struct anchor *last_anchor(const struct anchors *anchors)
{
	const struct anchor *last = NULL;

	for (size_t i = 0; i < anchors->n; i++)
		if (!last || anchors->list[i].seq > last->seq)
			last = &anchors->list[i];
	return last;
}

static void check_end(struct verifier *verifier)
{
	const struct anchor *last = last_anchor(&verifier->anchors);

	if (last && last->seq > verifier->seq)
		add_fault(verifier,
			  "the server countersigned line %" PRIu64
			  ", and the log ends at line %" PRIu64 ": lines were cut off",
			  last->seq, verifier->seq);
	if (verifier->anchors.n_bad)
		add_fault(verifier, "%zu lines of the anchors are none that the server signed",
			  verifier->anchors.n_bad);
}

static void check_line(struct verifier *verifier, struct str text)
{
	CLEANUP(json) json_t *json = json_loadb(text.data, text.len, JSON_REJECT_DUPLICATES, NULL);
	struct audit_line line;

	verifier->line++;
	verifier->n_lines++;
	if (!json || !audit_line_parse(text, &line)) {
		add_fault(verifier, "is not a line of this log");
	} else {
		if (!str_is(line.prev, verifier->head))
			add_fault(verifier, verifier->n_lines == 1
						    ? "does not begin the chain"
						    : "the line before it is not the one it was "
						      "chained to: changed, inserted or removed");
		check_seq(verifier, line.seq);
		check_follow(verifier, &line, text);
		if (line.kind == AUDIT_START)
			audit_keys_follow(&verifier->keys, json, line.seq);
		verifier->seq = line.seq;
		str_copy(line.time, verifier->last_time, sizeof(verifier->last_time));
		if (!verifier->first_time[0])
			str_copy(line.time, verifier->first_time, sizeof(verifier->first_time));
	}
	hash_text(text.data, text.len, verifier->head);
	check_anchors(verifier);
}

static int check_file(struct verifier *verifier, int fd, const char *name, struct error *err)
{
	CLEANUP(audit_reader) struct audit_reader reader = { .fd = -1 };
	enum audit_read what;
	struct str text;

	text_format(verifier->file, sizeof(verifier->file), "%s", name);
	verifier->line = 0;
	verifier->n_files++;
	audit_reader_init(&reader, fd);
	do {
		if (verifier->is_torn) {
			add_fault(verifier, "an incomplete line, and a file after it");
			verifier->is_torn = false;
		}
		what = audit_reader_next(&reader, &text);
		if (what == AUDIT_READ_LINE)
			check_line(verifier, text);
	} while (what == AUDIT_READ_LINE);
	verifier->is_torn = what == AUDIT_READ_TORN;
	if (reader.error)
		return error_set(err, reader.error, "%s: %s", name, strerrordesc_np(-reader.error));
	return 0;
}

static int check_files(struct verifier *verifier, int dir_fd, unsigned n_rotated, struct error *err)
{
	int r = 0;

	for (unsigned n = 1; r == 0 && n <= n_rotated + 1; n++) {
		char name[AUDIT_NAME_BYTES] = AUDIT_FILE;
		CLEANUP(fd) int fd = -1;

		if (n <= n_rotated)
			audit_rotated_name(n, name);
		fd = openat(dir_fd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
		if (fd >= 0) {
			r = check_file(verifier, fd, name, err);
			continue;
		}
		if (errno != ENOENT)
			return error_errno(err, "%s", name);
		text_format(verifier->file, sizeof(verifier->file), "%s", name);
		verifier->line = 0;
		if (n_rotated)
			add_fault(verifier, "the file is missing");
	}
	return r;
}

static void push_text(json_t *list, const char *format, ...) PRINTF_LIKE(2, 3);

static void push_text(json_t *list, const char *format, ...)
{
	char text[256];
	va_list args;

	va_start(args, format);
	(void)vsnprintf(text, sizeof(text), format, args);
	va_end(args);
	json_push(list, json_string(text));
}

static void push_anchored(const struct verifier *verifier, const struct anchor *last, json_t *list)
{
	push_text(list,
		  "that nothing after line %" PRIu64 ", the last one the server countersigned, was "
		  "cut off or written anew",
		  last->seq);
	if (!verifier->anchors.has_key)
		push_text(list, "that the countersignatures are the server's: its key is not "
				"pinned on this host");
	push_text(list, "that nobody with this machine's root removed countersignatures, and the "
			"lines after them: the server knows its last one");
}

/* Without its key nobody can tell whether a call had the arguments that somebody says it had. */
static void push_key(const struct verifier *verifier, json_t *list)
{
	static const char without[] = "which exact arguments calls had";
	const struct audit_keys *keys = &verifier->keys;
	char id[AUDIT_KEY_ID_BYTES] = "";
	int r = audit_key_look(verifier->dir_fd, id);

	if (!verifier->n_lines)
		return;
	if (r == -ENOENT)
		push_text(list, "%s: the key of their keyed hashes, " AUDIT_KEY_FILE ", is missing",
			  without);
	else if (r < 0)
		push_text(list,
			  "%s: the key of their keyed hashes, " AUDIT_KEY_FILE
			  ", is none that can be used: %s",
			  without, r == -E2BIG ? "not 32 bytes" : strerrordesc_np(-r));
	else if (*keys->id && strcmp(keys->id, id) != 0)
		push_text(list,
			  "%s: " AUDIT_KEY_FILE " is not the key that line %" PRIu64
			  " names, and was replaced since",
			  without, keys->seq);
	if (keys->changed_seq)
		push_text(list,
			  "%s before line %" PRIu64 ": " AUDIT_KEY_FILE
			  " was removed or replaced before it",
			  without, keys->changed_seq);
}

static json_t *unprovable(const struct verifier *verifier)
{
	const struct anchor *last = last_anchor(&verifier->anchors);
	json_t *list = json_array();

	if (last) {
		push_anchored(verifier, last, list);
	} else {
		push_text(list,
			  "that nothing after line %" PRIu64 " was cut off, and that this line is "
			  "as it was written: compare the head with one kept elsewhere",
			  verifier->seq);
		push_text(list, "that nobody with this machine's root rewrote the whole log: "
				"the same comparison shows it");
	}
	push_key(verifier, list);
	if (verifier->is_torn)
		push_text(list, "what the incomplete last line says: it is being written, or a "
				"crash tore it");
	return list;
}

static void fill_report(const struct verifier *verifier, json_t *report)
{
	const struct anchor *last = last_anchor(&verifier->anchors);

	json_put(report, "ok", json_boolean(verifier->n_faults == 0));
	json_put(report, "lines", json_integer((json_int_t)verifier->n_lines));
	json_put(report, "files", json_integer(verifier->n_files));
	json_put(report, "head", json_string(verifier->head));
	json_put(report, "head_seq", json_integer((json_int_t)verifier->seq));
	json_put(report, "first_time",
		 json_text(verifier->first_time, strlen(verifier->first_time)));
	json_put(report, "last_time", json_text(verifier->last_time, strlen(verifier->last_time)));
	json_put(report, "open_calls", json_integer((json_int_t)verifier->open.n));
	json_put(report, "n_anchors", json_integer((json_int_t)verifier->anchors.n));
	json_put(report, "anchored_seq", json_integer(last ? (json_int_t)last->seq : 0));
	json_put(report, "n_faults", json_integer((json_int_t)verifier->n_faults));
	json_put(report, "faults", json_incref(verifier->faults));
	json_put(report, "cannot_prove", unprovable(verifier));
}

/* A writer may rotate meanwhile: then what was read is of two states, and is read again. */
static int verify(int dir_fd, json_t *report, struct error *err)
{
	for (int i = 0; i < MAX_ATTEMPTS; i++) {
		CLEANUP(json) json_t *faults = json_array();
		CLEANUP(anchors) struct anchors anchors = { 0 };
		struct verifier verifier = { .faults = faults, .dir_fd = dir_fd };
		unsigned before = 0, after = 0;
		/* First: those that come meanwhile may be of lines that come meanwhile. */
		int r = anchors_load(dir_fd, &anchors, err);

		verifier.anchors = anchors;
		if (r == 0)
			r = audit_count_rotated(dir_fd, &before, err);
		hash_text(AUDIT_FIRST_PREV, strlen(AUDIT_FIRST_PREV), verifier.head);
		if (r == 0)
			r = check_files(&verifier, dir_fd, before, err);
		if (r == 0)
			r = audit_count_rotated(dir_fd, &after, err);
		if (r < 0)
			return r;
		if (before == after) {
			check_end(&verifier);
			fill_report(&verifier, report);
			return 0;
		}
	}
	return error_set(err, -EAGAIN, "the log keeps rotating");
}

int audit_verify(const char *directory, json_t *report, struct error *err)
{
	CLEANUP(fd) int dir_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir_fd < 0)
		return error_errno(err, "%s", directory);
	if (verify(dir_fd, report, err) < 0)
		return error_wrap(err, "verify %s", directory);
	return 0;
}
