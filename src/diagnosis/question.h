/*
 * What a person asks, as data: the words that steer an investigation.
 *
 * Nothing here decides anything: words raise a prior within a bound, and
 * subjects (a path, a service, a port, a host) fill the arguments of calls.
 */
#pragma once

#include "base/json.h"

#define QUESTION_MAX_BYTES (8 * KIB)
#define QUESTION_MAX_SUBJECTS 16

/*
 * {"text": lower case, "words": [...], "paths": [...], "hosts": [...],
 * "ports": [...], "names": [... what may be a service ...], "since_s": N}
 */
json_t *question_parse(const char *text, int64_t since_s);

/*
 * How many of a cause's words the question has: a word matches where one of the
 * question's begins with it, several words where they stand in it.
 */
size_t question_count_words(const json_t *asked, const json_t *words);
