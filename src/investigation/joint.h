/*
 * The joint: investigations of one question on several hosts become one, with one
 * cause; a pure function of their cases.
 *
 * Each host was judged by itself. A cause whose proof points to the other end of a
 * connection ("elsewhere" of its hypothesis: a refused dependency, a silent upstream)
 * yields to a cause on another host that points nowhere, and among those the host
 * that is pointed at comes first; else confidence decides, then the order given.
 */
#pragma once

#include "base/json.h"

#define JOINT_MAX_HOSTS 64

/*
 * 'cases' is a list of finished cases (case.h), each perhaps with "addresses": [texts]
 * by which other hosts know its host. Gives a case with "hosts": [names], evidence ids
 * that are unique in it (each item with its "host"; those of a case with "last_earlier" are
 * unique already, and stay), and the report of all. A new
 * reference, or NULL with 'err' (-EINVAL: no case, too many, or one without a report).
 */
json_t *joint_case(const json_t *cases, struct error *err);
