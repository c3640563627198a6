/* What "nginx -t" says of a configuration, without what only our walls make it say. */
#pragma once

#include "call/tool.h"

/*
 * {ok, method, errors: [{file, line, text}], warnings: [text], not_judged: [text]}
 * of running the real binary. NULL with 'err' if it cannot be run.
 */
json_t *nginx_test_run(struct task *task, const char *binary, const char *conf_path,
		       const char *prefix, struct error *err);

/* The same of what it has printed. */
json_t *nginx_test_judge(const char *output, int status);
