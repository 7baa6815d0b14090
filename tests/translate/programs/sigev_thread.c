/* SPDX-License-Identifier: MIT */
/* Threads that libc makes: for a timer, before the program has any, and for asynchronous input and output. */
#include <aio.h>
#include <fcntl.h>

#include "show.h"

static sem_t done;

static void *in_thread(void *arg)
{
    return (void *)((long)arg + 1);
}

static void on_timer(union sigval value)
{
    static int count;
    pthread_t thread;
    void *result;
    if (count++ > 0)
        return;
    pthread_create(&thread, NULL, in_thread, (void *)(long)value.sival_int);
    pthread_join(thread, &result);
    show("timer %ld", (long)result);
    sem_post(&done);
}

static void on_read(union sigval value)
{
    struct aiocb *block = value.sival_ptr;
    show("read %d, %zd bytes", aio_error(block), aio_return(block));
    sem_post(&done);
}

int main(void)
{
    timer_t timer;
    struct sigevent event = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_timer, .sigev_value.sival_int = 41};
    struct itimerspec soon = {.it_value = {0, 1000000}};
    char buffer[10] = "";
    sem_init(&done, 0, 0);
    timer_create(CLOCK_MONOTONIC, &event, &timer);
    timer_settime(timer, 0, &soon, NULL);
    sem_wait(&done);
    timer_delete(timer);
    int fd = open("/proc/self/exe", O_RDONLY);
    struct aiocb block = {.aio_fildes = fd, .aio_buf = buffer, .aio_nbytes = 4,
                          .aio_sigevent = {.sigev_notify = SIGEV_THREAD, .sigev_notify_function = on_read,
                                           .sigev_value.sival_ptr = &block}};
    aio_read(&block);
    sem_wait(&done);
    show("%d", memcmp(buffer, "\177ELF", 4));
    return 0;
}
