/*
 * A report for people: the verdict, the cause and its proof, what else was
 * considered, what happened when, what to do, what could not be seen.
 *
 * 'bundle' (the case of the same investigation, or NULL) adds charts of the
 * numbers that have a history in the evidence that the proof cites. 'host' is the one that command
 * lines have to name, or NULL.
 */
#pragma once

#include "base/json.h"
#include "cli/terminal/page.h"

void report_print(const json_t *report, const json_t *bundle, const char *host, struct page *page);

/* The sections that follow-up questions of the interactive mode show alone. */
void report_print_evidence(const json_t *report, struct page *page);
void report_print_remedies(const json_t *report, const char *host, struct page *page);
