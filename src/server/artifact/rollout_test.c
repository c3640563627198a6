#include "server/artifact/rollout.h"

#include "base/test.h"

static struct rollout_host host_of(const char *id, const json_t *labels)
{
	return (struct rollout_host) { .id = id, .name = "web-1", .labels = labels };
}

TEST(an_assignment_without_hosts_and_labels_is_for_nobody)
{
	CLEANUP(json) json_t *none = json_object();
	struct rollout_host host = host_of("agent_1", none);

	CHECK(!rollout_is_for(&(struct rollout) { .program = "x" }, &host));
}

TEST(a_host_is_named_by_id_or_name_and_has_every_label)
{
	CLEANUP(json) json_t *labels = json_pack("{s:s, s:s}", "env", "prod", "role", "web");
	CLEANUP(json) json_t *wanted = json_pack("{s:s}", "env", "prod");
	CLEANUP(json) json_t *other = json_pack("{s:s, s:s}", "env", "prod", "role", "db");
	CLEANUP(json) json_t *names = json_pack("[s, s]", "db-*", "web-?");
	CLEANUP(json) json_t *ids = json_pack("[s]", "agent_1");
	struct rollout_host host = host_of("agent_1", labels);

	CHECK(rollout_is_for(&(struct rollout) { .hosts = names }, &host));
	CHECK(rollout_is_for(&(struct rollout) { .hosts = ids, .labels = wanted }, &host));
	CHECK(rollout_is_for(&(struct rollout) { .labels = wanted }, &host));
	CHECK(!rollout_is_for(&(struct rollout) { .hosts = names, .labels = other }, &host));
	host.name = "cache";
	CHECK(!rollout_is_for(&(struct rollout) { .hosts = names, .labels = wanted }, &host));
}

TEST(a_share_is_of_its_size_and_part_of_every_larger_one)
{
	int n_ten = 0, n_fifty = 0;
	char id[32];

	for (int i = 0; i < 2000; i++) {
		text_format(id, sizeof(id), "agent_%d", i);
		bool is_ten = rollout_is_canary("drop", id, 10);
		bool is_fifty = rollout_is_canary("drop", id, 50);

		CHECK(!is_ten || is_fifty);
		CHECK(rollout_is_canary("drop", id, 100));
		n_ten += is_ten;
		n_fifty += is_fifty;
	}
	CHECK(n_ten > 140 && n_ten < 260);
	CHECK(n_fifty > 900 && n_fifty < 1100);
}

TEST(after_the_observation_it_is_for_all)
{
	CLEANUP(json) json_t *all = json_pack("[s]", "*");
	CLEANUP(json) json_t *none = json_object();
	struct rollout rollout = { .program = "drop", .hosts = all, .observed_ns = 1000 };
	struct rollout_host host = host_of("agent_1", none);

	CHECK(!rollout_selects(&rollout, &host, 999));
	CHECK(rollout_selects(&rollout, &host, 1000));
	rollout.percent = 100;
	CHECK(rollout_selects(&rollout, &host, 999));
}
