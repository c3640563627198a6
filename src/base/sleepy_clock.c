#include "base/sleepy_clock.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_TIMERS 16

static struct {
	pthread_mutex_t lock;
	int64_t slept_ns, set_ns;
	struct timer {
		int fd; /* 0: none */
		clockid_t clock;
		int64_t at_ns; /* 0: not set */
	} timers[MAX_TIMERS];
} host = { .lock = PTHREAD_MUTEX_INITIALIZER };

static int64_t now_ns(clockid_t clock)
{
	struct timespec now;

	(void)syscall(SYS_clock_gettime, clock == CLOCK_BOOTTIME ? CLOCK_MONOTONIC : clock, &now);
	return (int64_t)now.tv_sec * (int64_t)NS_PER_SEC + now.tv_nsec +
	       (clock == CLOCK_BOOTTIME || clock == CLOCK_REALTIME ? host.slept_ns : 0) +
	       (clock == CLOCK_REALTIME ? host.set_ns : 0);
}

static void lock(void)
{
	(void)pthread_mutex_lock(&host.lock);
}

static void unlock(void)
{
	(void)pthread_mutex_unlock(&host.lock);
}

int clock_gettime(clockid_t clock, struct timespec *now_out)
{
	int64_t ns;

	lock();
	ns = now_ns(clock);
	unlock();
	now_out->tv_sec = ns / (int64_t)NS_PER_SEC;
	now_out->tv_nsec = ns % (int64_t)NS_PER_SEC;
	return 0;
}

int timerfd_create(clockid_t clock, int flags)
{
	int fd = (int)syscall(SYS_timerfd_create, CLOCK_MONOTONIC, flags);

	lock();
	for (size_t i = 0; i < MAX_TIMERS && fd > 0; i++) {
		if (host.timers[i].fd && host.timers[i].fd != fd)
			continue;
		host.timers[i] = (struct timer) { fd, clock, 0 };
		unlock();
		return fd;
	}
	abort();
}

/* What is left of it, by its own clock, in time that passes here. */
static void arm(const struct timer *timer)
{
	int64_t left_ns = timer->at_ns - now_ns(timer->clock);
	struct itimerspec when = { 0 };

	if (timer->at_ns) {
		left_ns = left_ns < 1 ? 1 : left_ns;
		when.it_value.tv_sec = left_ns / (int64_t)NS_PER_SEC;
		when.it_value.tv_nsec = left_ns % (int64_t)NS_PER_SEC;
	}
	(void)syscall(SYS_timerfd_settime, timer->fd, 0, &when, NULL);
}

int timerfd_settime(int fd, int flags, const struct itimerspec *when,
		    struct itimerspec *old_out UNUSED)
{
	lock();
	for (size_t i = 0; i < MAX_TIMERS; i++) {
		struct timer *timer = &host.timers[i];

		if (timer->fd != fd)
			continue;
		timer->at_ns = (int64_t)when->it_value.tv_sec * (int64_t)NS_PER_SEC +
			       when->it_value.tv_nsec;
		if (timer->at_ns && !(flags & TFD_TIMER_ABSTIME))
			timer->at_ns += now_ns(timer->clock);
		arm(timer);
	}
	unlock();
	return 0;
}

static void arm_all(void)
{
	for (size_t i = 0; i < MAX_TIMERS; i++)
		if (host.timers[i].fd)
			arm(&host.timers[i]);
}

void sleepy_clock_sleep(uint64_t ns)
{
	lock();
	host.slept_ns += (int64_t)ns;
	arm_all();
	unlock();
}

void sleepy_clock_set(int64_t by_ns)
{
	lock();
	host.set_ns += by_ns;
	arm_all();
	unlock();
}
