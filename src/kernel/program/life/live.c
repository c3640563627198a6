#include "kernel/program/life/live.h"

#include <errno.h>
#include <linux/bpf.h>
#include <linux/membarrier.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fd.h"
#include "kernel/program/life/figures.h"
#include "kernel/program/names.h"

/* A number of 'size' bytes, at 'offset' in a map's only value. -EBADMSG for no such place, -ENOTSUP
 * where the map cannot be written in place (Linux before 5.5). */
struct live_number {
	int64_t map;
	uint64_t offset, size;
};

int live_open(const struct steward *steward, const json_t *program, struct live *live_out,
	      struct error *err)
{
	*live_out = (struct live) {
		.id = (uint64_t)json_get_int(program, "id", 0),
		.places = json_object_get(program, "live"),
	};
	if (steward->guardian.fd < 0)
		return error_set(err, -EPIPE, "the guardian is gone");
	return guardian_list(&steward->guardian, &live_out->items, &live_out->n, err);
}

void live_cleanup(struct live *live)
{
	guardian_list_free(live->items, live->n);
	*live = (struct live) { 0 };
}

int live_map(const struct live *live, int64_t number)
{
	const struct guardian_item *item = number < 0 || number >= LOAD_MAX_MAPS
						   ? NULL
						   : guardian_find(live->items, live->n, live->id,
								   GUARDIAN_MAP, (uint32_t)number);

	return item ? item->fd : -1;
}

/* --- numbers ------------------------------------------------------------------------------ */

/* A map's only value, in our memory too. */
struct view {
	unsigned char *bytes;
	size_t len;
};

static void view_cleanup(struct view *view)
{
	if (view->bytes)
		(void)munmap(view->bytes, view->len);
}

static bool has_place(const struct bpf_map_info *info, const struct live_number *number)
{
	return (number->size == 1 || number->size == 2 || number->size == 4 || number->size == 8) &&
	       number->offset % number->size == 0 && number->offset < info->value_size &&
	       number->size <= info->value_size - number->offset;
}

static int open_view(const struct live *live, const struct live_number *number,
		     struct view *view_out, struct error *err)
{
	size_t page = (size_t)sysconf(_SC_PAGESIZE);
	struct bpf_map_info info = { 0 };
	int fd = live_map(live, number->map);
	void *bytes;

	if (fd < 0 || figures_read_map(fd, &info) < 0 || info.type != BPF_MAP_TYPE_ARRAY ||
	    !has_place(&info, number))
		return error_set(err, -EBADMSG, "the program has no such number");
	view_out->len = (info.value_size + page - 1) / page * page;
	bytes = mmap(NULL, view_out->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (bytes == MAP_FAILED)
		return error_set(err, -ENOTSUP,
				 "this kernel lets nobody write a program's numbers in place: %s",
				 strerrordesc_np(errno));
	view_out->bytes = bytes;
	return 0;
}

static int read_number(const struct live *live, const struct live_number *number,
		       uint64_t *value_out, struct error *err)
{
	CLEANUP(view) struct view view = { 0 };

	if (open_view(live, number, &view, err) < 0)
		return err->code;
	*value_out = 0;
	_Static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the low bytes come first");
	memcpy(value_out, view.bytes + number->offset, number->size);
	return 0;
}

/* In one piece: who reads it has the old or the new. */
static int write_number(const struct live *live, const struct live_number *number, uint64_t value,
			struct error *err)
{
	CLEANUP(view) struct view view = { 0 };
	void *at;

	if (open_view(live, number, &view, err) < 0)
		return err->code;
	at = view.bytes + number->offset;
	if (number->size == 1)
		__atomic_store_n((uint8_t *)at, (uint8_t)value, __ATOMIC_RELEASE);
	else if (number->size == 2)
		__atomic_store_n((uint16_t *)at, (uint16_t)value, __ATOMIC_RELEASE);
	else if (number->size == 4)
		__atomic_store_n((uint32_t *)at, (uint32_t)value, __ATOMIC_RELEASE);
	else
		__atomic_store_n((uint64_t *)at, value, __ATOMIC_RELEASE);
	return 0;
}

static struct live_number number_of(const json_t *place, uint64_t size)
{
	return (struct live_number) {
		.map = json_get_int(place, "map", -1),
		.offset = (uint64_t)json_get_int(place, "offset", -1),
		.size = size,
	};
}

/* --- parameters --------------------------------------------------------------------------- */

static bool is_of_block(const json_t *place)
{
	return json_object_get(place, "stride") != NULL;
}

static int check_param(const json_t *place, const char *name, const json_t *value,
		       struct error *err)
{
	int64_t number = json_integer_value(value), min = json_get_int(place, "min", 0);
	int64_t max = json_get_int(place, "max", 0);

	if (!json_object_get(place, "map"))
		return error_set(err, -EPERM,
				 "the parameter '%s' is constant while the program is attached: "
				 "apply the program anew with it",
				 name);
	if (!json_is_integer(value))
		return error_set(err, -EINVAL, "the parameter '%s' is a whole number", name);
	if (number < min || number > max)
		return error_set(err, -ERANGE, "the parameter '%s' is from %jd to %jd, not %jd",
				 name, (intmax_t)min, (intmax_t)max, (intmax_t)number);
	return 0;
}

int live_check_params(const json_t *places, const json_t *params, struct error *err)
{
	const json_t *declared = json_object_get(places, "params");
	const char *alone = NULL, *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)params, name, value)
	{
		const json_t *place = name_find(declared, name);

		if (!place)
			return name_unknown("parameter", declared, name, err);
		if (check_param(place, name, value, err) < 0)
			return err->code;
		if (!is_of_block(place))
			alone = name;
	}
	return alone && json_object_size(params) > 1
		       ? error_set(err, -EINVAL,
				   "'%s' cannot change together with others, as it is in no block "
				   "of its program: change it alone",
				   alone)
		       : 0;
}

static int create_map(enum bpf_map_type type, uint32_t inner)
{
	union bpf_attr attr = { 0 };

	attr.map_type = type;
	attr.key_size = attr.value_size = sizeof(uint32_t);
	attr.max_entries = 1;
	attr.inner_map_fd = inner;
	return (int)syscall(SYS_bpf, BPF_MAP_CREATE, &attr, sizeof(attr));
}

/* Who puts a map into a map waits for all runs, since Linux 4.20, as those might still use the one
 * before. */
static int wait_by_map(void)
{
	CLEANUP(fd) int inner = create_map(BPF_MAP_TYPE_ARRAY, 0);
	CLEANUP(fd)
	int outer = inner < 0 ? -1 : create_map(BPF_MAP_TYPE_ARRAY_OF_MAPS, (uint32_t)inner);
	uint32_t key = 0, value = (uint32_t)inner;
	union bpf_attr attr = { 0 };

	if (outer < 0)
		return -errno;
	attr.map_fd = (uint32_t)outer;
	attr.key = (uint64_t)(uintptr_t)&key;
	attr.value = (uint64_t)(uintptr_t)&value;
	return syscall(SYS_bpf, BPF_MAP_UPDATE_ELEM, &attr, sizeof(attr)) < 0 ? -errno : 0;
}

/* Each runs inside a read-side section of RCU, whose end this waits for. Not by membarrier(2)
 * first: where one processor is online that returns at once, also while a run is preempted, and
 * where some have no tick (nohz_full=) it refuses. */
int live_wait_for_runs(struct error *err)
{
	if (wait_by_map() == 0 || syscall(SYS_membarrier, MEMBARRIER_CMD_GLOBAL, 0, 0) == 0)
		return 0;
	return error_errno(err, "wait for the runs that have begun");
}

/* One member of the structure that nobody reads: what is given, or what the other one has. */
static int fill(const struct live *live, const json_t *place, const json_t *value, bool is_second,
		struct error *err)
{
	uint64_t stride = (uint64_t)json_get_int(place, "stride", 0);
	uint64_t size = (uint64_t)json_get_int(place, "size", 0), bits;
	struct live_number first = number_of(place, size), second = first;

	second.offset += stride;
	bits = (uint64_t)json_integer_value(value);
	if (!value && read_number(live, is_second ? &first : &second, &bits, err) < 0)
		return err->code;
	return write_number(live, is_second ? &second : &first, bits, err);
}

static int set_block(const struct live *live, const json_t *params, struct error *err)
{
	struct live_number slot = number_of(json_object_get(live->places, "slot"), 4);
	const json_t *place;
	uint64_t now;
	size_t i;

	/* The other structure may still be read by one that began before the bit was turned. */
	if (live_wait_for_runs(err) < 0 || read_number(live, &slot, &now, err) < 0)
		return err->code;
	json_array_foreach(json_object_get(live->places, "params"), i, place)
	{
		const char *name = json_get_text(place, "name", "");

		if (is_of_block(place) &&
		    fill(live, place, json_object_get(params, name), !(now & 1), err) < 0)
			return err->code;
	}
	return write_number(live, &slot, now ^ 1, err);
}

int live_set_params(const struct live *live, const json_t *params, struct error *err)
{
	bool has_block = false;
	const char *name;
	json_t *value;

	json_object_foreach((json_t *)(uintptr_t)params, name, value)
	{
		const json_t *place = name_find(json_object_get(live->places, "params"), name);
		struct live_number number =
			number_of(place, (uint64_t)json_get_int(place, "size", 0));

		if (!json_object_get(place, "map"))
			continue;
		if (is_of_block(place))
			has_block = true;
		else if (write_number(live, &number, (uint64_t)json_integer_value(value), err) < 0)
			return err->code;
	}
	return has_block ? set_block(live, params, err) : 0;
}

/* --- the lease ---------------------------------------------------------------------------- */

_Static_assert(STEWARD_BUSY_S *NS_PER_SEC > VAULT_LOOK_NS &&
		       STEWARD_CANARY_SPARE_S * NS_PER_SEC > VAULT_LOOK_NS,
	       "a look at Vault ends no program");

uint64_t steward_lease_ahead_ns(const struct steward *steward)
{
	uint64_t ahead_s = STEWARD_LEASE_CHECKS * steward->limits.check_interval_s;

	return (ahead_s > STEWARD_BUSY_S ? ahead_s : STEWARD_BUSY_S) * NS_PER_SEC;
}

uint64_t steward_lease_ns(const struct steward *steward, const json_t *program)
{
	uint64_t end_ns = (uint64_t)json_get_int(program, "lease_ns", 0);
	uint64_t soon_ns = guardian_now_ns() + steward_lease_ahead_ns(steward);

	return json_get_bool(program, "keeps", false) || end_ns < soon_ns ? end_ns : soon_ns;
}

int steward_set_lease(const struct steward *steward, json_t *program, struct error *err)
{
	const json_t *place = json_object_get(json_object_get(program, "live"), "lease");
	struct live_number number = number_of(place, sizeof(uint64_t));
	uint64_t until_ns = steward_lease_ns(steward, program);
	CLEANUP(live) struct live live = { 0 };

	if (!place)
		return 0;
	if (live_open(steward, program, &live, err) < 0 ||
	    write_number(&live, &number, until_ns, err) < 0)
		return error_wrap(err, "the lease of '%s'", json_get_text(program, "name", ""));
	json_put(program, "leased_ns", json_integer((json_int_t)until_ns));
	return 0;
}
