/* SPDX-License-Identifier: MIT */
/* Order that no lock explains; see order.h. */
#include "intercept/order.h"

static void send(enum event_type type, enum object_kind kind, uintptr_t addr,
                 const struct call_site *site)
{
    struct self *self = self_enter();
    if (!self)
        return;
    struct event event = {.type = (uint8_t)type, .object = (uint8_t)kind, .addr = addr};
    emit(self, site, &event, false);
    self_leave(self);
}

void order_release(enum object_kind kind, uintptr_t addr, const struct call_site *site)
{
    send(EVENT_ORDER_RELEASE, kind, addr, site);
}

void order_acquire(enum object_kind kind, uintptr_t addr, const struct call_site *site)
{
    send(EVENT_ORDER_ACQUIRE, kind, addr, site);
}

void order_gone(enum object_kind kind, uintptr_t addr, const struct call_site *site)
{
    send(EVENT_DESTROY, kind, addr, site);
}
