/* The spool inside. */
#pragma once

#include "call/ring.h"
#include "call/spool.h"

#define SPOOL_LINE_MAX_BYTES (4 * KIB)
#define SPOOL_NAME_BYTES (SPOOL_ID_BYTES + 16)
#define SPOOL_ROOM_BYTES (SPOOL_LINE_MAX_BYTES + SPOOL_ANSWER_MAX_BYTES)

struct spool {
	int dir_fd;
	struct ring tombstones;
	struct spool_entry *entries;
	size_t n_entries;
	size_t n_bytes; /* of all of them */
	bool has_reserve[SPOOL_RESERVES];
};

/* "ID.started" or "ID.result"; returns 'name'. */
const char *spool_name(const char *call_id, enum spool_state state, char name[SPOOL_NAME_BYTES]);

/* The first line of a file, and back: false where it is none. */
void spool_line_format(const struct spool_entry *entry, struct buf *out);
bool spool_line_parse(const char *text, size_t len, struct spool_entry *entry_out);

/* Reads the line of an open file; its length with the newline, or a negative errno. */
ssize_t spool_line_read(int fd, struct spool_entry *entry_out);

/* Makes what is missing of the reserves, as far as the disk has room. */
void spool_fill_reserves(struct spool *spool);

/* An open, empty "ID.started" with room for the largest answer, or a negative errno. */
int spool_make_file(struct spool *spool, const char *name);

/* Takes over a copy of the entry. */
struct spool_entry *spool_add(struct spool *spool, const struct spool_entry *entry);
void spool_remove(struct spool *spool, struct spool_entry *entry);

/* Looks at every file of the folder. */
int spool_recover(struct spool *spool, struct error *err);
