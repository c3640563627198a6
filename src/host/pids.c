#include "host/pids.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>

static void add(struct pids *pids, uint32_t pid)
{
	if ((pids->n & (pids->n - 1)) == 0) {
		pids->list =
			reallocarray(pids->list, pids->n ? pids->n * 2 : 1, sizeof(*pids->list));
		if (!pids->list)
			abort();
	}
	pids->list[pids->n++] = pid;
}

static int compare(const void *left, const void *right)
{
	const uint32_t *a = left, *b = right;

	return (*a > *b) - (*a < *b);
}

int pids_read(const struct host *host, const char *folder, struct pids *pids_out)
{
	struct pids pids = { 0 };
	const struct dirent *entry;
	bool is_sorted = true; /* as the kernel lists processes */
	DIR *dir;
	int fd = host_open(host, folder, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd;
	dir = fdopendir(fd);
	if (!dir)
		abort();
	while ((entry = readdir(dir)) != NULL) {
		const char *at = entry->d_name;
		uint64_t pid;

		if (*at == '0' || !scan_u64(&at, &pid) || *at || pid > INT32_MAX)
			continue;
		if (pids.n == PIDS_MAX) {
			pids.truncated = true;
			break;
		}
		is_sorted = is_sorted && (!pids.n || pids.list[pids.n - 1] < pid);
		add(&pids, (uint32_t)pid);
	}
	(void)closedir(dir);
	if (!is_sorted)
		qsort(pids.list, pids.n, sizeof(*pids.list), compare);
	*pids_out = pids;
	return 0;
}

void pids_cleanup(struct pids *pids)
{
	free(pids->list);
	*pids = (struct pids) { 0 };
}
