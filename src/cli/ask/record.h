/* A recorded host: answers the calls of an investigator from the evidence of a case. */
#pragma once

#include "base/json.h"
#include "call/frame.h"

/*
 * The catalogue of a host of which only the names of tools are known: the entries of 'catalogue'
 * (or NULL), else the names alone, which is enough for the built-in engine. A new reference.
 */
json_t *record_tools(const json_t *record, const json_t *catalogue);

/*
 * Answers one {"type":"call"} on 'fd' at once: with what was recorded of it (the entry of its
 * arguments, else one whose arguments do not contradict them), or with -ENOENT.
 */
int record_answer(const json_t *record, const struct frame *call, int fd,
		  struct error *err) MUST_CHECK;
