/* SPDX-License-Identifier: MIT */
/* printf and scanf: what the conversions of a format read and write through their arguments. Formats with numbered arguments
 * (%1$s) are not followed. */
#include <string.h>

#include "intercept/libc_handlers.h"
#include "translate/translate.h"

#if defined(__x86_64__)

/* A format of bytes or of wide characters, and its arguments. */
struct format {
    struct libc_call *call;
    const char *text;
    size_t unit, length, at;
    va_list arguments;
};

static wchar_t peek(const struct format *format)
{
    if (format->at >= format->length)
        return 0;
    return format->unit == 1 ? format->text[format->at] : ((const wchar_t *)(const void *)format->text)[format->at];
}

static wchar_t next(struct format *format)
{
    wchar_t c = peek(format);
    format->at++;
    return c;
}

/* Behind the next percent sign. False: there is none. */
static bool find_conversion(struct format *format)
{
    while (format->at < format->length)
        if (next(format) == L'%')
            return true;
    return false;
}

static long read_number(struct format *format)
{
    long number = 0;
    while (peek(format) >= L'0' && peek(format) <= L'9' && number < 100000000)
        number = number * 10 + (next(format) - L'0');
    return number;
}

enum size { SIZE_CHAR, SIZE_SHORT, SIZE_INT, SIZE_LONG, SIZE_LONG_DOUBLE };

static enum size read_size(struct format *format)
{
    enum size size = SIZE_INT;
    for (;; format->at++)
        switch (peek(format)) {
        case L'h':
            size = size == SIZE_SHORT ? SIZE_CHAR : SIZE_SHORT;
            break;
        case L'l': /* and ll, of the same size */
            size = SIZE_LONG;
            break;
        case L'j':
        case L'z':
        case L'Z':
        case L't':
            size = SIZE_LONG;
            break;
        case L'q':
        case L'L':
            size = SIZE_LONG_DOUBLE;
            break;
        default:
            return size;
        }
}

static size_t bytes_of_integer(enum size size)
{
    static const uint8_t bytes[] = {1, 2, 4, 8, 8};
    return bytes[size];
}

static size_t bytes_of_float(enum size size) { return size == SIZE_LONG ? 8 : size == SIZE_LONG_DOUBLE ? 16 : 4; }

/* --- printf ------------------------------------------------------------------------------------------------------------------- */

static long star_or_number(struct format *format)
{
    if (peek(format) != L'*')
        return read_number(format);
    format->at++;
    return va_arg(format->arguments, int);
}

static void read_string(struct format *format, long precision, size_t unit)
{
    const void *string = va_arg(format->arguments, const void *);
    size_t most = precision < 0 ? SIZE_MAX : (size_t)precision;
    if (!string) /* "(null)" */
        return;
    size_t length = tr_string_length(string, most, unit);
    libc_reads(format->call, string, (length < most ? length + 1 : most) * unit);
}

static void print_conversion(struct format *format)
{
    while (peek(format) && wcschr(L"-+ #0'I", peek(format)))
        format->at++;
    (void)star_or_number(format);
    long precision = -1;
    if (peek(format) == L'.') {
        format->at++;
        precision = star_or_number(format);
    }
    enum size size = read_size(format);
    wchar_t conversion = next(format);
    switch (conversion) {
    case L's':
    case L'S':
        read_string(format, precision, conversion == L'S' || size == SIZE_LONG ? sizeof(wchar_t) : 1);
        break;
    case L'n':
        libc_writes(format->call, va_arg(format->arguments, void *), bytes_of_integer(size));
        break;
    case L'a': case L'A': case L'e': case L'E': case L'f': case L'F': case L'g': case L'G':
        if (size == SIZE_LONG_DOUBLE)
            (void)va_arg(format->arguments, long double);
        else
            (void)va_arg(format->arguments, double);
        break;
    case L'%':
    case L'm':
        break;
    case L'$':
        format->at = format->length; /* numbered arguments */
        break;
    default:
        (void)va_arg(format->arguments, long);
    }
}

static void print(struct format *format)
{
    libc_reads(format->call, format->text, (format->length + 1) * format->unit);
    while (find_conversion(format))
        print_conversion(format);
}

/* --- scanf -------------------------------------------------------------------------------------------------------------------- */

struct conversion {
    bool ignored, allocated;
    long width;
    enum size size;
    wchar_t kind;
};

static void skip_set(struct format *format)
{
    if (peek(format) == L'^')
        format->at++;
    if (peek(format) == L']')
        format->at++;
    while (peek(format) && next(format) != L']') {
    }
}

static struct conversion read_conversion(struct format *format)
{
    struct conversion conversion = {0};
    for (; peek(format) == L'*' || peek(format) == L'\'' || peek(format) == L'I'; format->at++)
        conversion.ignored |= peek(format) == L'*';
    conversion.width = read_number(format);
    if (peek(format) == L'm') {
        conversion.allocated = true;
        format->at++;
    }
    conversion.size = read_size(format);
    conversion.kind = next(format);
    if (conversion.kind == L'[')
        skip_set(format);
    return conversion;
}

static void scan_text(struct format *format, const struct conversion *conversion, void *to)
{
    bool wide = conversion->size == SIZE_LONG || conversion->kind == L'S' || conversion->kind == L'C';
    size_t unit = wide ? sizeof(wchar_t) : 1;
    if (conversion->allocated) {
        libc_writes(format->call, to, sizeof(void *));
        to = *(void **)to;
    }
    if (conversion->kind == L'c' || conversion->kind == L'C')
        libc_writes(format->call, to, (conversion->width > 0 ? (size_t)conversion->width : 1) * unit);
    else
        libc_writes(format->call, to, (tr_string_length(to, SIZE_MAX, unit) + 1) * unit);
}

static void scan_conversion(struct format *format, const struct conversion *conversion)
{
    void *to = va_arg(format->arguments, void *);
    switch (conversion->kind) {
    case L's': case L'S': case L'c': case L'C': case L'[':
        scan_text(format, conversion, to);
        break;
    case L'a': case L'A': case L'e': case L'E': case L'f': case L'F': case L'g': case L'G':
        libc_writes(format->call, to, bytes_of_float(conversion->size));
        break;
    case L'p':
        libc_writes(format->call, to, sizeof(void *));
        break;
    default:
        libc_writes(format->call, to, bytes_of_integer(conversion->size));
    }
}

/* %n is no assignment that counts. */
static void scan(struct format *format)
{
    int assigned = (int)format->call->result;
    libc_reads(format->call, format->text, (format->length + 1) * format->unit);
    while (find_conversion(format)) {
        struct conversion conversion = read_conversion(format);
        if (conversion.kind == L'%' || conversion.ignored)
            continue;
        if (conversion.kind == L'$' || (conversion.kind != L'n' && assigned-- <= 0))
            return;
        scan_conversion(format, &conversion);
    }
}

/* --- the ways in ---------------------------------------------------------------------------------------------------------------- */

static void follow(struct libc_call *call, size_t unit, void (*walk)(struct format *))
{
    struct format format = {.call = call, .unit = unit};
    format.text = (const char *)libc_argument(call, call->row->fixed - 1u);
    if (!format.text)
        return;
    format.length = tr_string_length(format.text, SIZE_MAX, unit);
    if (call->row->takes_list)
        memcpy(format.arguments, call->noted, sizeof(format.arguments));
    else
        libc_optional(call, format.arguments);
    walk(&format);
}

/* The list as it is before the call, which uses it up. */
void format_note_list(struct libc_call *call)
{
    _Static_assert(sizeof(va_list) == sizeof(call->noted), "x86-64's");
    (void)tr_copy_guarded(call->noted, (const void *)libc_argument(call, call->row->fixed), sizeof(call->noted));
}

void format_printf(struct libc_call *call) { follow(call, 1, print); }
void format_wprintf(struct libc_call *call) { follow(call, sizeof(wchar_t), print); }
void format_scanf(struct libc_call *call) { follow(call, 1, scan); }
void format_wscanf(struct libc_call *call) { follow(call, sizeof(wchar_t), scan); }
void format_vscanf(struct libc_call *call) { follow(call, 1, scan); }
void format_vwscanf(struct libc_call *call) { follow(call, sizeof(wchar_t), scan); }

void format_vprintf(struct libc_call *call)
{
    format_note_list(call);
    follow(call, 1, print);
}

void format_vwprintf(struct libc_call *call)
{
    format_note_list(call);
    follow(call, sizeof(wchar_t), print);
}

/* Into a buffer of a given size: the result is what it would have been without. */
void format_bounded(struct libc_call *call)
{
    size_t written = (size_t)(int)call->result + 1, room = libc_argument(call, 1);
    libc_writes(call, (const void *)libc_argument(call, 0), written < room ? written : room);
}

void format_allocated(struct libc_call *call)
{
    char **result = (char **)libc_argument(call, 0);
    libc_writes(call, result, sizeof(*result));
    libc_writes(call, *result, (size_t)(int)call->result + 1);
}

#endif
