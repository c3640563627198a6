/* One cause's file: from YAML to struct cause, with every key checked. */
#pragma once

#include "diagnosis/knowledge.h"

/* Takes the parsed file over; 'cause' borrows from it until cause_finish(). */
int cause_parse(struct cause *cause, struct yaml *file, struct error *err) MUST_CHECK;
void cause_finish(struct cause *cause);

/*
 * A list of {tool, args} at 'pointer' of a file; 'inquiries_out' is a heap array
 * that borrows from the file.
 */
int inquiries_parse(const struct yaml *file, const char *pointer, const json_t *list,
		    struct inquiry **inquiries_out, size_t *n_out, struct error *err) MUST_CHECK;
