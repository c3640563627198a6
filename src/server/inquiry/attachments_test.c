#include "server/inquiry/attachments.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/test.h"
#include "server/org/vault.h"
#include "server/store/scene.h"

struct play {
	struct scene scene;
	struct vault *vault;
	struct attachments *attachments;
	char key_path[96];
};

static void open_play(struct play *play)
{
	struct error err = { 0 };

	*play = (struct play) { 0 };
	scene_require_walls();
	scene_open(&play->scene);
	text_format(play->key_path, sizeof(play->key_path), "%s/vault.key", play->scene.folder);
	play->vault = vault_open(play->key_path, &err);
	CHECK_OK(err.code, err);
	play->attachments = attachments_new(
		&(struct attachments_config) { .store = play->scene.store, .vault = play->vault });
}

static void close_play(struct play *play)
{
	attachments_free(play->attachments);
	vault_free(play->vault);
	(void)unlink(play->key_path);
	scene_close(&play->scene);
}

/* Offers 'n', and gives the token of the first. */
static void offer(struct play *play, size_t n, char token[NONCE_TEXT_BYTES])
{
	CLEANUP(json) json_t *list = json_array();
	struct attachment_offer offer;
	struct answer answer;

	for (size_t i = 0; i < n; i++)
		json_push(list,
			  json_pack("{s:s, s:s, s:s, s:i}", "filename", "a", "download_url",
				    "https://example.org/", "auth_header", "Bearer x", "size", 7));
	attachment_offer_init(&offer, play->attachments, play->scene.org, list);
	CHECK_INT(json_array_size(offer.told), n);
	CHECK(!strstr(json_get_text(json_array_get(offer.told, 0), "proxy_url", ""), "example"));
	text_format(token, NONCE_TEXT_BYTES, "%s",
		    json_get_text(json_array_get(offer.told, 0), "token", ""));
	answer = scene_run(&play->scene, &(struct store_batch) { .org = play->scene.org,
								 .steps = offer.steps,
								 .n_steps = offer.n_steps });
	CHECK_INT(answer.code, 0);
	attachment_offer_finish(&offer);
}

struct taking {
	struct play *play;
	struct attachment_take take;
	struct attachment attachment;
	int code;
	bool is_done;
};

static void handle_taken(const struct store_result *result, const struct error *err, void *data)
{
	struct taking *taking = data;
	struct error why = { 0 };

	CHECK(!err);
	taking->code = attachment_read(taking->play->attachments, &taking->take, &result->steps[0],
				       &taking->attachment, &why);
	taking->is_done = true;
}

static int take(struct play *play, const char *org, const char *token, struct attachment *out)
{
	struct taking taking = { .play = play };
	const struct store_step step = attachment_take_step(&taking.take, org, token);

	(void)store_submit(play->scene.store,
			   &(struct store_batch) { .org = org, .steps = &step, .n_steps = 1 },
			   handle_taken, &taking);
	while (!taking.is_done)
		(void)event_base_loop(play->scene.base, EVLOOP_ONCE);
	*out = taking.attachment;
	return taking.code;
}

TEST(an_attachment_is_one_reader_s_at_a_time_and_of_its_org)
{
	struct play play;
	struct attachment file, other;
	char token[NONCE_TEXT_BYTES];

	open_play(&play);
	offer(&play, 2, token);
	CHECK_INT(strlen(token), 32);
	CHECK_INT(take(&play, play.scene.other_org, token, &other), -ENOENT);
	CHECK_INT(take(&play, play.scene.org, "0123", &other), -ENOENT);
	CHECK_INT(take(&play, play.scene.org, token, &file), 0);
	CHECK_INT(file.size, 7);
	CHECK_TEXT(file.url, "https://example.org/");
	CHECK_TEXT(file.authorization, "Bearer x");
	CHECK_INT(take(&play, play.scene.org, token, &other), -ENOENT);
	attachments_end(play.attachments, play.scene.org, file.hash, ATTACHMENT_PUT_BACK);
	attachment_finish(&file);
	CHECK_INT(take(&play, play.scene.org, token, &file), 0);
	attachments_end(play.attachments, play.scene.org, file.hash, ATTACHMENT_FETCHED);
	attachments_end(play.attachments, play.scene.org, file.hash, ATTACHMENT_PUT_BACK);
	CHECK_INT(take(&play, play.scene.org, token, &other), -ENOENT);
	attachment_finish(&file);
	close_play(&play);
}

TEST(a_request_without_attachments_is_told_nothing)
{
	struct attachments *attachments = attachments_new(&(struct attachments_config) { 0 });
	struct attachment_offer offer;

	attachment_offer_init(&offer, attachments, "acme", NULL);
	CHECK_INT(offer.n_steps, 0);
	attachment_offer_finish(&offer);
	attachments_free(attachments);
}

TEST(the_oldest_is_forgotten_when_there_are_too_many)
{
	struct play play;
	struct attachment file;
	char first[NONCE_TEXT_BYTES], second[NONCE_TEXT_BYTES], token[NONCE_TEXT_BYTES];

	open_play(&play);
	offer(&play, 1, first);
	offer(&play, 1, second);
	for (unsigned i = 0; i < (ATTACHMENTS_MAX - 1) / ATTACHMENTS_MAX_PER_REQUEST; i++)
		offer(&play, ATTACHMENTS_MAX_PER_REQUEST, token);
	offer(&play, (ATTACHMENTS_MAX - 1) % ATTACHMENTS_MAX_PER_REQUEST, token);
	CHECK_INT(take(&play, play.scene.org, first, &file), -ENOENT);
	CHECK_INT(take(&play, play.scene.org, second, &file), 0);
	attachment_finish(&file);
	close_play(&play);
}
