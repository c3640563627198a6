#include "server/inquiry/person.h"

#include <errno.h>

#include "server/inquiry/inquiries_internal.h"

static struct run *find(const struct inquiries *inquiries, const char *org, const char *thread,
			struct error *err)
{
	struct run *run = run_find_thread(inquiries, org, thread);

	if (run && run->state != RUN_ENDING)
		return run;
	error_set(err, -ENOENT, "nothing runs in thread '%s'", thread);
	return NULL;
}

int inquiry_interrupt(struct inquiries *inquiries, const char *org, const char *thread,
		      struct inquiry_place *place_out, struct error *err)
{
	struct run *run = find(inquiries, org, thread, err);

	if (!run)
		return err->code;
	text_format(place_out->investigation, sizeof(place_out->investigation), "%s", run->id);
	place_out->seq = run->last_seq;
	run_end_interrupted(run);
	return 0;
}

int inquiry_answer(struct inquiries *inquiries, const char *org, const char *thread,
		   const json_t *answers, struct error *err)
{
	const struct run *run = find(inquiries, org, thread, err);

	if (!run)
		return err->code;
	return run_answer(run, answers)
		       ? 0
		       : error_set(err, -ENODATA, "thread '%s' has asked nothing", thread);
}
