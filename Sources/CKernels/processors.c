// How many processors this process may run on, and whether a thread gets the one that it wants.
#define _GNU_SOURCE
#include "include/CKernels.h"

#include <unistd.h>
#ifdef __linux__
#include <sched.h>
#include <sys/resource.h>
#include <time.h>
#endif

int ck_processor_count(void) {
#ifdef __linux__
    cpu_set_t set;
    if (sched_getaffinity(0, sizeof set, &set) == 0 && CPU_COUNT(&set) > 0) return CPU_COUNT(&set);
#endif
    long count = sysconf(_SC_NPROCESSORS_ONLN);
    return count > 0 ? (int)count : 1;
}

int ck_thread_usage(double *seconds, long *preemptions) {
#ifdef __linux__
    struct timespec time;
    struct rusage usage;
    // The usage has the time too, but only as of the last tick of the scheduler.
    if (clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time) != 0 || getrusage(RUSAGE_THREAD, &usage) != 0) return 0;
    *seconds = (double)time.tv_sec + 1e-9 * (double)time.tv_nsec;
    *preemptions = usage.ru_nivcsw;
    return 1;
#else
    (void)seconds;
    (void)preemptions;
    return 0;
#endif
}
