#include "call/frame.h"

#include <endian.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/clock.h"
#include "base/fd.h"

#define PREFIX_BYTES 8
#define PART_BYTES (16 * KIB)

void frame_finish(struct frame *frame)
{
	json_decref(frame->header);
	free(frame->body);
	*frame = (struct frame) { 0 };
}

void frame_cleanup(struct frame *frame)
{
	frame_finish(frame);
}

static void put_u32(char *at, size_t value)
{
	uint32_t wire = htole32((uint32_t)value);

	memcpy(at, &wire, sizeof(wire));
}

static size_t get_u32(const char *at)
{
	uint32_t wire;

	memcpy(&wire, at, sizeof(wire));
	return le32toh(wire);
}

void frame_encode(const json_t *header, const void *body, size_t n_body, struct buf *out)
{
	CLEANUP(text) char *text = json_canonical(header);
	char prefix[PREFIX_BYTES];
	size_t n_header = strlen(text);

	put_u32(prefix, n_header);
	put_u32(prefix + 4, n_body);
	buf_add(out, prefix, sizeof(prefix));
	buf_add(out, text, n_header);
	buf_add(out, body, n_body);
}

static int check_sizes(const char *prefix, struct error *err)
{
	if (get_u32(prefix) > FRAME_HEADER_MAX_BYTES)
		return error_set(err, -E2BIG, "frame header of %zu bytes", get_u32(prefix));
	if (get_u32(prefix + 4) > FRAME_BODY_MAX_BYTES)
		return error_set(err, -E2BIG, "frame body of %zu bytes", get_u32(prefix + 4));
	return 0;
}

static int take(const char *header, size_t n_header, const char *body, size_t n_body,
		struct frame *frame_out, struct error *err)
{
	CLEANUP(json) json_t *parsed = json_parse(header, n_header, FRAME_HEADER_MAX_BYTES, err);
	char *copy;

	if (!parsed)
		return error_wrap(err, "frame header");
	if (!json_is_object(parsed))
		return error_set(err, -EBADMSG, "the frame header is not an object");
	copy = malloc(n_body + 1);
	if (!copy)
		abort();
	memcpy(copy, body, n_body);
	copy[n_body] = '\0';
	*frame_out = (struct frame) { .header = TAKE(parsed), .body = copy, .n_body = n_body };
	return 0;
}

ssize_t frame_decode(const char *bytes, size_t len, struct frame *frame_out, struct error *err)
{
	size_t n_header, n_body;
	int r;

	if (len < PREFIX_BYTES)
		return 0;
	r = check_sizes(bytes, err);
	if (r < 0)
		return r;
	n_header = get_u32(bytes);
	n_body = get_u32(bytes + 4);
	if (len < PREFIX_BYTES + n_header + n_body)
		return 0;
	r = take(bytes + PREFIX_BYTES, n_header, bytes + PREFIX_BYTES + n_header, n_body, frame_out,
		 err);
	return r < 0 ? r : (ssize_t)(PREFIX_BYTES + n_header + n_body);
}

int frame_write(int fd, const json_t *header, const void *body, size_t n_body, struct error *err)
{
	CLEANUP(buf) struct buf out = { 0 };
	int r;

	buf_init(&out, PREFIX_BYTES + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES);
	frame_encode(header, body, n_body, &out);
	r = fd_write_all(fd, out.data, out.len);
	return r < 0 ? error_set(err, r, "send a frame: %s", strerrordesc_np(-r)) : 0;
}

int frame_read(int fd, struct frame *frame_out, struct error *err)
{
	CLEANUP(text) char *bytes = NULL;
	char prefix[PREFIX_BYTES];
	size_t n_header, n_body;
	int r = fd_read_all(fd, prefix, sizeof(prefix));

	if (r < 0)
		return error_set(err, r, "receive a frame: %s", strerrordesc_np(-r));
	r = check_sizes(prefix, err);
	if (r < 0)
		return r;
	n_header = get_u32(prefix);
	n_body = get_u32(prefix + 4);
	bytes = malloc(n_header + n_body + 1);
	if (!bytes)
		abort();
	r = fd_read_all(fd, bytes, n_header + n_body);
	if (r < 0)
		return error_set(err, r, "receive a frame: %s", strerrordesc_np(-r));
	return take(bytes, n_header, bytes + n_header, n_body, frame_out, err);
}

static int read_part(int fd, uint64_t until_ns, struct buf *bytes)
{
	struct pollfd said = { fd, POLLIN, 0 };
	uint64_t now_ns = clock_monotonic_ns();
	char part[PART_BYTES];
	ssize_t n;

	if (now_ns >= until_ns)
		return -ETIMEDOUT;
	if (poll(&said, 1, (int)((until_ns - now_ns) / NS_PER_MS) + 1) < 0)
		return errno == EINTR ? 0 : -errno;
	n = recv(fd, part, sizeof(part), MSG_DONTWAIT);
	if (n == 0)
		return -EPIPE;
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	buf_add(bytes, part, (size_t)n);
	return 0;
}

int frame_read_within(int fd, uint64_t limit_ns, struct frame *frame_out, struct error *err)
{
	uint64_t until_ns = clock_monotonic_ns() + limit_ns;
	CLEANUP(buf) struct buf bytes = { 0 };
	ssize_t used;

	buf_init(&bytes, PREFIX_BYTES + FRAME_HEADER_MAX_BYTES + FRAME_BODY_MAX_BYTES + PART_BYTES);
	while ((used = frame_decode(buf_text(&bytes), bytes.len, frame_out, err)) == 0) {
		int r = read_part(fd, until_ns, &bytes);

		if (r < 0)
			return error_set(err, r, "receive a frame: %s", strerrordesc_np(-r));
	}
	if (used < 0)
		return (int)used;
	if ((size_t)used == bytes.len)
		return 0;
	frame_finish(frame_out);
	return error_set(err, -EBADMSG, "more than one frame at once");
}
