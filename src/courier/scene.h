/* For tests: a server with HTTPS on loopback, a courier beside it, and what it answered. */
#pragma once

#include "courier/mail.h"
#include "net/test_site.h"

struct scene {
	struct test_site site;
	struct test_pki pki;
	struct courier *courier;
	char url[64]; /* of the site, without a path */
};

struct scene_answer {
	unsigned status;
	char type[64]; /* of the wanted headers the first */
	struct buf body;
	unsigned n_heads, n_ends;
	struct error err;
};

/* site.config.tls may be set before; else it is the pki's server. */
void scene_open(struct scene *scene);
void scene_close(struct scene *scene);

/* A request for "path" at the site that is allowed to go there, and trusts it. */
struct courier_request scene_request(const struct scene *scene, const char *method,
				     const char *url);
struct courier_call *scene_start(struct scene *scene, const struct courier_request *request,
				 struct scene_answer *answer);
/* Until it has ended. */
void scene_ask(struct scene *scene, const struct courier_request *request,
	       struct scene_answer *answer);
void scene_answer_finish(struct scene_answer *answer);

/* The pid of constable-courier, 0 where there is none. */
pid_t scene_child(void);
