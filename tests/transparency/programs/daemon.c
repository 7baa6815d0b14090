/* SPDX-License-Identifier: MIT */
/* REPORTS: 3 */
/* Double fork, new session, closed descriptors; and daemon(3). The daemons tell through a file. */
#include <fcntl.h>

#include "show.h"

static void tell(const char *text)
{
    int fd = open("told", O_WRONLY | O_CREAT | O_APPEND, 0600);
    write(fd, text, strlen(text));
    close(fd);
}

static void wait_for(int bytes)
{
    char text[200];
    for (int i = 0; i < 1000; i++) {
        int fd = open("told", O_RDONLY);
        int n = fd < 0 ? 0 : (int)read(fd, text, sizeof(text));
        close(fd);
        if (n >= bytes) {
            show("told: %.*s", n, text);
            return;
        }
        sleep_ms(10);
    }
    show("nothing told");
}

static void *work(void *arg) { tell("worker\n"); return arg; }

int main(void)
{
    become_threaded();
    char here[4096];
    getcwd(here, sizeof(here));
    pid_t pid = fork();
    if (pid == 0) {
        setsid();
        if (fork() > 0)
            _exit(0);
        for (int fd = 0; fd < 1024; fd++)
            close(fd);
        open("/dev/null", O_RDWR);
        dup(0), dup(0);
        pthread_t t;
        pthread_create(&t, NULL, work, NULL);
        pthread_join(t, NULL);
        tell("daemon\n");
        sleep_ms(100);
        exit(0);
    }
    int status;
    waitpid(pid, &status, 0);
    show_status("first", status);
    wait_for(14);
    sleep_ms(200);
    return 0;
}
