/* get_kernel: which kernel runs, how it was started, what taints it, which modules it lacks. */
#include <errno.h>
#include <string.h>

#include "tools/catalogue.h"
#include "tools/kernel/kernel_lines.h"
#include "tools/kernel/modules.h"

#define MAX_MODULES 400
#define MAX_LINES 20

static const char *const taints[] = {
	"proprietary module",
	"module force-loaded",
	"kernel out of its specification",
	"module force-unloaded",
	"machine check exception",
	"bad page",
	"tainted by user space",
	"kernel died: oops or bug",
	"ACPI table overridden",
	"kernel warning",
	"staging driver",
	"workaround for a firmware bug",
	"module built out of tree",
	"unsigned module",
	"soft lockup",
	"live-patched",
	"auxiliary taint",
	"structure randomisation",
	"in-kernel test",
};

static const char *const module_words[] = {
	"modprobe: FATAL",
	"modprobe: ERROR",
	"Failed to find module",
	"Unknown symbol",
	"disagrees about version of symbol",
	"request_module",
	"invalid module format",
	"module verification failed",
	"no symbol version",
	"version magic",
	"Loading of unsigned module",
	"unknown filesystem",
	"Failed to load module",
	"module is blacklisted",
	NULL,
};

static void add_text(const struct host *host, const char *path, const char *member, json_t *result)
{
	char text[4096];
	ssize_t len = host_read(host, path, text, sizeof(text));

	if (len == -ENOENT)
		return;
	if (len < 0) {
		tool_unread(result, path, (int)len);
		return;
	}
	while (len && text[len - 1] == '\n')
		len--;
	json_put(result, member, json_text(text, (size_t)len));
}

static void add_taint(const struct host *host, json_t *result)
{
	json_t *reasons = json_array();
	uint64_t bits = 0;

	if (!host_read_u64(host, "proc/sys/kernel/tainted", &bits))
		tool_unread(result, "/proc/sys/kernel/tainted", -ENOENT);
	for (size_t i = 0; i < ARRAY_LEN(taints); i++)
		if (bits & (UINT64_C(1) << i))
			json_push(reasons, json_string(taints[i]));
	json_put(result, "taint",
		 json_pack("{s:I, s:o}", "bits", (json_int_t)bits, "reasons", reasons));
}

/* A kernel that runs without its own folder of modules can load none: mostly after an upgrade. */
static void add_folders(const struct host *host, const char *release, json_t *result)
{
	json_t *installed = host_list(host, "lib/modules", 64);
	char path[512];

	text_format(path, sizeof(path), "lib/modules/%s/modules.dep", release);
	json_put(result, "modules_folder_exists", json_boolean(host_exists(host, path)));
	json_put(result, "installed_releases", installed ? installed : json_array());
	json_put(result, "reboot_required",
		 json_boolean(host_exists(host, "run/reboot-required") ||
			      host_exists(host, "var/run/reboot-required")));
}

static void add_modules(struct task *task, const char *release, json_t *result)
{
	json_t *loaded = modules_loaded(task->host, MAX_MODULES + 1);
	json_t *wanted = modules_wanted(task->host, release), *one;
	json_t *missing = json_array();
	size_t i;

	/* A kernel without loadable modules has no such file; nothing is missing there. */
	json_put(result, "modules_supported", json_boolean(loaded));
	if (json_array_size(loaded) > MAX_MODULES) {
		(void)json_array_remove(loaded, MAX_MODULES); /* it has that index */
		json_put(result, "truncated", json_true());
	}
	json_array_foreach(wanted, i, one) if (loaded && !json_get_bool(one, "present", true))
		json_push(missing, json_incref(one));
	json_put(result, "modules", loaded ? loaded : json_array());
	json_put(result, "wanted_modules", wanted);
	json_put(result, "missing_modules", missing);
}

static int run(struct task *task, const json_t *args UNUSED, json_t *result, struct error *err)
{
	char release[256];
	ssize_t len = host_read(task->host, "proc/sys/kernel/osrelease", release, sizeof(release));

	if (len < 0)
		return error_set(err, (int)len, "read /proc/sys/kernel/osrelease: %s",
				 strerrordesc_np((int)-len));
	release[strcspn(release, "\n")] = '\0';
	json_put(result, "release", json_text(release, strlen(release)));
	add_text(task->host, "proc/version", "version", result);
	add_text(task->host, "proc/cmdline", "cmdline", result);
	add_taint(task->host, result);
	add_folders(task->host, release, result);
	add_modules(task, release, result);
	json_put(result, "module_errors", kernel_lines_find(task, module_words, MAX_LINES, result));
	return 0;
}

#define WANTED                                                                   \
	"[{module: string, from: string, present: boolean, available: boolean, " \
	"blacklisted: boolean}]"

const struct tool tool_get_kernel = {
	.info = {
		.name = "get_kernel",
		.summary = "The running kernel: release, command line, taints in words, modules loaded, "
			   "and those wanted but missing.",
		.schema = "{\"type\":\"object\",\"additionalProperties\":false}",
		.result = "release: string, version?: string, cmdline?: string, "
			"taint: {bits: integer, reasons: [string]}, "
			"modules_folder_exists: boolean, installed_releases: [string], "
			"reboot_required: boolean, modules_supported: boolean, "
			"modules: [{name: string, bytes: integer, used_by: string, state: string, "
			"taints?: string}], wanted_modules: " WANTED ", missing_modules: " WANTED
			", module_errors: [string]",
		.risk = TOOL_READS,
		.needs = TOOL_NEEDS_BROKER,
	},
	.run = run,
};
