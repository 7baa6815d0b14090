/* SPDX-License-Identifier: MIT */
/* The table of redirected native functions; see redirect.h. Entries are added, never changed or removed. */
#include "translate/redirect.h"

#include "base/atomic.h"
#include "translate/translate.h"

#define PLACES 4096u /* a power of two */

static struct place {
    uintptr_t native, instead;
} places[PLACES];
static uint32_t used;

static uint32_t first_place(uintptr_t native) { return (uint32_t)((native * 0x9e3779b97f4a7c15u) >> 52) % PLACES; }

uintptr_t redirect_target(uintptr_t native)
{
    for (uint32_t i = first_place(native);; i = (i + 1) % PLACES) {
        uintptr_t found = load_acquire(&places[i].native); /* pairs with the release in tr_redirect */
        if (LIKELY(found == 0))
            return native;
        if (found == native)
            return load_relaxed(&places[i].instead);
    }
}

bool tr_redirect(uintptr_t function, uintptr_t instead)
{
    if (redirect_target(function) != function || fetch_add_relaxed(&used, 1) >= PLACES / 2)
        return false;
    for (uint32_t i = first_place(function);; i = (i + 1) % PLACES) {
        uintptr_t nothing = 0;
        if (!compare_exchange_acq_rel(&places[i].instead, &nothing, instead))
            continue;
        store_release(&places[i].native, function); /* to redirect_target */
        return true;
    }
}
