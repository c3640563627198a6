/*
 * The few words every file of the tree may use: cleanup of owning locals,
 * handover of ownership, and sizes.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/banned.h"

#define MUST_CHECK __attribute__((warn_unused_result))
#define UNUSED __attribute__((unused))
#define PRINTF_LIKE(at, first) __attribute__((format(printf, at, first)))

#define KIB ((size_t)1024)
#define MIB (1024 * KIB)

#define NS_PER_MS UINT64_C(1000000)
#define NS_PER_SEC UINT64_C(1000000000)

#define ARRAY_LEN(array) (sizeof(array) / sizeof((array)[0]))

#define container_of(pointer, type, member) \
	((type *)(void *)((char *)(pointer)-offsetof(type, member)))

/*
 * CLEANUP(noun) makes the scope's end call noun_cleanup(&variable); the
 * variable is initialised on the line that declares it. TAKE() empties a
 * pointer and hands its value on: it marks the place where ownership leaves.
 */
#define CLEANUP(noun) __attribute__((cleanup(noun##_cleanup)))
#define TAKE(pointer)                                   \
	({                                              \
		__typeof__(pointer) taken_ = (pointer); \
		(pointer) = NULL;                       \
		taken_;                                 \
	})

/* For CLEANUP(text): a heap string. */
void text_cleanup(char **text);

/* As snprintf() into fixed memory, cut where that ends. */
void text_format(char *text, size_t size, const char *format, ...) PRINTF_LIKE(3, 4);
/* The same for a text alone: once for every call is often. */
void text_copy(char *text, size_t size, const char *from);
