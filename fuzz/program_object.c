/*
 * Two lines, a manifest and parameters, held to a real object: its programs, maps and variables
 * are found or the refusal is a sentence, and no number is written beside its place.
 *
 * The object itself is not what is varied: libbpf does not survive every ELF, which is why it
 * meets one only in a process that may die of it (tests/programs).
 */
#include "harness.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "kernel/objects.h"
#include "kernel/program/load/object_internal.h"

static int silence(enum libbpf_print_level level UNUSED, const char *format UNUSED,
		   va_list args UNUSED)
{
	return 0;
}

static void add_object(struct object *object)
{
	struct tarball_file *file = &object->files.at[object->files.n++];

	text_copy(file->name, sizeof(file->name), object->manifest.object);
	file->data =
		memcpy(malloc(processes_object_bytes), processes_object, processes_object_bytes);
	file->len = processes_object_bytes;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const char *text = (const char *)data;
	const char *newline = memchr(text, '\n', size);
	size_t len = newline ? (size_t)(newline - text) : size;
	struct object object = { .bpf = NULL };
	struct error err = { 0 };
	CLEANUP(json)
	json_t *params = newline ? json_parse(newline + 1, size - len - 1, 64 * KIB, &err) : NULL;

	(void)libbpf_set_print(silence);
	err = (struct error) { 0 };
	if (limits_parse("{}", 2, &object.limits, &err) == 0 &&
	    manifest_parse(text, len, &object.manifest, &err) == 0) {
		add_object(&object);
		if (object_open(&object, params, &err) == 0)
			assert(object.programs[0] &&
			       object.map_memory_bytes <= LIMITS_MAP_MEMORY_BYTES);
		else
			assert(err.code < 0 && err.text[0]);
	}
	object_close(&object);
	return 0;
}
