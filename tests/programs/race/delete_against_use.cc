/* SPDX-License-Identifier: MIT */
/* An object is deleted while another thread calls its method; the twin joins first. */
/* EXPECT: free-race|race uses/main */
/* TWIN */
#include "hidden.h"

struct Account {
    char history[100] = {};
    NOINLINE long total() const { return history[5]; }
};
static Account *account;

static NOINLINE void *uses(void *)
{
    USE(account->total());
    hidden_done(1);
    return nullptr;
}

int main()
{
    account = new Account;
    pthread_t thread = start(uses, nullptr);
    hidden_await(1);
    if (IS_TWIN)
        join(thread);
    delete account;
    if (!IS_TWIN)
        join(thread);
}
