/*
 * The same door elsewhere: a client of the warden's socket. It decides nothing.
 *
 * Blocking, for the CLI: one request at a time, or several sent before their
 * answers are read; answers come in any order and carry the id of the request.
 */
#pragma once

#include "call/frame.h"

struct gate_remote {
	int fd;
	pid_t warden; /* a private warden of ours, or what stands for another host's, or 0 */
	json_int_t next_id;
	/* Gets the frames of progress that come before gate_remote_call()'s answer; or NULL. */
	void (*show)(void *data, const json_t *progress);
	void *data;
};

struct gate_remote_config {
	const char *socket;      /* of the running warden */
	const char *executables; /* where constable-warden lies, for a private one */
	const char *state;       /* state directory of a private one */
	const char *policy;      /* or NULL */
	const char *host;        /* the agent whose gate is meant; NULL: this host's */
};

/*
 * Connects to the running warden; where none listens, or it refuses us, starts a
 * private one with our own rights, which ends with the connection. For another
 * host it starts constable-remote, which takes the same frames to the server.
 */
int gate_remote_open(struct gate_remote *remote, const struct gate_remote_config *config,
		     struct error *err) MUST_CHECK;
void gate_remote_close(struct gate_remote *remote);
void gate_remote_cleanup(struct gate_remote *remote);

/* Sends a request {"type", ...}; adds its "id", which is returned, or a negative errno. */
json_int_t gate_remote_send(struct gate_remote *remote, json_t *header, const void *body,
			    size_t n_body, struct error *err);

/* The next answer, whichever it is. */
int gate_remote_receive(struct gate_remote *remote, struct frame *answer_out,
			struct error *err) MUST_CHECK;

/*
 * One call, one answer. -code of the answer with its sentence in 'err'; the
 * answer itself is filled in either case once it came.
 */
int gate_remote_call(struct gate_remote *remote, json_t *header, const void *body, size_t n_body,
		     struct frame *answer_out, struct error *err) MUST_CHECK;
