#include "call/ring.h"

#include <assert.h>
#include <endian.h>
#include <errno.h>
#include <fcntl.h>
#include <openssl/sha.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/fd.h"

#define MARK_BYTES 16
#define RECORDS_AT_ONCE 256

struct record {
	uint64_t number; /* 0: none; little endian as the others */
	unsigned char mark[MARK_BYTES];
	uint64_t value;
	uint64_t check;
};

static_assert(sizeof(struct record) == RING_RECORD_BYTES, "what lies on disk");

static void mark_of(const char *text, unsigned char mark[MARK_BYTES])
{
	unsigned char whole[SHA256_DIGEST_LENGTH];

	SHA256((const unsigned char *)text, strlen(text), whole);
	memcpy(mark, whole, MARK_BYTES);
}

/* FNV-1a: against tearing, not against anybody. */
static uint64_t check_of(const struct record *record)
{
	const unsigned char *bytes = (const unsigned char *)record;
	uint64_t check = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < offsetof(struct record, check); i++)
		check = (check ^ bytes[i]) * UINT64_C(0x100000001b3);
	return check;
}

static off_t offset_of(const struct ring *ring, uint64_t number)
{
	return RING_TAG_BYTES + (off_t)((number - 1) % ring->n_records) * RING_RECORD_BYTES;
}

/* Reads what there is from 'at' on; the number of whole records. */
static ssize_t read_records(const struct ring *ring, unsigned at, struct record *records)
{
	size_t n = ring->n_records - at < RECORDS_AT_ONCE ? ring->n_records - at : RECORDS_AT_ONCE;
	ssize_t got;

	do
		got = pread(ring->fd, records, n * sizeof(*records),
			    RING_TAG_BYTES + (off_t)at * RING_RECORD_BYTES);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got / RING_RECORD_BYTES;
}

static int find_next(struct ring *ring, struct error *err)
{
	struct record records[RECORDS_AT_ONCE];
	ssize_t n = 1;

	ring->next = 1;
	for (unsigned at = 0; at < ring->n_records && n > 0; at += (unsigned)n) {
		n = read_records(ring, at, records);
		if (n < 0)
			return error_set(err, (int)n, "read: %s", strerrordesc_np((int)-n));
		for (ssize_t i = 0; i < n; i++)
			if (records[i].check == check_of(&records[i]) &&
			    le64toh(records[i].number) >= ring->next)
				ring->next = le64toh(records[i].number) + 1;
	}
	return 0;
}

static int write_at(const struct ring *ring, const void *bytes, size_t len, off_t at)
{
	const char *from = bytes;

	while (len) {
		ssize_t n = pwrite(ring->fd, from, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return n < 0 ? -errno : -EIO;
		from += n;
		at += n;
		len -= (size_t)n;
	}
	return 0;
}

/* The records of another tag are none of ours. */
static int check_tag(const struct ring *ring, const unsigned char *tag)
{
	unsigned char found[RING_TAG_BYTES];
	ssize_t n = pread(ring->fd, found, sizeof(found), 0);

	if (n == sizeof(found) && memcmp(found, tag, sizeof(found)) == 0)
		return 0;
	if (n < 0 || ftruncate(ring->fd, 0) < 0)
		return -errno;
	return write_at(ring, tag, RING_TAG_BYTES, 0);
}

int ring_open(struct ring *ring, int dir_fd, const char *name, unsigned n_records,
	      const unsigned char *tag, struct error *err)
{
	static const unsigned char zeros[RING_TAG_BYTES];
	struct stat st;
	int r;

	*ring = (struct ring) { .n_records = n_records };
	ring->fd =
		openat(dir_fd, name, O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
	if (ring->fd < 0 || fstat(ring->fd, &st) < 0)
		return error_errno(err, "%s", name);
	if (!S_ISREG(st.st_mode))
		return error_set(err, -EINVAL, "%s: is not a regular file", name);
	r = check_tag(ring, tag ? tag : zeros);
	/* All of its room at once, so that a disk which fills up later costs no memory of it; a
	 * file system that cannot hold room gives it when it is needed. */
	(void)fallocate(ring->fd, 0, 0, RING_TAG_BYTES + (off_t)n_records * RING_RECORD_BYTES);
	if (r < 0)
		return error_set(err, r, "%s: %s", name, strerrordesc_np(-r));
	return find_next(ring, err) < 0 ? error_wrap(err, "%s", name) : 0;
}

void ring_close(struct ring *ring)
{
	fd_close(&ring->fd);
}

int ring_add(struct ring *ring, const char *text, uint64_t value, enum ring_care care,
	     struct error *err)
{
	struct record record = { .number = htole64(ring->next), .value = htole64(value) };
	int r;

	mark_of(text, record.mark);
	record.check = check_of(&record);
	r = write_at(ring, &record, sizeof(record), offset_of(ring, ring->next));
	if (r == 0 && care == RING_SYNCED && fdatasync(ring->fd) < 0)
		r = -errno;
	if (r < 0)
		return error_set(err, r, "remember it: %s", strerrordesc_np(-r));
	ring->next++;
	return 0;
}

int ring_has(const struct ring *ring, const char *text, struct error *err)
{
	struct record records[RECORDS_AT_ONCE];
	unsigned char mark[MARK_BYTES];
	ssize_t n = 1;

	mark_of(text, mark);
	for (unsigned at = 0; at < ring->n_records && n > 0; at += (unsigned)n) {
		n = read_records(ring, at, records);
		if (n < 0)
			return error_set(err, (int)n, "look it up: %s", strerrordesc_np((int)-n));
		for (ssize_t i = 0; i < n; i++)
			if (memcmp(records[i].mark, mark, sizeof(mark)) == 0 &&
			    records[i].check == check_of(&records[i]))
				return 1;
	}
	return 0;
}

uint64_t ring_oldest_value(const struct ring *ring)
{
	struct record record;

	if (pread(ring->fd, &record, sizeof(record), offset_of(ring, ring->next)) !=
		    sizeof(record) ||
	    record.check != check_of(&record))
		return 0;
	return le64toh(record.value);
}
