/* SPDX-License-Identifier: MIT */
/* What compilers make of the language: each function prints a line that depends on nothing but the program. */
#include <complex.h>
#include <fenv.h>
#include <math.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NOINLINE __attribute__((noinline))

/* --- calls ----------------------------------------------------------------------------------------------------------- */

struct small { int a; short b; };
struct pair { long a, b; };
struct mixed { double x; long n; };
struct large { long words[9]; };
struct vectors { float f[4]; };

NOINLINE static struct small make_small(int n) { return (struct small){n, (short)(n * 3)}; }
NOINLINE static struct pair make_pair(long n) { return (struct pair){n, ~n}; }
NOINLINE static struct mixed make_mixed(long n) { return (struct mixed){(double)n / 3, n}; }
NOINLINE static struct vectors make_vectors(float f) { return (struct vectors){{f, f * 2, f * 3, f * 4}}; }
NOINLINE static struct large make_large(long n)
{
    struct large l;
    for (int i = 0; i < 9; i++)
        l.words[i] = n * (i + 1);
    return l;
}
NOINLINE static long take(struct small s, struct pair p, struct mixed m, struct large l, struct vectors v, ...)
{
    va_list list;
    va_start(list, v);
    long more = va_arg(list, long) + (long)va_arg(list, double) + va_arg(list, struct pair).b;
    va_end(list);
    return s.a + s.b + p.a * p.b + (long)(m.x * 100) + m.n + l.words[3] + (long)v.f[2] + more;
}

static void structures(void)
{
    long sum = 0;
    for (int i = 0; i < 50; i++)
        sum += take(make_small(i), make_pair(i), make_mixed(i), make_large(i), make_vectors((float)i), 7L, 2.5,
                    make_pair(i + 1));
    printf("structures %ld\n", sum);
}

NOINLINE static double sum_list(const char *kinds, ...)
{
    va_list list, copy;
    double sum = 0;
    va_start(list, kinds);
    va_copy(copy, list);
    for (const char *k = kinds; *k; k++)
        switch (*k) {
        case 'i': sum += va_arg(list, int); break;
        case 'l': sum += (double)va_arg(list, long long); break;
        case 'd': sum += va_arg(list, double); break;
        case 'L': sum += (double)va_arg(list, long double); break;
        case 's': sum += (double)strlen(va_arg(list, char *)); break;
        }
    sum += va_arg(copy, int);
    va_end(copy);
    va_end(list);
    return sum;
}

static void variadic(void)
{
    printf("variadic %.3f\n", sum_list("iildLsdidldsLiiiid", 1, 2, 3LL, 4.5, 5.5L, "six", 7.5, 8, 9.5, 10LL, 11.5,
                                       "twelve", 13.5L, 14, 15, 16, 17, 18.5));
}

/* --- tail calls, computed jumps, tables --------------------------------------------------------------------------------- */

NOINLINE static int is_odd(unsigned n);
NOINLINE static int is_even(unsigned n) { return n == 0 ? 1 : is_odd(n - 1); }
NOINLINE static int is_odd(unsigned n) { return n == 0 ? 0 : is_even(n - 1); }

static long interpret(const uint8_t *code)
{
    static const void *const jump[] = {&&stop, &&increment, &&twice, &&negate, &&back};
    long value = 1, rounds = 0;
    const uint8_t *at = code;
    goto *jump[*at];
increment:
    value++;
    goto *jump[*++at];
twice:
    value = value * 2 % 1000003;
    goto *jump[*++at];
negate:
    value = -value;
    goto *jump[*++at];
back:
    if (++rounds < 1000)
        at = code - 1;
    goto *jump[*++at];
stop:
    return value;
}

NOINLINE static long choose(long value, unsigned which)
{
    switch (which % 24) {
    case 0: return value + 1;
    case 1: return value - 3;
    case 2: return value * 5;
    case 3: return value ^ 0x55;
    case 4: return value << 1;
    case 5: return value >> 1;
    case 6: return ~value;
    case 7: return -value;
    case 9: return value % 1001;
    case 10: return value / 3;
    case 11: return value | 1;
    case 12: case 13: return value & 0xffffff;
    case 20: return value + 100;
    case 21: return labs(value);
    case 23: return value * value % 10007;
    default: return value + which;
    }
}

static long add(long a, long b) { return a + b; }
static long subtract(long a, long b) { return a - b; }
static long multiply(long a, long b) { return a * b % 1000003; }

static void jumps(void)
{
    static const uint8_t code[] = {1, 2, 1, 3, 2, 1, 4, 0};
    static long (*const operations[])(long, long) = {add, subtract, multiply, choose == NULL ? add : subtract};
    long value = 0;
    for (unsigned i = 0; i < 3000; i++)
        value = operations[i % 4](choose(value, i * 7), (long)i);
    printf("jumps %d %d %ld %ld\n", is_even(100000), is_odd(77777), interpret(code), value);
}

/* --- stacks --------------------------------------------------------------------------------------------------------------- */

NOINLINE static unsigned long ackermann(unsigned long m, unsigned long n)
{
    return m == 0 ? n + 1 : n == 0 ? ackermann(m - 1, 1) : ackermann(m - 1, ackermann(m, n - 1));
}

NOINLINE static long deep(long n, const char *above)
{
    char frame[40];
    snprintf(frame, sizeof frame, "%ld%c", n, above[0]);
    return n == 0 ? frame[0] : deep(n - 1, frame) + frame[strlen(frame) - 1] % 3;
}

NOINLINE static long variable_arrays(int n)
{
    long sum = 0;
    for (int i = 1; i < n; i++) {
        int array[i];
        char *more = __builtin_alloca((size_t)i * 3);
        memset(more, i, (size_t)i * 3);
        for (int k = 0; k < i; k++)
            array[k] = k * more[k * 3 % (i * 3)];
        sum += array[i / 2];
    }
    return sum;
}

static jmp_buf environments[4];

NOINLINE static void jump_out(int level, int value)
{
    volatile char local[64];
    memset((char *)local, value, sizeof local);
    if (level)
        jump_out(level - 1, value);
    longjmp(environments[value % 4], value + local[3]);
}

static void stacks(void)
{
    volatile long sum = 0;
    for (volatile int i = 0; i < 40; i++) {
        int value = setjmp(environments[i % 4]);
        if (value == 0)
            jump_out(i % 9, i);
        sum += value;
    }
    int (*nested)(int) = NULL;
    (void)nested;
    printf("stacks %lu %ld %ld %ld\n", ackermann(2, 300), deep(20000, "x"), variable_arrays(60), sum);
}

/* --- arithmetic --------------------------------------------------------------------------------------------------------------- */

static void integers(void)
{
    unsigned __int128 wide = 1;
    __int128 negative = -7;
    uint64_t bits = 0, state = 88172645463325252u;
    for (int i = 0; i < 200; i++) {
        state ^= state << 13, state ^= state >> 7, state ^= state << 17;
        wide = wide * (state | 1) + (wide >> 64);
        negative = negative * 3 - (__int128)(state % 1000);
        bits += (uint64_t)__builtin_popcountll(state) + (uint64_t)__builtin_clzll(state | 1) +
                (uint64_t)__builtin_ctzll(state | 1ull << 63) + __builtin_bswap64(state) % 7 + (state << (i & 63) | state >> (-i & 63)) % 11;
        int overflow;
        bits += (uint64_t)__builtin_mul_overflow((int)state, i, &overflow);
        wide = i % 50 == 49 ? wide / ((state >> 3) | 1) + wide % 1000003 : wide;
    }
    printf("integers %016lx%016lx %ld %lu\n", (uint64_t)(wide >> 64), (uint64_t)wide, (long)(negative % 1000000007),
           bits);
}

static void floats(void)
{
    static const int modes[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    volatile double third = 3, huge = 1e308, tiny = 1e-308;
    long double extended = 0;
    double complex z = 0;
    for (int i = 1; i < 100; i++) {
        extended += 1.0L / i + sinl((long double)i) * sqrtl((long double)i);
        z = z * z + (i % 3 * 0.1 + 0.2 * I);
        if (cabs(z) > 2)
            z /= 3;
    }
    printf("floats %.15Lg %.12g%+.12gi", extended, creal(z), cimag(z));
    for (int m = 0; m < 4; m++) {
        fesetround(modes[m]);
        feclearexcept(FE_ALL_EXCEPT);
        volatile double x = 1 / third, y = huge * 10, t = tiny / 1e10;
        volatile float f = (float)(1 / third);
        volatile long double e = 1 / (long double)third;
        printf(" %a %a %a %a %La %ld %x", x, y, t, (double)f, e, lrint(2.5 + m), fetestexcept(FE_ALL_EXCEPT));
    }
    fesetround(FE_TONEAREST);
    printf("\n");
}

static void loops(void)
{
    static float a[1027], b[1027];
    static uint8_t bytes[2051], other[2051];
    static int32_t index[1027];
    double sum = 0;
    long total = 0;
    for (int i = 0; i < 1027; i++)
        a[i] = (float)(i % 37), b[i] = (float)(i % 11) + 0.5f, index[i] = (i * 397) % 1027;
    for (int i = 0; i < 2051; i++)
        bytes[i] = (uint8_t)(i * 31), other[i] = (uint8_t)(i ^ i >> 3);
    for (int i = 0; i < 1027; i++)
        a[i] = a[i] * b[i] + (b[i] > 4 ? a[i] : -1);
    for (int i = 0; i < 1027; i++)
        sum += a[index[i]];
    for (int i = 0; i < 2051; i++)
        total += bytes[i] > other[i] ? bytes[i] : other[i];
    memmove(bytes + 3, bytes, 2000);
    for (int i = 0; i < 2051; i++)
        total = (total << 1 ^ bytes[i]) % 1000000007;
    printf("loops %.6g %ld %zu %d\n", sum, total, strlen((char *)memset(bytes, 'x', 999)), memcmp(bytes, other, 50) > 0);
}

static int by_value(const void *a, const void *b) { return (*(const int *)a > *(const int *)b) - (*(const int *)a < *(const int *)b); }

static void library(void)
{
    int numbers[500];
    char text[200] = "";
    for (int i = 0; i < 500; i++)
        numbers[i] = (i * 7919) % 1009;
    qsort(numbers, 500, sizeof *numbers, by_value);
    int key = numbers[250];
    int *found = bsearch(&key, numbers, 500, sizeof *numbers, by_value);
    snprintf(text, sizeof text, "%d %s %.3f %c %lx %5d|%-5d|", numbers[17], "text", 3.14159, 'c', 255ul, 42, 42);
    printf("library %d %d %s %s\n", numbers[499], found ? *found : -1, text, strpbrk("a=b;c", ";="));
}

int main(void)
{
    setvbuf(stdout, NULL, _IONBF, 0);
    structures();
    variadic();
    jumps();
    stacks();
    integers();
    floats();
    loops();
    library();
    return 0;
}
