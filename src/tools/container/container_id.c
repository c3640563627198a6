#include "tools/container/container_id.h"

#include <ctype.h>
#include <string.h>

#define ID_LEN 64

static const struct {
	const char *words, *runtime;
} runtimes[] = {
	{ "cri-containerd-", "containerd" },
	{ "crio-", "cri-o" },
	{ "docker-", "docker" },
	{ "libpod-", "podman" },
	{ "/docker/", "docker" },
	{ "nerdctl-", "containerd" },
};

/* Sixty-four hexadecimal digits in a row. */
static const char *find_hex(const char *text)
{
	size_t n = 0;

	for (; *text; text++) {
		n = isxdigit((unsigned char)*text) ? n + 1 : 0;
		if (n == ID_LEN && !isxdigit((unsigned char)text[1]))
			return text - ID_LEN + 1;
		if (n > ID_LEN)
			n = 0;
	}
	return NULL;
}

/* "kubepods-burstable-pod1234_5678.slice" or "/pod1234-5678/" */
static void find_pod(const char *text, char pod[64])
{
	const char *at = strstr(text, "kubepods");
	size_t len;

	at = at ? strstr(at, "pod") : NULL;
	while (at && strncmp(at, "pods", 4) == 0)
		at = strstr(at + 4, "pod");
	if (!at)
		return;
	at += 3;
	len = strcspn(at, "./");
	if (len < 32 || len >= 64)
		return;
	str_copy((struct str) { at, len }, pod, 64);
	for (char *c = pod; *c; c++)
		if (*c == '_')
			*c = '-';
}

/* Names instead of numbers: "/lxc/web", "/lxc.payload.web", "machine.slice/machine-x.scope". */
static bool find_name(const char *text, struct container_id *id)
{
	static const struct {
		const char *words, *runtime;
	} marks[] = { { "/lxc.payload.", "lxc" },
		      { "/lxc/", "lxc" },
		      { "/machine.slice/machine-", "nspawn" },
		      { "/machine.slice/systemd-nspawn@", "nspawn" } };

	for (size_t i = 0; i < ARRAY_LEN(marks); i++) {
		const char *at = strstr(text, marks[i].words);
		struct str name;

		if (!at)
			continue;
		at += strlen(marks[i].words);
		name = (struct str) { at, strcspn(at, "/.") };
		if (!name.len)
			continue;
		id->runtime = marks[i].runtime;
		str_copy(name, id->id, sizeof(id->id));
		return true;
	}
	return false;
}

bool container_id_parse(struct str line, struct container_id *id_out)
{
	struct container_id id = { .runtime = "kubernetes" };
	char text[1024];
	const char *hex;

	str_copy(line, text, sizeof(text));
	hex = find_hex(text);
	if (!hex) {
		if (!find_name(text, &id))
			return false;
		*id_out = id;
		return true;
	}
	str_copy((struct str) { hex, ID_LEN }, id.id, sizeof(id.id));
	find_pod(text, id.pod);
	for (size_t i = 0; i < ARRAY_LEN(runtimes); i++)
		if (strstr(text, runtimes[i].words)) {
			id.runtime = runtimes[i].runtime;
			break;
		}
	/* A hash alone is no proof: systemd units and snaps have them in names, too. */
	if (strcmp(id.runtime, "kubernetes") == 0 && !strstr(text, "kubepods") &&
	    !strstr(text, "libpod"))
		return false;
	*id_out = id;
	return true;
}
