/*
 * A program: eBPF that somebody signed, with parameters, a life time and a rule for its end.
 *
 * It comes as an artifact of three files. NAME.tar.zst holds manifest.json (manifest.h), the
 * CO-RE object that it names and nothing that is not a plain file. release.json (release.h) names
 * it by hash and says for whom and when it is; release.json.sig signs exactly the bytes of that.
 * The order of trust is the order of reading: signature, release, hash and size of the archive,
 * and only then zstd, tar, manifest and ELF, in a process of its own (load/load.h).
 *
 * Who may sign, and what a host lets a program do, is trust.h and limits.h. What becomes of one
 * that was taken is life/.
 */
#pragma once

#include "base/error.h"

#define PROGRAM_NAME_BYTES 64    /* [a-z0-9][a-z0-9_-]*, and its NUL */
#define PROGRAM_VERSION_BYTES 32 /* [A-Za-z0-9.+_-]+, and its NUL */
#define PROGRAM_KEY_ID_BYTES 17  /* 16 hex digits of the key's SHA-256, and its NUL */

#define PROGRAM_ARTIFACT_MAX_BYTES (4 * MIB)
#define PROGRAM_RELEASE_MAX_BYTES (16 * KIB)
#define PROGRAM_SIGNATURE_MAX_BYTES ((size_t)1024)

/* What a registry gives along: targets, parameters and lists as JSON, together, which reach the
 * loader in one frame's header, beside what the host allows. */
#define PROGRAM_GIVEN_MAX_BYTES ((size_t)60000)
#define PROGRAM_LIST_MAX_ITEMS 1024

/* The letters of a name, a version: false for what is none. */
bool program_is_name(const char *text);
bool program_is_version(const char *text);

/* "1.10.0" after "1.9.2": negative, 0 or positive, by the numbers between the dots. */
int program_compare_versions(const char *one, const char *other);
