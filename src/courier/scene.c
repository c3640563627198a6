#include "courier/scene.h"

#include <dirent.h>
#include <errno.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

static void handle_head(const struct courier_head *head, void *data)
{
	struct scene_answer *answer = data;

	answer->n_heads++;
	answer->status = head->status;
	if (head->n_headers)
		text_format(answer->type, sizeof(answer->type), "%s=%s", head->headers[0].name,
			    head->headers[0].value);
}

static void handle_body(const char *bytes, size_t len, void *data)
{
	buf_add(&((struct scene_answer *)data)->body, bytes, len);
}

static void handle_end(const struct error *err, void *data)
{
	struct scene_answer *answer = data;

	answer->n_ends++;
	if (err)
		answer->err = *err;
}

static const struct courier_handlers handlers = {
	.head = handle_head,
	.body = handle_body,
	.end = handle_end,
};

/* The executables lie beside the tests. */
static void find_executables(char folder[4096])
{
	ssize_t len = readlink("/proc/self/exe", folder, 4095);

	CHECK(len > 0);
	folder[len] = '\0';
	*strrchr(folder, '/') = '\0';
}

void scene_open(struct scene *scene)
{
	char folder[4096];
	struct error err = { 0 };

	/* A courier without its walls does not run. */
	if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 0, NULL) < 0 && errno != EFAULT)
		SKIP("no system call filters here");
	(void)signal(SIGPIPE, SIG_IGN);
	test_pki_make(&scene->pki);
	if (!scene->site.config.tls)
		scene->site.config.tls = tls_server_new(&scene->pki.server, NULL, &err);
	CHECK(scene->site.config.tls);
	test_site_open(&scene->site);
	text_format(scene->url, sizeof(scene->url), "https://127.0.0.1:%u", scene->site.port);
	find_executables(folder);
	scene->courier = courier_new(scene->site.base,
				     &(struct courier_config) { .executables = folder }, &err);
	if (!scene->courier)
		FAIL("%s", err.text);
}

void scene_close(struct scene *scene)
{
	SSL_CTX *tls = scene->site.config.tls;

	courier_free(scene->courier);
	test_site_close(&scene->site);
	SSL_CTX_free(tls);
	test_pki_finish(&scene->pki);
}

struct courier_request scene_request(const struct scene *scene, const char *method, const char *url)
{
	return (struct courier_request) {
		.method = method,
		.url = url,
		.ca_pem = scene->pki.ca_pem,
		.policy.networks = "127.0.0.1",
	};
}

struct courier_call *scene_start(struct scene *scene, const struct courier_request *request,
				 struct scene_answer *answer)
{
	struct courier_call *call;

	*answer = (struct scene_answer) { 0 };
	buf_init(&answer->body, 64 * MIB);
	call = courier_request(scene->courier, request, &handlers, answer);
	CHECK(call && answer->n_ends == 0);
	return call;
}

void scene_ask(struct scene *scene, const struct courier_request *request,
	       struct scene_answer *answer)
{
	(void)scene_start(scene, request, answer);
	LOOP_UNTIL(scene->site.base, answer->n_ends);
}

void scene_answer_finish(struct scene_answer *answer)
{
	buf_finish(&answer->body);
}

static bool is_courier_of(const char *pid, pid_t parent)
{
	char path[64], text[512] = "";
	const char *at;
	FILE *file;

	text_format(path, sizeof(path), "/proc/%s/stat", pid);
	file = fopen(path, "re");
	if (!file)
		return false;
	at = fgets(text, sizeof(text), file);
	(void)fclose(file);
	at = at ? strstr(text, "(constable-couri) ") : NULL;
	return at && at[18] != 'Z' && strtol(at + 20, NULL, 10) == parent;
}

pid_t scene_child(void)
{
	DIR *folder = opendir("/proc");
	const struct dirent *entry;
	pid_t found = 0;

	CHECK(folder);
	while (!found && (entry = readdir(folder)))
		if (entry->d_name[0] >= '0' && entry->d_name[0] <= '9' &&
		    is_courier_of(entry->d_name, getpid()))
			found = (pid_t)strtol(entry->d_name, NULL, 10);
	(void)closedir(folder);
	return found;
}
