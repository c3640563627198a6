/* Calls as commands make them: through the gate, with a person's approval where one is needed. */
#pragma once

#include "cli/command.h"

struct cli_call {
	const char *tool;
	const char *args;
	size_t n_args;
	const char *nonce;     /* an approval given earlier, or NULL */
	uint64_t approval_ns;  /* how long it may wait for one elsewhere; 0: as the server says */
	const struct cli *cli; /* for who may approve to be asked at once, or NULL */
	/* Gets frames of progress (warden/request.h) as they come; NULL: the result is enough. */
	void (*show)(void *data, const json_t *progress);
	void *data;
};

/* On a terminal it shows the exact bytes and asks when policy wants an approval. */
int cli_call(struct gate_remote *remote, const struct cli_call *call, struct frame *answer_out,
	     struct error *err) MUST_CHECK;

/* The result parsed; a new reference. */
int cli_call_json(struct gate_remote *remote, const struct cli_call *call, json_t **result_out,
		  struct error *err) MUST_CHECK;

/* One tool with these arguments (a reference is taken over), asked on its own gate. */
int cli_run_tool(const struct cli *cli, const char *tool, json_t *args, json_t **result_out,
		 struct error *err) MUST_CHECK;
int cli_run_approved(const struct cli *cli, const struct cli_call *call, json_t **result_out,
		     struct error *err) MUST_CHECK;
