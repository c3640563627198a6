/* For tests: a registry that is asked, and a warden and a courier that the test plays. */
#pragma once

#include "agent/agent.h"
#include "agent/registry/registry_internal.h"
#include "identity/test_folder.h"

struct warden {
	bool is_up;
	char tool[32]; /* of the call that waits; "" where none does */
	char args[512], nonce[32];
	warden_done *done;
	void *data;
};

struct scene {
	struct warden warden;
	struct agent agent;
	struct config config;
	struct test_folder folder;
	struct registry *registry;
	const char *given; /* what its entries end with: ",\"parameters\":..." */
	char asked[256];   /* the path of the request that is under way, or "" */
	const struct courier_handlers *handlers;
};

extern struct scene scene;

void scene_begin(void);
void scene_end(void);

/* Of bytes that stand for an archive; valid until the next call. */
const char *scene_sha256(const char *archive);

/* What the registry says from now on of "drop", whose archive is here; "" for nothing. */
void scene_want(const char *archive, const char *revoked);
/* An entry of its answer. */
void scene_add_entry(struct buf *text, const char *name, const char *archive);
/* It comes, and nothing else waits. */
void scene_apply(const char *archive, int id);

/* The warden's answer to the call of that tool, which has to be the one that waits. */
void scene_answer(const char *tool, const char *header, const char *body);
/* That "drop" is attached by this id, that archive; or "" for nothing. */
void scene_list(int id, const char *archive);
/* That it is attached and watched, as canaries are. */
void scene_list_canary(int id, const char *archive);
/* That it is there and not attached: it was once, or it never was. */
void scene_list_ended(int id, const char *archive, bool was_attached);
/* That it ended before its time, though nobody wanted it to. */
void scene_list_lost(int id, const char *archive);
void scene_applied(int id, const char *name);

/* The answer to the request for that path, which has to be the one under way; and its failure. */
void scene_send(const char *path, unsigned status, const char *body);
void scene_fail(const char *path, int code);
