/* The audit log inside: its state, the form of its lines, and their reader. */
#pragma once

#include "base/buf.h"
#include "call/audit.h"
#include "call/hash.h"
#include "call/secret.h"

#define AUDIT_FILE "audit.jsonl"
#define AUDIT_KEY_FILE "audit.key"
#define AUDIT_NAME_BYTES 64
#define AUDIT_FIRST_PREV "constable audit log, version 1"

enum audit_kind {
	AUDIT_START,
	AUDIT_INTENT,
	AUDIT_OUTCOME,
	AUDIT_ROTATE,
	AUDIT_REPAIR,
	AUDIT_N_KINDS,
};

/* Calls between intent and outcome. */
struct open_calls {
	uint64_t ids[AUDIT_MAX_OPEN];
	size_t n;
};

struct audit {
	int dir_fd; /* also holds the lock */
	int fd;
	uint64_t seq;
	char head[HASH_TEXT_BYTES];
	off_t size;
	off_t allocated_end; /* the reserve is what lies between size and it */
	bool has_reserve;
	bool is_on_reserve;
	bool needs_sync;
	bool is_broken;
	unsigned n_rotated;
	unsigned char key[SECRET_BYTES];
	struct open_calls open;
};

#define AUDIT_KEY_ID_BYTES 17

/* Which key a log says it was written with: each start names it. */
struct audit_keys {
	char id[AUDIT_KEY_ID_BYTES]; /* "": no start named one */
	uint64_t seq;                /* the line since which it is this one */
	uint64_t changed_seq;        /* the last line that named another than before, or 0 */
};

void audit_key_hmac(const unsigned char key[SECRET_BYTES], const void *bytes, size_t len,
		    char text[HASH_TEXT_BYTES]);
/* Tells keys apart, and nothing about them. */
void audit_key_id(const unsigned char key[SECRET_BYTES], char id[AUDIT_KEY_ID_BYTES]);
void audit_keys_follow(struct audit_keys *keys, const json_t *start, uint64_t seq);

/* The id of the key in the log's folder, which is not made if it is missing (-ENOENT). */
int audit_key_look(int dir_fd, char id[AUDIT_KEY_ID_BYTES]);

bool open_calls_add(struct open_calls *open, uint64_t id);
bool open_calls_remove(struct open_calls *open, uint64_t id);

const char *audit_kind_name(enum audit_kind kind);

/* The name of the n-th rotated file, from 1. */
const char *audit_rotated_name(unsigned n, char name[AUDIT_NAME_BYTES]);

/* How many rotated files there are: the highest number in use. */
int audit_count_rotated(int dir_fd, unsigned *n_out, struct error *err);

/* Finds seq, head, size and open calls of a log, and cuts off a torn last line. */
struct audit_tear {
	uint64_t n_bytes;
	char sha256[HASH_TEXT_BYTES];
};

int audit_recover(struct audit *audit, struct audit_tear *tear_out, struct error *err);

/* Writes one line: the members after seq, time, kind and prev. Takes 'members'. */
int audit_write(struct audit *audit, enum audit_kind kind, json_t *members, struct error *err);

/* Makes room for a line: rotates if the file is long, and fills up the reserve. */
int audit_rotate_if_long(struct audit *audit, struct error *err);
void audit_fill_reserve(struct audit *audit);

/* What a line says of itself; 'rest' begins after "prev". */
struct audit_line {
	uint64_t seq;
	enum audit_kind kind;
	struct str time;
	struct str prev;
	uint64_t id; /* of intent and outcome, else 0 */
};

bool audit_line_parse(struct str line, struct audit_line *line_out);

/* Puts the ids of a rotate line's "open" into 'open'. */
void audit_line_open_calls(struct str line, struct open_calls *open);

/* Follows a line: which calls are open after it. False if that makes no sense. */
bool audit_line_follow(const struct audit_line *line, struct str text, struct open_calls *open);

/*
 * Lines of a file, one at a time. A line longer than AUDIT_LINE_MAX_BYTES comes
 * in pieces; only the last line of a file can be torn (without a newline).
 */
struct audit_reader {
	int fd; /* borrowed */
	char *buffer;
	size_t at, len;
	bool has_ended;
	off_t offset; /* of the next line */
	int error;
};

void audit_reader_init(struct audit_reader *reader, int fd);
void audit_reader_finish(struct audit_reader *reader);
void audit_reader_cleanup(struct audit_reader *reader);
enum audit_read {
	AUDIT_READ_END,
	AUDIT_READ_LINE,
	AUDIT_READ_TORN
};
enum audit_read audit_reader_next(struct audit_reader *reader, struct str *line_out);
