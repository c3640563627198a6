#include "kernel/trace/show_internal.h"

#include <arpa/inet.h>
#include <inttypes.h>
#include <signal.h>
#include <string.h>

#include "kernel/trace/names.h"
#include "kernel/trace/stacks_internal.h"

static json_t *name_or_number(const char *name, int64_t number)
{
	return name ? json_string(name) : json_integer(number);
}

static json_t *show_socket(const uint8_t *bytes, enum trace_format format)
{
	char address[INET6_ADDRSTRLEN] = "", text[INET6_ADDRSTRLEN + 16];
	uint16_t family, port;

	memcpy(&family, bytes, sizeof(family));
	memcpy(&port, bytes + 2, sizeof(port));
	/* The kernel keeps the peer's port as the wire has it, and our own as a number. */
	if (format == TRACE_PEER)
		port = ntohs(port);
	if ((family != AF_INET && family != AF_INET6) ||
	    !inet_ntop(family, bytes + 8, address, sizeof(address)))
		return json_null();
	text_format(text, sizeof(text), family == AF_INET6 ? "[%s]:%u" : "%s:%u", address, port);
	return json_string(text);
}

static json_t *show_exit(int64_t status)
{
	char text[48];
	int ended_by = (int)(status & 0x7f);

	if (ended_by && sigabbrev_np(ended_by))
		text_format(text, sizeof(text), "signal %s", sigabbrev_np(ended_by));
	else
		text_format(text, sizeof(text), "exit %d", (int)(status >> 8 & 0xff));
	return json_string(text);
}

static json_t *show_tcp_state(int64_t state)
{
	static const char *const names[] = {
		NULL,         "established", "syn-sent",  "syn-received",
		"fin-wait-1", "fin-wait-2",  "time-wait", "closed",
		"close-wait", "last-ack",    "listening", "closing",
	};

	return name_or_number(state >= 0 && state < (int64_t)ARRAY_LEN(names) ? names[state] : NULL,
			      state);
}

/* include/trace/events/lock.h: LCB_F_SPIN and so on. */
static json_t *show_lock(int64_t flags)
{
	static const struct {
		int64_t flag;
		const char *name;
	} kinds[] = {
		{ 32, "mutex" },     { 16, "percpu-rwsem" }, { 8, "rt-mutex" }, { 1 | 2, "rwlock" },
		{ 1 | 4, "rwlock" }, { 1, "spinlock" },      { 2, "rwsem" },    { 4, "rwsem" },
	};

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++)
		if ((flags & kinds[i].flag) == kinds[i].flag)
			return json_string(kinds[i].name);
	return json_string("semaphore");
}

static json_t *show_hex(int64_t value)
{
	char text[32];

	text_format(text, sizeof(text), "0x%" PRIx64, (uint64_t)value);
	return json_string(text);
}

/* dev_t inside the kernel: twelve bits and twenty. */
static json_t *show_device(int64_t value)
{
	char text[32];

	text_format(text, sizeof(text), "%u:%u", (unsigned)(value >> 20) & 0xfff,
		    (unsigned)value & 0xfffff);
	return json_string(text);
}

json_t *show_number(const struct trace_request *request, enum trace_format format, int64_t value)
{
	switch (format) {
	case TRACE_HEX:
		return show_hex(value);
	case TRACE_ERRNO:
		return value >= 0 ? json_string("ok")
				  : name_or_number(strerrorname_np((int)-value), value);
	case TRACE_SYSCALL:
		return name_or_number(names_syscall(value), value);
	case TRACE_SIGNAL:
		return name_or_number(value > 0 && value < NSIG ? sigabbrev_np((int)value) : NULL,
				      value);
	case TRACE_SOFTIRQ:
		return name_or_number(names_softirq(value), value);
	case TRACE_DEVICE:
		return show_device(value);
	case TRACE_EXIT:
		return show_exit(value);
	case TRACE_TCP_STATE:
		return show_tcp_state(value);
	case TRACE_LOCK:
		return show_lock(value);
	case TRACE_PROBE:
		return name_or_number(value >= 0 && value < request->n_probes
					      ? request->probes[value].target
					      : NULL,
				      value);
	default:
		return json_integer(value);
	}
}

static json_t *show_field(const struct trace_request *request, const struct trace_field *field,
			  const uint8_t *bytes)
{
	int64_t value;

	switch (field->format) {
	case TRACE_STACK:
		return stacks_show(bytes);
	case TRACE_COMM:
	case TRACE_STRING:
	case TRACE_USER_STRING:
		return json_text((const char *)bytes,
				 strnlen((const char *)bytes, program_field_bytes(field)));
	case TRACE_PEER:
	case TRACE_LOCAL:
		return show_socket(bytes, field->format);
	default:
		memcpy(&value, bytes, sizeof(value));
		return show_number(request, field->format, value);
	}
}

json_t *show_key(const struct trace_request *request, const uint8_t *key)
{
	json_t *object = json_object();

	for (unsigned i = 0; i < request->n_keys; i++) {
		json_put(object, request->keys[i].name,
			 show_field(request, &request->keys[i], key));
		key += program_field_bytes(&request->keys[i]);
	}
	return object;
}

json_t *show_slots(const struct trace_request *request, const uint64_t slots[PROGRAM_SLOTS])
{
	unsigned first = 0, last = PROGRAM_SLOTS;
	json_t *list = json_array();

	while (first < PROGRAM_SLOTS && !slots[first])
		first++;
	while (last > first && !slots[last - 1])
		last--;
	for (unsigned i = first; i < last; i++) {
		double below = i < 63 ? (double)(UINT64_C(1) << i) : 9.3e18;

		json_push(list, json_pack("{s:o, s:I}", "below",
					  request->aggregate == TRACE_LATENCY
						  ? json_real(below / 1000)
						  : json_integer((json_int_t)below),
					  "count", (json_int_t)slots[i]));
	}
	return list;
}
