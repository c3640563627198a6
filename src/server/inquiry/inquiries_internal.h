/* All inquiries of a server: the runs, who watches, and the starter. */
#pragma once

#include "server/inquiry/leg_internal.h"
#include "server/inquiry/tally.h"

struct inquiries {
	struct inquiry_config config;
	char owner[INQUIRY_ID_BYTES];
	struct starter starter;
	struct event *starter_gone;
	struct run *runs, **last_run; /* in the order in which they may start */
	struct inquiry_watch *watches;
	struct creation *creations; /* on their way into the store */
	struct tools_question *tools_questions;
	uint64_t next_number;
	int64_t last_created;
	uint64_t resume_ticket;
	bool is_stopped, has_resumed;
	struct inquiry_counters {
		uint64_t running, waiting, watchers, investigators;
		uint64_t resumed, calls, replayed;
	} counters;
	struct tally tally;
};

/* create.c */
void creations_drop(struct inquiries *inquiries);
/* leg.c: the hub may still answer; nobody hears it then. */
void tools_questions_drop(struct inquiries *inquiries);

/* watch.c: an event of a run is in the store; and it has ended. */
void watches_tell(struct inquiries *inquiries, const struct run *run,
		  const struct inquiry_event *event);
void watches_end(struct inquiries *inquiries, const char *org, const char *investigation);
void watches_drop(struct inquiries *inquiries);

/* A request as it is kept in the row's columns. */
json_t *request_pack(const struct inquiry_request *request);
