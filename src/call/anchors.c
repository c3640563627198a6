#include "call/anchors.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/fd.h"
#include "call/small_file.h"
#include "identity/key.h"

#define FILE_NAME "anchors.jsonl"
#define PIN_NAME "approval/pin.json"
#define DOMAIN "constable.anchor.v1"
/* Twice what is kept: so it is written anew only once for so many. */
#define FILE_MAX_BYTES ((size_t)2 * ANCHORS_KEPT * ANCHOR_LINE_MAX_BYTES)

void anchors_finish(struct anchors *anchors)
{
	free(anchors->list);
	*anchors = (struct anchors) { 0 };
}

void anchors_cleanup(struct anchors *anchors)
{
	anchors_finish(anchors);
}

/* NULL while none is pinned. */
static EVP_PKEY *load_key(int dir_fd)
{
	CLEANUP(buf) struct buf text = { 0 };
	CLEANUP(json) json_t *pin = NULL;
	struct error none = { 0 };
	const char *key;

	buf_init(&text, 16 * KIB);
	if (small_file_load(dir_fd, PIN_NAME, &text, &none) < 0)
		return NULL;
	pin = json_parse(buf_text(&text), text.len, text.max, &none);
	key = json_get_text(pin, "anchor_key", "");
	return key[0] ? key_parse(key, strlen(key), &none) : NULL;
}

/* Verified where there is a key, else only read. */
static int read_anchor(const json_t *sealed, EVP_PKEY *key, struct anchor *anchor_out,
		       struct error *err)
{
	CLEANUP(json) json_t *statement = NULL;
	const char *head;

	if (key)
		return anchor_verify(sealed, key, anchor_out, err);
	statement = statement_peek(sealed, DOMAIN, err);
	if (!statement)
		return err->code;
	head = json_get_text(statement, "head", "");
	*anchor_out = (struct anchor) { .seq = (uint64_t)json_get_int(statement, "seq", 0) };
	text_format(anchor_out->head, sizeof(anchor_out->head), "%s", head);
	if (!anchor_out->seq || anchor_out->seq > INT64_MAX || strlen(head) != HASH_TEXT_BYTES - 1)
		return error_set(err, -EBADMSG, "an anchor has the number and the hash of a line");
	return 0;
}

static void add_line(struct anchors *anchors, struct str line, EVP_PKEY *key)
{
	struct error ignored = { 0 };
	CLEANUP(json)
	json_t *sealed = json_parse(line.data, line.len, ANCHOR_LINE_MAX_BYTES, &ignored);
	struct anchor anchor;

	if (!sealed || read_anchor(sealed, key, &anchor, &ignored) < 0) {
		anchors->n_bad++;
		return;
	}
	anchors->list = reallocarray(anchors->list, anchors->n + 1, sizeof(anchor));
	if (!anchors->list)
		abort();
	anchors->list[anchors->n++] = anchor;
}

int anchors_load(int dir_fd, struct anchors *anchors_out, struct error *err)
{
	CLEANUP(anchors) struct anchors anchors = { 0 };
	CLEANUP(key) EVP_PKEY *key = load_key(dir_fd);
	CLEANUP(buf) struct buf text = { 0 };
	const char *at, *newline;
	struct error why = { 0 };
	int r;

	buf_init(&text, FILE_MAX_BYTES);
	r = small_file_load(dir_fd, FILE_NAME, &text, &why);
	if (r < 0 && r != -ENOENT)
		return error_set(err, r, "%s", why.text);
	for (at = buf_text(&text); (newline = strchr(at, '\n')); at = newline + 1)
		add_line(&anchors, (struct str) { at, (size_t)(newline - at) }, key);
	anchors.has_key = key;
	*anchors_out = anchors;
	anchors = (struct anchors) { 0 };
	return 0;
}

/* Drops the older half of a file that has become long. */
static int shorten(int dir_fd, struct error *err)
{
	CLEANUP(buf) struct buf text = { 0 };
	const char *at;
	size_t n_lines = 0;
	int r;

	buf_init(&text, FILE_MAX_BYTES);
	r = small_file_load(dir_fd, FILE_NAME, &text, err);
	if (r < 0)
		return r;
	at = text.data + text.len;
	while (at > text.data && n_lines <= ANCHORS_KEPT)
		n_lines += *--at == '\n';
	at += n_lines > ANCHORS_KEPT;
	return small_file_save(dir_fd, FILE_NAME, at, (size_t)(text.data + text.len - at), err);
}

static int append(int dir_fd, const json_t *sealed, struct error *err)
{
	CLEANUP(text) char *text = json_canonical(sealed);
	CLEANUP(fd)
	int fd = openat(dir_fd, FILE_NAME, O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC,
			0600);
	size_t len = strlen(text);
	off_t size = fd < 0 ? 0 : lseek(fd, 0, SEEK_END);
	int r;

	if (fd < 0)
		return error_errno(err, FILE_NAME);
	if (len >= ANCHOR_LINE_MAX_BYTES)
		return error_set(err, -E2BIG, "the anchor is too long");
	text[len] = '\n';
	r = fd_write_all(fd, text, len + 1);
	text[len] = '\0';
	if (r < 0)
		return error_set(err, r, "%s: %s", FILE_NAME, strerrordesc_np(-r));
	if (size > (off_t)(FILE_MAX_BYTES - 2 * ANCHOR_LINE_MAX_BYTES))
		return shorten(dir_fd, err);
	return 0;
}

static int compare(const struct anchors_log *log, const struct anchor *anchor, struct error *err)
{
	if (anchor->seq > log->seq)
		return error_set(err, -ESTALE,
				 "the server countersigned line %" PRIu64
				 ", and the audit log ends at line %" PRIu64,
				 anchor->seq, log->seq);
	if (anchor->seq == log->seq && strcmp(anchor->head, log->head) != 0)
		return error_set(err, -EBADE, "the server countersigned another line %" PRIu64,
				 anchor->seq);
	return 0;
}

int anchors_add(const struct anchors_log *log, const json_t *sealed, struct error *err)
{
	CLEANUP(fd) int dir_fd = open(log->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CLEANUP(key) EVP_PKEY *key = NULL;
	struct error differs = { 0 };
	struct anchor anchor;
	int r;

	if (dir_fd < 0)
		return error_errno(err, "%s", log->directory);
	key = load_key(dir_fd);
	r = read_anchor(sealed, key, &anchor, err);
	if (r < 0)
		return r;
	r = compare(log, &anchor, &differs);
	if (r == 0 || key)
		if (append(dir_fd, sealed, err) < 0)
			return err->code;
	return r < 0 ? error_set(err, r, "%s", differs.text) : 0;
}
