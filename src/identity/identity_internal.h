/* What the files of this folder share: texts in and out of OpenSSL, and records in statements. */
#pragma once

#include <openssl/types.h>

#include "base/buf.h"
#include "base/json.h"

/*
 * As error_set(), with OpenSSL's own reason appended where it has one, and its queue emptied, so
 * that a refused foreign byte leaves nothing behind for whoever asks next.
 */
int identity_error(struct error *err, int code, const char *format, ...) PRINTF_LIKE(3, 4);

/* Fills the bytes from the kernel's generator; never fails. */
void random_fill(void *bytes, size_t len);

/*
 * The DER bytes inside a foreign text: either they are DER already, or the PEM block of one
 * of these names (NULL at the end) is found after any text, with only blanks behind it. Borrowed
 * or kept in 'kept'.
 */
int der_find(struct str bytes, const char *const *names, struct buf *kept, struct str *der_out,
	     struct error *err) MUST_CHECK;

/* What a BIO in memory holds, as heap text; wipes and frees the BIO. */
char *bio_take_text(BIO *bio);
void bio_cleanup(BIO **bio);

/* SAN entries for addresses and DNS names; NULL with 'err' for what is neither. May be empty. */
struct stack_st_GENERAL_NAME;
struct stack_st_GENERAL_NAME *host_names_make(const char *const *hosts, struct error *err);
void general_names_cleanup(struct stack_st_GENERAL_NAME **names);

/* A name that holds this CN and nothing else; 1 to 64 bytes of UTF-8. NULL with 'err'. */
X509_NAME *common_name_make(const char *text, struct error *err);
void common_name_cleanup(X509_NAME **name);

/* A member of a statement and where its value lies in our struct. */
struct record_field {
	const char *name;
	size_t at;
	size_t size;                  /* of the text's array; 0: a uint64_t */
	bool (*is)(const char *text); /* NULL for numbers */
};

#define RECORD_TEXT(type, member, check)                                      \
	{                                                                     \
		.name = #member, .at = offsetof(type, member), .is = (check), \
		.size = sizeof(((type *)0)->member)                           \
	}
#define RECORD_NUMBER(type, member)                           \
	{                                                     \
		.name = #member, .at = offsetof(type, member) \
	}

struct record {
	const char *domain;
	const struct record_field *fields; /* NULL name at the end */
};

/* A new reference, or NULL with -EINVAL where a member of 'from' is not what it may be. */
json_t *record_format(const struct record *record, const void *from, struct error *err);

/* Exactly these members, or -EBADMSG. 'to' is written also on failure. */
int record_read(const struct record *record, const json_t *statement, void *to,
		struct error *err) MUST_CHECK;

/* 0, or -EACCES with the first text that differs; a field named in 'skip' (or NULL) is let be. */
int record_compare(const struct record *record, const void *is, const void *wanted,
		   const char *skip, struct error *err) MUST_CHECK;

bool text_is_sha256(const char *text);
bool text_is_time(const char *text); /* as clock_format() writes it */
