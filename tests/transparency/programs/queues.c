/* SPDX-License-Identifier: MIT */
/* Message queues and semaphore sets between threads. */
#include <aio.h>
#include <fcntl.h>
#include <mqueue.h>
#include <sys/msg.h>
#include <sys/sem.h>

#include "show.h"

static int queue, set;
static mqd_t posix;
static struct { long type; char text[8]; } message = {1, "message"};

static void *sender(void *arg)
{
    struct sembuf up = {0, 1, 0};
    SHOW(msgsnd(queue, &message, 8, 0));
    SHOW(semop(set, &up, 1));
    if (posix != (mqd_t)-1)
        mq_send(posix, "hello", 5, 3);
    return arg;
}

int main(void)
{
    struct sembuf down = {0, -1, 0};
    struct mq_attr attr = {.mq_maxmsg = 2, .mq_msgsize = 16};
    char text[16] = "";
    unsigned priority = 0;
    pthread_t t;
    queue = msgget(IPC_PRIVATE, 0600);
    set = semget(IPC_PRIVATE, 1, 0600);
    posix = mq_open("/detect-transparency", O_RDWR | O_CREAT, 0600, &attr);
    mq_unlink("/detect-transparency");
    pthread_create(&t, NULL, sender, NULL);
    pthread_join(t, NULL);
    message.text[0] = 0;
    SHOW(msgrcv(queue, &message, 8, 0, 0));
    show("%s", message.text);
    SHOW(semop(set, &down, 1));
    SHOW(semtimedop(set, &down, 1, &(struct timespec){0, 1000000}));
    if (posix != (mqd_t)-1)
        mq_receive(posix, text, sizeof(text), &priority);
    show("%s %u", text, priority);
    msgctl(queue, IPC_RMID, NULL);
    semctl(set, 0, IPC_RMID);
    int fd = open("file", O_RDWR | O_CREAT, 0600);
    struct aiocb block = {.aio_fildes = fd, .aio_buf = "asynchronous", .aio_nbytes = 12};
    const struct aiocb *list[] = {&block};
    SHOW(aio_write(&block));
    aio_suspend(list, 1, NULL);
    SHOW(aio_error(&block));
    SHOW(aio_return(&block));
    return 0;
}
