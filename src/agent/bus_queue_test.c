#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "agent/bus_internal.h"
#include "base/test.h"

/* The connection: what it was given, and what it says to that. */
static struct {
	char given[8192];
	unsigned n_given, n_asked;
	size_t max_payload;
	int says;
	bool is_asked;
} line;

bool bus_is_on(const struct bus *bus UNUSED)
{
	return true;
}

int nats_publish(struct nats *nats UNUSED, const char *subject, const void *payload, size_t len)
{
	size_t used = strlen(line.given);

	if (line.says)
		return line.says;
	if (len > line.max_payload)
		return -E2BIG;
	CHECK_TEXT(subject, "a.b");
	text_format(line.given + used, sizeof(line.given) - used, "%.*s\n", (int)len,
		    (const char *)payload);
	line.n_given++;
	return 0;
}

int nats_confirm(struct nats *nats UNUSED)
{
	if (line.is_asked)
		return -EALREADY;
	line.is_asked = true;
	line.n_asked++;
	return 0;
}

static void begin(struct bus *bus)
{
	memset(&line, 0, sizeof(line));
	line.max_payload = MIB;
	*bus = (struct bus) { .is_up = true };
}

static void publish(struct bus *bus, const char *what)
{
	bus_publish(bus, "a.b", json_pack("{s:s, s:{}}", "what", what, "metadata"));
}

static void answer(struct bus *bus)
{
	CHECK(line.is_asked);
	line.is_asked = false;
	bus_confirm(bus);
}

static void break_off(struct bus *bus)
{
	bus->is_up = false;
	line.is_asked = false;
	line.given[0] = '\0';
	bus_take_back(bus);
}

static void end(struct bus *bus)
{
	bus_forget_all(bus);
	CHECK(!bus->first && !bus->last && !bus->next);
	CHECK(bus->n_queued == 0 && bus->queued_bytes == 0 && bus->n_handed == 0 &&
	      bus->n_asked == 0);
}

TEST(what_the_server_has_not_confirmed_is_not_sent_yet)
{
	struct bus bus;

	begin(&bus);
	publish(&bus, "one");
	publish(&bus, "two");
	CHECK(line.n_given == 2 && line.n_asked == 1);
	CHECK(bus.n_sent == 0 && bus.n_queued == 2);
	answer(&bus); /* to what was asked after the first */
	CHECK(bus.n_sent == 1 && bus.n_queued == 1 && line.n_asked == 2);
	answer(&bus);
	CHECK(bus.n_sent == 2 && bus.n_queued == 0 && !line.is_asked);
	CHECK_TEXT(line.given,
		   "{\"metadata\":{\"event_id\":\"0000000000000000-1\"},\"what\":\"one\"}\n"
		   "{\"metadata\":{\"event_id\":\"0000000000000000-2\"},\"what\":\"two\"}\n");
	end(&bus);
}

TEST(what_a_connection_that_died_had_goes_to_the_next)
{
	char before[sizeof(line.given)];
	struct bus bus;

	begin(&bus);
	publish(&bus, "one");
	publish(&bus, "two");
	text_copy(before, sizeof(before), line.given);
	break_off(&bus);
	publish(&bus, "three");
	CHECK_INT(line.n_given, 2);
	bus.is_up = true;
	bus_hand_over(&bus);
	CHECK(strncmp(line.given, before, strlen(before)) == 0);
	CHECK(line.n_given == 5 && strstr(line.given, "three"));
	answer(&bus);
	CHECK(bus.n_sent == 3 && bus.n_queued == 0 && bus.n_dropped == 0);
	end(&bus);
}

TEST(beyond_the_bound_the_oldest_go_also_such_as_were_handed_over)
{
	struct bus bus;

	begin(&bus);
	publish(&bus, "one");
	publish(&bus, "two");
	line.says = -ENOBUFS;
	for (unsigned i = 0; i < BUS_MAX_QUEUED; i++)
		publish(&bus, "more");
	CHECK(bus.n_queued == BUS_MAX_QUEUED && bus.n_dropped == 2 && bus.n_sent == 0);
	CHECK(bus.n_handed == 0 && bus.n_asked == 0 && bus.next == bus.first);
	answer(&bus); /* whose events are gone */
	CHECK(bus.n_sent == 0 && bus.n_queued == BUS_MAX_QUEUED);
	end(&bus);
}

TEST(bytes_have_a_bound_too)
{
	static char large[300 * KIB];
	struct bus bus;

	begin(&bus);
	bus.is_up = false;
	memset(large, 'a', sizeof(large) - 1);
	for (unsigned i = 0; i < 5; i++)
		publish(&bus, large);
	CHECK(bus.n_queued == 3 && bus.n_dropped == 2 && bus.queued_bytes <= BUS_MAX_BYTES);
	end(&bus);
}

TEST(what_is_larger_than_the_server_takes_is_dropped_alone)
{
	static char large[2048];
	struct bus bus;

	begin(&bus);
	line.max_payload = 1024;
	memset(large, 'a', sizeof(large) - 1);
	publish(&bus, "one");
	publish(&bus, large);
	CHECK(bus.n_dropped == 1 && bus.n_queued == 1);
	publish(&bus, "two");
	CHECK(line.n_given == 2 && strstr(line.given, "two"));
	answer(&bus);
	answer(&bus);
	CHECK(bus.n_sent == 2 && bus.n_queued == 0);
	end(&bus);
}

TEST(what_the_server_does_not_permit_is_not_sent)
{
	struct bus bus;

	begin(&bus);
	publish(&bus, "one");
	bus.n_refused_now = 1;
	answer(&bus);
	CHECK(bus.n_sent == 0 && bus.n_refused == 1 && bus.n_queued == 0);
	publish(&bus, "two");
	bus.n_refused_now = 7; /* more than there was to refuse */
	answer(&bus);
	CHECK(bus.n_sent == 0 && bus.n_refused == 2);
	publish(&bus, "three");
	answer(&bus);
	CHECK(bus.n_sent == 1 && bus.n_refused == 2);
	end(&bus);
}
