#include "host/identity.h"

#include <ctype.h>
#include <string.h>
#include <sys/utsname.h>

#include "host/process.h"

#define TEXT_BYTES 8192

bool identity_assignment(const char *text, const char *key, char *value_out, size_t size)
{
	struct str line;

	while (scan_line(&text, &line)) {
		const char *at = line.data;
		struct str value;

		if (!scan_text(&at, key) || !scan_text(&at, "="))
			continue;
		value = (struct str) { at, line.len - (size_t)(at - line.data) };
		while (value.len && isspace((unsigned char)value.data[value.len - 1]))
			value.len--;
		if (value.len >= 2 && strchr("\"'", value.data[0]) &&
		    value.data[value.len - 1] == value.data[0])
			value = (struct str) { value.data + 1, value.len - 2 };
		str_copy(value, value_out, size);
		return true;
	}
	return false;
}

static json_t *first_line(const struct host *host, const char *path)
{
	char text[512];
	ssize_t len = host_read(host, path, text, sizeof(text));

	if (len <= 0)
		return json_null();
	return json_text(text, strcspn(text, "\n"));
}

static json_t *os_json(const struct host *host)
{
	static const char *const members[][2] = {
		{ "id", "ID" },
		{ "version", "VERSION_ID" },
		{ "name", "PRETTY_NAME" },
	};
	char text[TEXT_BYTES], value[256];
	json_t *os = json_object();

	/* /etc/os-release is usually a link into /usr/lib, which may be all there is. */
	if (host_read(host, "etc/os-release", text, sizeof(text)) < 0 &&
	    host_read(host, "usr/lib/os-release", text, sizeof(text)) < 0)
		text[0] = '\0';
	for (size_t i = 0; i < ARRAY_LEN(members); i++)
		json_put(os, members[i][0],
			 identity_assignment(text, members[i][1], value, sizeof(value))
				 ? json_text(value, strlen(value))
				 : json_null());
	return os;
}

/* What the files say uname(2) says at once. */
static void put_names(const struct host *host, json_t *result)
{
	CLEANUP(json) json_t *recorded = host_recorded(host, "uname");
	const json_t *machine = json_object_get(recorded, "machine");
	struct utsname name;

	if (!host->is_fixture && uname(&name) == 0) {
		json_put(result, "hostname", json_text(name.nodename, strlen(name.nodename)));
		json_put(result, "kernel", json_text(name.release, strlen(name.release)));
		json_put(result, "arch", json_text(name.machine, strlen(name.machine)));
		return;
	}
	json_put(result, "hostname", first_line(host, "proc/sys/kernel/hostname"));
	json_put(result, "kernel", first_line(host, "proc/sys/kernel/osrelease"));
	json_put(result, "arch",
		 json_is_string(machine) ? json_incref((json_t *)machine) : json_null());
}

/* Hypervisors by what their firmware says, as systemd-detect-virt looks for them. */
static const char *vendor_name(const char *text)
{
	static const char *const vendors[][2] = {
		{ "KVM", "kvm" },
		{ "QEMU", "qemu" },
		{ "Amazon EC2", "amazon" },
		{ "VMware", "vmware" },
		{ "VMW", "vmware" },
		{ "innotek GmbH", "virtualbox" },
		{ "VirtualBox", "virtualbox" },
		{ "Xen", "xen" },
		{ "Bochs", "bochs" },
		{ "Parallels", "parallels" },
		{ "BHYVE", "bhyve" },
		{ "Microsoft Corporation", "microsoft" },
		{ "Google Compute Engine", "google" },
		{ "OpenStack", "kvm" },
	};

	for (size_t i = 0; i < ARRAY_LEN(vendors); i++)
		if (strncmp(text, vendors[i][0], strlen(vendors[i][0])) == 0)
			return vendors[i][1];
	return NULL;
}

static const char *firmware_vendor(const struct host *host)
{
	static const char *const files[] = {
		"product_name",
		"sys_vendor",
		"board_vendor",
		"bios_vendor",
	};
	CLEANUP(host) struct host folder = HOST_CLOSED;
	const char *name = NULL;
	char text[TEXT_BYTES];

	if (host_enter(host, "sys/class/dmi/id", &folder) < 0)
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(files) && !name; i++)
		if (host_read(&folder, files[i], text, sizeof(text)) > 0)
			name = vendor_name(text);
	return name;
}

static const char *virtualization(const struct host *host, const char *cpuinfo)
{
	const char *name = firmware_vendor(host), *flags;

	if (name)
		return name;
	if (host_exists(host, "proc/xen/capabilities") || host_exists(host, "sys/hypervisor/type"))
		return "xen";
	/* A machine without firmware tables (Firecracker) still has the processor's flag. */
	flags = strstr(cpuinfo, "\nflags");
	if (flags && memmem(flags, strcspn(flags + 1, "\n") + 1, " hypervisor", 11))
		return "vm";
	return "none";
}

/* What kind of container the first process runs in; null on a host. */
static json_t *container(const struct host *host)
{
	static const char *const marks[][2] = {
		{ "var/run/secrets/kubernetes.io", "kubernetes" },
		{ "run/secrets/kubernetes.io", "kubernetes" },
		{ ".dockerenv", "docker" },
		{ "run/.containerenv", "podman" },
	};
	static const char *const cgroups[][2] = {
		{ "/kubepods", "kubernetes" },
		{ "/docker", "docker" },
		{ "/lxc", "lxc" },
		{ "/libpod", "podman" },
	};
	struct process second;
	char text[TEXT_BYTES];

	/* Whoever sees the kernel's threads sees the whole machine, whatever else he sees. */
	if (process_read(host, 2, &second) && second.is_kernel)
		return json_null();
	for (size_t i = 0; i < ARRAY_LEN(marks); i++)
		if (host_exists(host, marks[i][0]))
			return json_string(marks[i][1]);
	/* What the container's manager called itself: "systemd-nspawn", "lxc". */
	if (host_read(host, "run/systemd/container", text, sizeof(text)) > 0)
		return json_text(text, strcspn(text, "\n"));
	if (host_read(host, "proc/1/cgroup", text, sizeof(text)) <= 0)
		return json_null();
	for (size_t i = 0; i < ARRAY_LEN(cgroups); i++)
		if (strstr(text, cgroups[i][0]))
			return json_string(cgroups[i][1]);
	return json_null();
}

static json_t *init_json(const struct host *host)
{
	struct process init;
	json_t *json = json_object();
	bool is_known = process_read(host, 1, &init);

	json_put(json, "name", is_known ? json_text(init.comm, strlen(init.comm)) : json_null());
	/* The folder is what sd_booted() asks for; a container's init can be named anything. */
	json_put(json, "is_systemd", json_boolean(host_exists(host, "run/systemd/system")));
	return json;
}

static json_t *cpu_model(const char *cpuinfo)
{
	const char *at = strstr(cpuinfo, "model name");

	at = at ? strchr(at, ':') : NULL;
	if (!at)
		return json_null();
	at += 1 + strspn(at + 1, " \t");
	return json_text(at, strcspn(at, "\n"));
}

void identity_read_cpuinfo(const struct host *host, char text[IDENTITY_CPUINFO_BYTES])
{
	if (host_read(host, "proc/cpuinfo", text, IDENTITY_CPUINFO_BYTES) < 0)
		text[0] = '\0';
}

void identity_put(const struct host *host, const char *cpuinfo, json_t *result)
{
	json_t *kind = container(host);

	put_names(host, result);
	json_put(result, "os", os_json(host));
	json_put(result, "cpu_model", cpu_model(cpuinfo));
	json_put(result, "virtualization", json_string(virtualization(host, cpuinfo)));
	json_put(result, "is_container", json_boolean(!json_is_null(kind)));
	json_put(result, "container", kind);
	json_put(result, "init", init_json(host));
}
