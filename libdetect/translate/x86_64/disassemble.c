/* SPDX-License-Identifier: MIT */
/* See disassemble.h. */
#include "translate/x86_64/disassemble.h"

#include <Zydis/Zydis.h>
#include <string.h>

size_t disassemble(const uint8_t *bytes, size_t size, uintptr_t address, char *text, size_t text_size)
{
    ZydisDecoder decoder;
    ZydisFormatter formatter;
    ZydisDecodedInstruction z;
    ZydisDecodedOperand operands[ZYDIS_MAX_OPERAND_COUNT];
    ZydisDecoderInit(&decoder, ZYDIS_MACHINE_MODE_LONG_64, ZYDIS_STACK_WIDTH_64);
    ZydisFormatterInit(&formatter, ZYDIS_FORMATTER_STYLE_ATT);
    if (text_size > 0 && ZYAN_SUCCESS(ZydisDecoderDecodeFull(&decoder, bytes, size, &z, operands)) &&
        ZYAN_SUCCESS(ZydisFormatterFormatInstruction(&formatter, &z, operands, z.operand_count_visible, text, text_size,
                                                     address, NULL)))
        return z.length;
    if (text_size > 5)
        memcpy(text, "(bad)", 6);
    return 0;
}
