/* SPDX-License-Identifier: MIT */
/* Messages of System V and POSIX queues order what was written before they were sent. */
/* EXPECT: race sends/receives on late */
/* TWIN */
#include "hidden.h"
#include <fcntl.h>
#include <mqueue.h>
#include <sys/ipc.h>
#include <sys/msg.h>

static struct letter {
    long type;
    char text[8];
} letter = {1, "hello"};
static int queue, early, late;
static mqd_t named;

static void *sends(void *none)
{
    early = 1;
    msgsnd(queue, &letter, sizeof letter.text, 0);
    if (IS_TWIN)
        late = 1;
    mq_send(named, "x", 1, 0);
    if (!IS_TWIN)
        late = 1;
    hidden_done(1);
    return NULL;
}

static void *receives(void *none)
{
    struct letter got;
    char byte[8];
    msgrcv(queue, &got, sizeof got.text, 0, 0);
    early++;
    mq_receive(named, byte, sizeof byte, NULL);
    hidden_await(1);
    late++;
    return NULL;
}

int main(void)
{
    struct mq_attr attributes = {.mq_maxmsg = 2, .mq_msgsize = 8};
    char name[64];
    snprintf(name, sizeof name, "/twin-%d", (int)getpid());
    queue = msgget(IPC_PRIVATE, 0600);
    named = mq_open(name, O_CREAT | O_RDWR, 0600, &attributes);
    mq_unlink(name);
    if (queue < 0 || named == (mqd_t)-1)
        return 1;
    int status = both(sends, receives);
    msgctl(queue, IPC_RMID, NULL);
    return status;
}
