#include "cli/ask/progress.h"

#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/duration.h"

#define MAX_LINES 8
#define MARGIN 4
#define DRAW_EVERY_NS (80 * NS_PER_MS) /* more often it flickers */

static const char *const spins[] = { "⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏" };
static const char plain_spins[] = "-\\|/";

void progress_clear(struct progress *progress)
{
	if (progress->n_lines)
		(void)fprintf(progress->page.stream, "\033[%uA\r\033[J", progress->n_lines);
	progress->n_lines = 0;
	(void)fflush(progress->page.stream);
}

static void end_line(struct progress *progress)
{
	page_end(&progress->page);
	progress->n_lines++;
}

static void draw_head(struct progress *progress, uint64_t now)
{
	struct page *page = &progress->page;
	char text[DURATION_TEXT_BYTES];

	if (page->charset == CHARSET_UTF8)
		page_add(page, STYLE_NAME, "%s", spins[progress->n_ticks % ARRAY_LEN(spins)]);
	else
		page_add(page, STYLE_NAME, "%c",
			 plain_spins[progress->n_ticks % (sizeof(plain_spins) - 1)]);
	page_add(page, STYLE_STRONG, " reading evidence");
	page_add(page, STYLE_PLAIN, "  %u of %zu", progress->n_done,
		 progress->n_done + progress->n_running);
	page_add(page, STYLE_FAINT, "  %s", duration_to_text(now - progress->started_ns, text));
	end_line(progress);
}

/* Cut to the terminal: a line that wrapped could not be taken back. */
static void draw_call(struct progress *progress, const struct running *running, uint64_t now)
{
	struct page *page = &progress->page;
	int room = (int)page->width - 45;
	char text[DURATION_TEXT_BYTES];

	page_add(page, STYLE_PLAIN, "    %-26.26s", running->tool);
	page_add(page, STYLE_FAINT, " %7s", duration_to_text(now - running->started_ns, text));
	if (room > 8 && strcmp(running->args, "{}") != 0)
		page_add(page, STYLE_FAINT, "  %.*s", room, running->args);
	end_line(progress);
}

static void draw(struct progress *progress)
{
	uint64_t now = clock_monotonic_ns();
	size_t n = progress->n_running;

	if (!progress->is_drawable || now - progress->drawn_ns < DRAW_EVERY_NS)
		return;
	progress->drawn_ns = now;
	progress->n_ticks++;
	progress_clear(progress);
	draw_head(progress, now);
	for (size_t i = 0; i < n && i < MAX_LINES; i++)
		draw_call(progress, &progress->running[i], now);
	if (n > MAX_LINES) {
		page_add(&progress->page, STYLE_FAINT, "    and %zu more", n - MAX_LINES);
		end_line(progress);
	}
	if (*progress->thought) {
		page_add(&progress->page, STYLE_FAINT, "  %.*s", (int)progress->page.width - MARGIN,
			 progress->thought);
		end_line(progress);
	}
	(void)fflush(progress->page.stream);
}

/* Arguments are the engine's, but may quote the host: only plain ASCII is shown. */
static void copy_plain(char *to, size_t size, const char *from)
{
	size_t i;

	for (i = 0; from[i] && i + 1 < size; i++)
		to[i] = from[i] < ' ' || from[i] > '~' ? '?' : from[i];
	to[i] = '\0';
}

static void handle_start(struct watcher *watcher, json_int_t id, const char *tool, const char *args)
{
	struct progress *progress = container_of(watcher, struct progress, watcher);
	struct running *running = &progress->running[progress->n_running];

	if (progress->n_running == PROGRESS_MAX_CALLS)
		return;
	progress->n_running++;
	*running = (struct running) { .id = id, .started_ns = clock_monotonic_ns() };
	copy_plain(running->tool, sizeof(running->tool), tool);
	copy_plain(running->args, sizeof(running->args), args);
}

static void handle_end(struct watcher *watcher, json_int_t id, int code, double elapsed_ms)
{
	struct progress *progress = container_of(watcher, struct progress, watcher);
	size_t i = 0;

	while (i < progress->n_running && progress->running[i].id != id)
		i++;
	if (i == progress->n_running)
		return;
	progress->n_done++;
	progress->n_failed += code < 0;
	if (elapsed_ms > progress->slowest_ms) {
		progress->slowest_ms = elapsed_ms;
		memcpy(progress->slowest, progress->running[i].tool, PROGRESS_TOOL_BYTES);
	}
	progress->n_running--;
	memmove(&progress->running[i], &progress->running[i + 1],
		(progress->n_running - i) * sizeof(progress->running[0]));
}

static void handle_thought(struct watcher *watcher, const char *text)
{
	struct progress *progress = container_of(watcher, struct progress, watcher);

	copy_plain(progress->thought, sizeof(progress->thought), text);
}

static void handle_tick(struct watcher *watcher)
{
	struct progress *progress = container_of(watcher, struct progress, watcher);

	draw(progress);
}

static void handle_pause(struct watcher *watcher)
{
	progress_clear(container_of(watcher, struct progress, watcher));
}

void progress_init(struct progress *progress, const struct page *page)
{
	const char *term = getenv("TERM");

	*progress = (struct progress) {
		.watcher = { handle_start, handle_end, handle_thought, handle_tick, handle_pause },
		.page = *page,
		.started_ns = clock_monotonic_ns(),
		.is_drawable = term && *term && strcmp(term, "dumb") != 0,
	};
}

void progress_end(struct progress *progress)
{
	struct page *page = &progress->page;
	char total[DURATION_TEXT_BYTES], slowest[DURATION_TEXT_BYTES];

	progress_clear(progress);
	page_add(page, STYLE_FAINT, "%u tools in %s", progress->n_done,
		 duration_to_text(clock_monotonic_ns() - progress->started_ns, total));
	if (progress->n_failed)
		page_add(page, STYLE_WARN, ", %u without an answer", progress->n_failed);
	if (*progress->slowest)
		page_add(page, STYLE_FAINT, "; slowest: %s, %s", progress->slowest,
			 duration_to_text((uint64_t)(progress->slowest_ms * NS_PER_MS), slowest));
	page_end(page);
}
