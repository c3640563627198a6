/*
 * Who thinks in an investigation: the built-in engine, or a model of models.yaml. Then the
 * courier carries the model's requests, and this side adds address and key.
 */
#pragma once

#include <poll.h>

#include "cli/command.h"

struct engine;

/*
 * "builtin" (NULL comes back, which is no failure) or the name of a model: -ENOENT if none
 * is called so. What is wrong with models.yaml fails too.
 */
int engine_open(const struct cli *cli, const char *name, struct engine **engine_out,
		struct error *err) MUST_CHECK;
void engine_close(struct engine *engine);
void engine_cleanup(struct engine **engine);

/* Adds "engine", "models", "budget" and this host's own "skills" to a start message; the budget
 * ends before 'timeout_ns'. */
void engine_tell(const struct engine *engine, uint64_t timeout_ns, json_t *start);

/* Takes frames about models; false for others. Answers go to 'fd', an investigator's. */
bool engine_hear(struct engine *engine, int fd, const struct frame *frame);

/* As poll(), while the courier works. */
int engine_poll(struct engine *engine, struct pollfd *pollers, size_t n, int timeout_ms);
