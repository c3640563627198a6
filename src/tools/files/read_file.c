/* read_file: a bounded piece of a regular file, as text or Base64. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/encoding.h"
#include "base/fd.h"
#include "tools/catalogue.h"
#include "tools/files/files.h"
#include "tools/files/safe_cut.h"

struct piece {
	uint64_t offset; /* of the first byte shown, in the file */
	struct buf bytes;
	size_t start, end; /* what is shown, in 'bytes' */
	bool at_end;
};

static int read_at(int fd, uint64_t offset, struct buf *out)
{
	char chunk[16 * 1024];

	if (offset && lseek(fd, (off_t)offset, SEEK_SET) < 0)
		return -errno;
	while (out->len < out->max) {
		size_t want = out->max - out->len;
		ssize_t n = read(fd, chunk, want < sizeof(chunk) ? want : sizeof(chunk));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		buf_add(out, chunk, (size_t)n);
	}
	buf_add(out, "", 0);
	return 0;
}

/* Reads the wanted bytes and what stands around them, then cuts where it is safe. */
static int read_piece(const struct task *task, int fd, uint64_t offset, size_t want,
		      struct piece *piece)
{
	uint64_t before = offset < SAFE_CUT_CONTEXT_BYTES ? offset : SAFE_CUT_CONTEXT_BYTES;
	struct buf *bytes = &piece->bytes;
	int r;

	buf_init(bytes, (size_t)before + want + SAFE_CUT_CONTEXT_BYTES);
	r = read_at(fd, offset - before, bytes);
	if (r < 0)
		return r;
	piece->start = before < bytes->len ? (size_t)before : bytes->len;
	piece->end = piece->start + want < bytes->len ? piece->start + want : bytes->len;
	piece->start = safe_cut_after(task->redactor, bytes->data, bytes->len, piece->start);
	piece->end = safe_cut_before(task->redactor, bytes->data, bytes->len, piece->end);
	if (piece->end < piece->start)
		piece->end = piece->start;
	piece->at_end = bytes->len < bytes->max && piece->end == bytes->len;
	piece->offset = offset - before + piece->start;
	return 0;
}

static json_t *latin1_json(const char *bytes, size_t len)
{
	CLEANUP(buf) struct buf text = { 0 };

	buf_init(&text, 2 * len + 1);
	for (size_t i = 0; i < len; i++) {
		uint8_t c = (uint8_t)bytes[i];
		char wide[2] = { (char)(0xc0 | c >> 6), (char)(0x80 | (c & 0x3f)) };

		if (c < 0x80)
			buf_add(&text, bytes + i, 1);
		else
			buf_add(&text, wide, 2);
	}
	return json_text(buf_text(&text), text.len);
}

/* Base64 hides secrets from the redaction of the result, so that comes first. */
static json_t *base64_json(const struct task *task, const char *bytes, size_t len)
{
	CLEANUP(buf) struct buf redacted = { 0 };
	CLEANUP(text) char *text = NULL;

	buf_init(&redacted, 4 * len + 64);
	(void)redact_text(task->redactor, bytes, len, &redacted);
	text = base64_text(buf_text(&redacted), redacted.len);
	return json_text(text, strlen(text));
}

static json_t *content_json(const struct task *task, const struct piece *piece,
			    const char *encoding)
{
	const char *bytes = buf_text(&piece->bytes) + piece->start;
	size_t len = piece->end - piece->start;

	if (strcmp(encoding, "base64") == 0)
		return base64_json(task, bytes, len);
	if (strcmp(encoding, "latin1") == 0)
		return latin1_json(bytes, len);
	return json_text(bytes, len);
}

static uint64_t first_byte(const json_t *args, uint64_t size, size_t want)
{
	if (json_get_bool(args, "tail", false))
		return size > want ? size - want : 0;
	return (uint64_t)json_get_int(args, "offset", 0);
}

static void report(const struct task *task, const json_t *args, const struct piece *piece,
		   const struct stat *status, json_t *result)
{
	const char *encoding = json_get_text(args, "encoding", "utf-8");

	json_put(result, "encoding", json_string(encoding));
	json_put(result, "content", content_json(task, piece, encoding));
	json_put(result, "size_bytes", json_integer((json_int_t)status->st_size));
	json_put(result, "offset", json_integer((json_int_t)piece->offset));
	json_put(result, "n_bytes", json_integer((json_int_t)(piece->end - piece->start)));
	json_put(result, "modified", files_modified(status));
	json_put(result, "truncated", json_boolean(piece->offset > 0 || !piece->at_end));
}

static int run(struct task *task, const json_t *args, json_t *result, struct error *err)
{
	size_t want = (size_t)json_get_int(args, "max_bytes", 65536);
	struct piece piece = { 0 };
	CLEANUP(fd) int fd = -1;
	struct stat status;
	const char *path;
	int r = files_path_argument(args, "file_path", &path, err);

	if (r < 0)
		return r;
	fd = files_open_regular(task->host, path, &status, err);
	if (fd < 0)
		return fd;
	r = read_piece(task, fd, first_byte(args, (uint64_t)status.st_size, want), want, &piece);
	if (r < 0) {
		error_set(err, r, "read '%s': %s", path, strerrordesc_np(-r));
	} else {
		json_put(result, "path", json_text(path, strlen(path)));
		report(task, args, &piece, &status, result);
	}
	buf_finish(&piece.bytes);
	return r;
}

const struct tool tool_read_file = {
	.info = {
		.name = "read_file",
		.summary = "A piece of a regular file of the host, secrets redacted.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false,\"properties\":{"
			  "\"path\":{\"type\":\"string\",\"format\":\"path\"},"
			  "\"file_path\":{\"type\":\"string\",\"format\":\"path\","
			  "\"description\":\"the same as path\"},"
			  "\"encoding\":{\"type\":\"string\",\"enum\":[\"utf-8\",\"latin1\",\"base64\"],"
			  "\"default\":\"utf-8\",\"description\":\"what the bytes are taken for\"},"
			  "\"max_bytes\":{\"type\":\"integer\",\"minimum\":1,\"maximum\":524288,"
			  "\"default\":65536},"
			  "\"offset\":{\"type\":\"integer\",\"minimum\":0,"
			  "\"description\":\"of the first byte\"},"
			  "\"tail\":{\"type\":\"boolean\",\"default\":false,"
			  "\"description\":\"the file's last max_bytes instead\"}}}",
		.result = "path: string, encoding: string, content: string, size_bytes: integer, "
			"offset: integer, n_bytes: integer, modified: string",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_ROOT_FILES,
	},
	.run = run,
};
