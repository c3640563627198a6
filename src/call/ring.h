/*
 * A ring on disk: remembers the last N things it was told, across crashes.
 *
 * A thing is known by a mark of 128 bits (of its SHA-256) and has a value. The
 * file is a tag of 16 bytes and N records of RING_RECORD_BYTES; each carries a
 * number that only grows and a check, so that a record torn by a crash is none
 * and the oldest is the one overwritten. A file of another tag is begun anew.
 * Nothing is kept in memory but the place of the next record: asking reads the
 * file, which the kernel caches.
 */
#pragma once

#include "base/error.h"

#define RING_RECORD_BYTES 40
#define RING_TAG_BYTES 16

struct ring {
	int fd; /* -1 when closed */
	unsigned n_records;
	uint64_t next; /* number of the next record, from 1 */
};

enum ring_care {
	RING_CACHED, /* survives this process */
	RING_SYNCED, /* and the host's */
};

/* Opens or makes it below a folder; 'tag' NULL stands for zeros. */
int ring_open(struct ring *ring, int dir_fd, const char *name, unsigned n_records,
	      const unsigned char *tag, struct error *err) MUST_CHECK;
void ring_close(struct ring *ring);

/* Forgets the oldest when it is full. */
int ring_add(struct ring *ring, const char *text, uint64_t value, enum ring_care care,
	     struct error *err) MUST_CHECK;

/* 1 if it remembers this text, 0 if not, or a negative errno. */
int ring_has(const struct ring *ring, const char *text, struct error *err) MUST_CHECK;

/* The value of the record that ring_add() would overwrite, 0 where there is none. */
uint64_t ring_oldest_value(const struct ring *ring);
