/*
 * Reports of several hosts as one; a function of its input.
 *
 * One report stays as it is. Of several, the verdict is the gravest: a cause that was found on
 * any host (of several the surest), else inconclusive, else healthy, as sure as the least sure.
 * "root_cause" names its host, and so do "remedies", "timeline", "unknowns" and each claim of
 * the hypotheses, of which those of one cause are joined: the highest probability counts, and
 * "hosts" lists who has it. "hosts" of the report has each host's own verdict. Evidence is that
 * of all; its ids are distinct already.
 */
#pragma once

#include "base/json.h"

#define COMBINE_MAX_HYPOTHESES 12

/* 'reports' is not empty. A new reference. */
json_t *combine_reports(const json_t *reports);
