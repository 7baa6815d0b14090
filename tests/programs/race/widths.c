/* SPDX-License-Identifier: MIT */
/* Writes of each width against a read of the last byte that they cover; the twin reads the next. */
/* EXPECT: race write_1/read_1 */
/* EXPECT: race write_2/read_2 */
/* EXPECT: race write_4/read_4 */
/* EXPECT: race write_8/read_8 */
/* EXPECT: race write_float/read_float */
/* EXPECT: race write_double/read_double */
/* TWIN */
#include "hidden.h"

#define WIDTH(name, type, size)                                                                    \
    static _Alignas(16) char room_##name[32];                                                      \
    static NOINLINE void write_##name(void) { *(volatile type *)room_##name = (type)7; }           \
    static NOINLINE void read_##name(void)                                                         \
    {                                                                                              \
        USE((int)((volatile char *)room_##name)[(size) - !IS_TWIN]);                               \
    }

WIDTH(1, char, 1)
WIDTH(2, short, 2)
WIDTH(4, int, 4)
WIDTH(8, long, 8)
WIDTH(float, float, 4)
WIDTH(double, double, 8)

static void *writer(void *none)
{
    write_1(), write_2(), write_4(), write_8(), write_float(), write_double();
    hidden_done(1);
    return NULL;
}

static void *reader(void *none)
{
    hidden_await(1);
    read_1(), read_2(), read_4(), read_8(), read_float(), read_double();
    return NULL;
}

int main(void) { return both(writer, reader); }
