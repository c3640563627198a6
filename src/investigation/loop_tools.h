/* The loop's own tools that every investigator has. */
#pragma once

#include "investigation/loop.h"

/* Looks for host tools by words: for models whose context holds few at a time. */
extern const struct loop_tool loop_find_tools;

/* More of one piece of evidence: by words in it, or by the path of a value. */
extern const struct loop_tool loop_read_evidence;

/* A question to the person who asked; waits for the answer, not for ever. */
extern const struct loop_tool loop_ask_person;

/* Ends the investigation; quotes that are not there are sent back twice. */
extern const struct loop_tool loop_submit_report;
