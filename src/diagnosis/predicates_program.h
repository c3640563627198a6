/*
 * The text of the jq programs of predicates.c: conditions, which say where in a
 * result a finding holds, and words, which say what it means there.
 *
 * A program begins with its header, and what is added after that ends in a comma:
 * program_end() closes the list.
 */
#pragma once

#include "base/buf.h"
#include "diagnosis/predicates.h"

/* Input {tool, cross, result, args, all, asked}; output [number, [path...]] of each finding. */
void program_begin_conditions(struct buf *program, const struct knowledge *knowledge);

/* All findings of a tool, of which the input's "cross" leaves out those that are not. */
void program_add_tool(struct buf *program, const struct knowledge *knowledge, const char *tool);
void program_add_condition(struct buf *program, const struct finding *finding, size_t number);

/*
 * Input {found, result, args, all, asked}, where "found" is a list of what the
 * conditions gave; output [number, [[path, says, values]...]] of each that was added.
 */
void program_begin_words(struct buf *program, const struct knowledge *knowledge);
void program_add_words(struct buf *program, const struct finding *finding, size_t number);

void program_end(struct buf *program);
