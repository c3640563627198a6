/*
 * The signed programs of this host as the warden last told of them (list_programs), and who wants
 * to hear of them: the local API, the link and NATS (agent/telemetry.h).
 *
 * They are asked for whenever the API is asked; and once the warden says that this host ever had
 * some, when it comes up, after calls, PROGRAMS_EVERY_S seconds after one was seen that is
 * attached, and now and then otherwise. A host without programs is left alone: asking starts a job.
 */
#pragma once

#include <event2/event.h>

#include "base/json.h"
#include "net/http_server.h"

#define PROGRAMS_EVERY_S 10
#define PROGRAMS_SELDOM_TICKS 10 /* of the agent's own */
#define PROGRAMS_MAX_READERS 64
#define PROGRAMS_MAX_BYTES (2 * MIB)

struct agent;
struct programs_reader;

struct programs {
	struct agent *agent;
	struct event *timer;
	json_t *known; /* the whole answer, or NULL: none yet */
	struct programs_reader *readers;
	unsigned n_readers;
	bool is_asking, are_there;
	uint64_t n_asked_then; /* calls of the link, when last asked */
};

void programs_init(struct programs *programs, struct agent *agent);
void programs_finish(struct programs *programs);

/* What the warden says, with its status. */
void programs_are_known(struct programs *programs, bool are_there);
void programs_warden_up(struct programs *programs);

/* Something may have changed. */
void programs_ask(struct programs *programs);
/* The agent's own timer. */
void programs_tick(struct programs *programs);

/* Answers the request with a document that is made when the warden has told what is so. */
void programs_serve(struct programs *programs, struct http_request *request,
		    void (*answer)(struct agent *agent, struct http_request *request));

/* Borrowed arrays, "programs", "rollbacks" or "quarantine"; NULL where nothing is known. */
const json_t *programs_list(const struct programs *programs, const char *name);
bool program_is_attached(const json_t *program);
unsigned programs_count_attached(const struct programs *programs);
