#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "kernel/program/load/object_internal.h"
#include "kernel/trace/uprobe.h"

void object_close(struct object *object)
{
	bpf_object__close(object->bpf);
	object_close_lists(object);
	tarball_files_finish(&object->files);
	manifest_finish(&object->manifest);
	limits_finish(&object->limits);
	free(object->log);
	json_decref(object->live);
	if (object->types_fd > 0)
		close(object->types_fd);
	*object = (struct object) { 0 };
}

static int check_kernel(const struct object *object, struct error *err)
{
	const struct manifest *manifest = &object->manifest;
	const json_t *requires = json_object_get(manifest->document, "requires");
	const char *kernel = json_get_text(requires, "kernel", "0");
	struct utsname name;

	if (uname(&name) == 0 && program_compare_versions(name.release, kernel) < 0)
		return error_set(err, -ENOTSUP, "'%s' needs Linux %s, this is %s", manifest->name,
				 kernel, name.release);
	if (json_get_bool(requires, "btf", false) && !object_has_types(object))
		return error_set(err, -ENOTSUP,
				 "'%s' needs a kernel that describes its types (BTF), and this one "
				 "does not; the artifact has no min.btf for it either",
				 manifest->name);
	return 0;
}

/* By the manifest, whatever the ELF's section is called. */
static int set_type(struct bpf_program *program, const struct manifest_program *asked,
		    struct error *err)
{
	enum bpf_prog_type type;
	enum bpf_attach_type attach;
	int r = libbpf_prog_type_by_name(asked->type->section, &type, &attach);

	if (asked->type->attach == ATTACH_BTF) {
		char section[MANIFEST_TARGET_BYTES + 32];

		text_format(section, sizeof(section), "%s/%s", asked->type->section, asked->target);
		r = libbpf_prog_type_by_name(section, &type, &attach);
	}
	if (r < 0)
		return error_set(err, r, "libbpf knows no programs of the type '%s'",
				 asked->type->name);
	if (asked->type->attach == ATTACH_UPROBE)
		attach = UPROBE_ATTACH_TYPE;
	(void)bpf_program__set_type(program, type);
	(void)bpf_program__set_expected_attach_type(program, attach);
	if (asked->type->attach != ATTACH_BTF)
		return 0;
	r = bpf_program__set_attach_target(program, 0, asked->target);
	return r < 0 ? error_set(err, r, "this kernel has no '%s' for the program '%s'",
				 asked->target, asked->name)
		     : 0;
}

static int choose_programs(struct object *object, struct error *err)
{
	struct bpf_program *program = NULL;

	while ((program = bpf_object__next_program(object->bpf, program)))
		(void)bpf_program__set_autoload(program, false);
	for (size_t i = 0; i < object->manifest.n_programs; i++) {
		const struct manifest_program *asked = &object->manifest.programs[i];

		program = bpf_object__find_program_by_name(object->bpf, asked->name);
		if (!program)
			return error_set(err, -ENOENT, "the object has no program '%s'",
					 asked->name);
		(void)bpf_program__set_autoload(program, true);
		if (set_type(program, asked, err) < 0)
			return err->code;
		object->programs[i] = program;
	}
	return 0;
}

int object_open(struct object *object, const json_t *params, struct error *err)
{
	const struct tarball_file *file = tarball_find(&object->files, object->manifest.object);
	LIBBPF_OPTS(bpf_object_open_opts, options, .object_name = "constable");
	char types[TYPES_PATH_BYTES];
	int r;

	if (!file)
		return error_set(err, -ENOENT, "the artifact has no '%s', which its manifest names",
				 object->manifest.object);
	if (limits_check(&object->limits, &object->manifest, err) < 0 ||
	    check_kernel(object, err) < 0)
		return err->code;
	object->log = calloc(1, LOAD_LOG_BYTES);
	if (!object->log)
		abort();
	if (object_open_types(object, types, err) < 0)
		return err->code;
	if (types[0])
		options.btf_custom_path = types;
	options.kernel_log_buf = object->log;
	options.kernel_log_size = LOAD_LOG_BYTES;
	object->bpf = bpf_object__open_mem(file->data, file->len, &options);
	if (!object->bpf) {
		char why[128];

		(void)libbpf_strerror(errno, why, sizeof(why));
		return error_set(err, -EBADMSG, "'%s' is no object of eBPF: %s", file->name, why);
	}
	r = choose_programs(object, err);
	if (r == 0)
		r = object_check_maps(object, err);
	return r == 0 ? object_set_params(object, params, err) : r;
}

/* As they were loaded, with what they call. */
static int check_calls(const struct object *object, size_t number, struct error *err)
{
	const struct bpf_program *program = object->programs[number];
	const struct bpf_insn *insns = bpf_program__insns(program);
	const char *name = object->manifest.programs[number].name;

	for (size_t i = 0; insns && i < bpf_program__insn_cnt(program); i++) {
		if (insns[i].code != (BPF_JMP | BPF_CALL))
			continue;
		if (insns[i].src_reg == BPF_PSEUDO_KFUNC_CALL)
			return error_set(err, -EACCES,
					 "'%s' calls a function inside the kernel that is no "
					 "helper, which no host allows",
					 name);
		if (insns[i].src_reg == 0 &&
		    limits_check_helper(&object->limits, name, insns[i].imm, err) < 0)
			return err->code;
	}
	return insns ? 0 : error_set(err, -EIO, "the instructions of '%s' cannot be seen", name);
}

/* The last line that says something; the kernel's summary of what it did is none. */
static void last_line(const char *log, char *line_out, size_t size)
{
	const char *best = log;

	for (const char *at = log; *at; at += strcspn(at, "\n"), at += *at == '\n')
		if (strncmp(at, "processed ", 10) != 0 && *at != '\n' && *at != '-')
			best = at;
	text_format(line_out, size, "%.*s", (int)strcspn(best, "\n"), best);
}

int object_judge(struct object *object, struct error *err)
{
	char why[256];
	int r = bpf_object__load(object->bpf);

	for (size_t i = 0; i < object->manifest.n_programs && r == 0; i++)
		if (check_calls(object, i, err) < 0)
			return err->code;
	if (r == 0)
		return 0;
	last_line(object->log, why, sizeof(why));
	if (!why[0])
		return error_set(err, r, "this kernel loads no such program as '%s' (%s): %s",
				 object->manifest.name, object->manifest.programs[0].type->name,
				 strerrordesc_np(-r));
	return error_set(err, r, "the kernel's verifier refused '%s': %s", object->manifest.name,
			 why);
}
