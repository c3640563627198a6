/*
 * A store with its real child, for tests: on a SQLite file of its own, or on the
 * PostgreSQL of $STORE_TEST_DATABASE. Each scene has orgs that no other has.
 */
#pragma once

#include <event2/event.h>

#include "server/store/store.h"

struct scene {
	struct event_base *base;
	struct store *store;
	char folder[64];
	char database[256];
	char org[64], other_org[64];
	enum store_state state;
	struct error why;
	unsigned n_changes;
	void (*told)(const char *notice, void *data); /* or NULL */
	void *told_data;
};

/* One answer; 'rows' holds the texts of all rows, each value followed by a blank. */
struct answer {
	unsigned n_done;
	int code;
	char text[ERROR_TEXT_BYTES];
	char rows[1024];
	unsigned n_rows; /* of the last step */
	int64_t n_changed;
};

bool scene_is_postgresql(void);

/* Skips the test where an emulator of another architecture lets no child stand behind walls. */
void scene_require_walls(void);

/* Ready, with both orgs made; ends the test otherwise. */
void scene_open(struct scene *scene);
/* Another process on the same database; waits until it is no longer starting. */
void scene_start(struct scene *scene);
/* The store ends, the database stays. */
void scene_stop(struct scene *scene);
void scene_close(struct scene *scene);

store_done scene_handle_done; /* 'data' is a struct answer */

/* Runs the loop until so many answers came, or a state is reached; ends the test after 20 s. */
void scene_wait(struct scene *scene, const struct answer *answer);
void scene_wait_state(struct scene *scene, enum store_state state);

/* Submits one batch and waits for its answer; the same with a batch of one step. */
struct answer scene_run(struct scene *scene, const struct store_batch *batch);
struct answer scene_query(struct scene *scene, const char *org, const struct store_step *step);

/* The pid of constable-store. */
pid_t scene_child(void);

/* An event of the scene's org; and how many there are with this kind. */
struct store_step scene_event(const struct store_value params[5]);
int64_t scene_count(struct scene *scene, const char *kind);
