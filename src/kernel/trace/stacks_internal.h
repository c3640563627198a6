/*
 * Stacks: who called whom, from addresses to names.
 *
 * The kernel's names come from its own list, which only root may read; those of a process from what
 * it maps and from the symbols of these files (elf_internal.h). A process that ended meanwhile
 * leaves addresses. Files beyond STACKS_MAX_FILES, and all that are not read within STACKS_READ_NS
 * or before the others' symbols take STACKS_MAX_BYTES, stay FILE+0xOFFSET.
 */
#pragma once

#include "kernel/trace/session_internal.h"
#include "kernel/trace/trace.h"

#define STACKS_MAX_FILES 32
#define STACKS_MAX_PROCESSES 32
#define STACKS_MAX_ADDRESSES 4096
#define STACKS_MAX_TEXT_BYTES MIB /* a result is 2 MiB at most (call/job.h) */
#define STACKS_MAX_BYTES (64 * MIB)
#define STACKS_READ_NS (700 * NS_PER_MS)

/* What stands for a stack of PROGRAM_STACK_BYTES until it is named: {pid, id}. A new reference. */
json_t *stacks_show(const uint8_t *bytes);

/* Puts names in place of what stacks_show() gave, in the keys of 'list': the innermost first, or
 * null where there is none. False where further ones are null, for names beyond
 * STACKS_MAX_TEXT_BYTES. */
bool stacks_name(const struct session *session, const struct trace_owner *owner, json_t *list);
