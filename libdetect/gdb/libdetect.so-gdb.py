# SPDX-License-Identifier: MIT
"""For gdb: stacks of a program whose code runs translated (mode full), as the program's own functions.

Loaded by itself where gdb trusts the folder of libdetect.so (add-auto-load-safe-path), else by `source`. Works on
processes and on cores. Needs the library's debug information.

What runs in the code cache has the program's stack, but for return addresses, which are the cache's. So a frame in the
cache is given a caller of our making that has the same registers, at the program's own address; from there gdb goes on
by the program's own unwind tables, up to the next return address in the cache. `bt` leaves the cache's frames out.

Entries into translated code are faults (SIGSEGV): they are passed without a word. Other faults stop as ever.
"""
import gdb
import gdb.frames
from gdb.unwinder import Unwinder

GENERAL = ["rax", "rcx", "rdx", "rbx", "rsp", "rbp", "rsi", "rdi"] + [f"r{i}" for i in range(8, 16)]
OTHERS = ["eflags", "cs", "ss", "ds", "es", "fs", "gs", "fs_base", "gs_base"]
CHUNK_SIZE = 65536
SEGV_ACCERR = 2


# --- the reverse map: libdetect/translate/cache.h, place.c ----------------------------------------------------------


def library_symbol(name):
    """A variable of libdetect's, or None. Not by evaluation: the program may have one of that name."""
    for objfile in gdb.objfiles():
        if objfile.is_valid() and "/libdetect.so" in (objfile.filename or ""):
            symbol = objfile.lookup_global_symbol(name) or objfile.lookup_static_symbol(name)
            return symbol.value() if symbol else None
    return None


def find_region(code):
    region = library_symbol("cache_regions")
    while region is not None and int(region):
        if int(region["start"]) <= code < int(region["end"]):
            return region
        region = region["older"]
    return None


def find_fragment(code):
    region = find_region(code)
    if region is None:
        return None
    index = (code - int(region["start"])) // CHUNK_SIZE
    if index >= int(region["chunks_used"]):
        return None
    chunk = region["chunks"][index]
    count = int(chunk["count"])

    def first(is_passed):
        low, high = 0, count
        while low < high:
            middle = (low + high) // 2
            if is_passed(chunk["fragments"][middle]):
                low = middle + 1
            else:
                high = middle
        return low

    low = first(lambda fragment: int(fragment["code_end"]) <= code)
    if low < count:
        return chunk["fragments"][low] if int(chunk["fragments"][low]["code"]) <= code else None
    low = first(lambda fragment: int(fragment["cold"]) > code)
    return chunk["fragments"][low] if low < count and code < int(chunk["fragments"][low]["cold_end"]) else None


def is_translated(pc):
    """ranges.c: in which code the program runs translated."""
    ranges = library_symbol("code_ranges")
    return ranges is not None and any(int(ranges["entries"][i]["start"]) <= pc < int(ranges["entries"][i]["end"])
                                      for i in range(int(ranges["count"])))


class Places:
    """Reads the stream of records that place.c has written."""

    def __init__(self, fragment):
        size = int(fragment["places_size"])
        start = int(fragment["places"])
        self.stream = iter(bytes(gdb.selected_inferior().read_memory(start, size))) if size else iter(b"")
        self.code = int(fragment["code"])
        self.instruction = self.pc = int(fragment["pc"])
        self.spilled = {}

    def number(self):
        value = shift = 0
        for byte in self.stream:
            value |= (byte & 0x7F) << shift
            shift += 7
            if byte < 0x80:
                break
        return value

    def signed(self):
        value = self.number()
        return value >> 1 ^ -(value & 1)

    def take(self):
        """The next record; False at the end."""
        record = next(self.stream, None)
        if record is None:
            return False
        kind, low = record & 0xF0, record & 0x0F
        if kind <= 0x20:
            self.instruction += self.signed() if kind == 0x20 else low
            self.code += low if kind == 0x00 else self.number() >> 2
            self.pc = self.instruction
            return True
        self.code += self.number()
        if kind == 0x40:
            self.spilled[low] = next(self.stream)
        elif kind == 0x50:
            self.spilled.pop(low, None)
        elif record == 0x30:
            next(self.stream)
        elif record in (0x33, 0x34):
            self.pc = self.instruction + self.signed()
            if record == 0x34:
                self.spilled = {}
        return True


def find_place(code):
    """(program address, {register: spill slot}) or None."""
    fragment = find_fragment(code)
    if fragment is None:
        return None
    places = Places(fragment)
    pc, spilled = places.pc, {}
    while places.take() and places.code <= code:
        pc, spilled = places.pc, dict(places.spilled)
    return pc, spilled


# --- frames ------------------------------------------------------------------------------------------------------------


class FrameId:
    def __init__(self, sp, pc):
        self.sp = sp
        self.pc = pc


def spill_address(pending_frame, slot):
    offset = library_symbol("tr_thread_offset")
    base = int(pending_frame.read_register("fs_base"))
    return base + int(offset) + 8 * slot # spill is the first member of struct tr_thread


def read_word(address):
    return int.from_bytes(bytes(gdb.selected_inferior().read_memory(address, 8)), "little")


class CacheUnwinder(Unwinder):
    def __init__(self):
        super().__init__("detect-cache")

    def __call__(self, pending_frame):
        code = int(pending_frame.read_register("rip")) & (1 << 64) - 1
        place = find_place(code)
        if place is None:
            return None
        pc, spilled = place
        sp = pending_frame.read_register("rsp")
        info = pending_frame.create_unwind_info(FrameId(sp, pending_frame.read_register("rip")))
        for number, name in enumerate(GENERAL):
            value = pending_frame.read_register(name)
            if number in spilled:
                value = gdb.Value(read_word(spill_address(pending_frame, spilled[number]))).cast(value.type)
            info.add_saved_register(name, value)
        for name in OTHERS:
            try:
                info.add_saved_register(name, pending_frame.read_register(name))
            except ValueError:
                pass # an older gdb, or a core without it
        info.add_saved_register("rip", gdb.Value(pc).cast(pending_frame.read_register("rip").type))
        return info


class CacheFilter:
    """Leaves out the frames in the cache: the program's own follow them."""

    def __init__(self):
        self.name = "detect-cache"
        self.priority = 100
        self.enabled = True
        gdb.frame_filters[self.name] = self

    def filter(self, frames):
        return (frame for frame in frames if find_region(frame.inferior_frame().pc()) is None)


# --- signals -------------------------------------------------------------------------------------------------------------


class OwnFault(gdb.Function):
    """$_detect_own_fault(): whether the signal that has just come is an entry into translated code."""

    def __init__(self):
        super().__init__("_detect_own_fault")

    def invoke(self):
        try:
            info = gdb.parse_and_eval("$_siginfo")
            address = int(info["_sifields"]["_sigfault"]["si_addr"])
            pc = gdb.newest_frame().pc()
        except gdb.error:
            return False
        if int(info["si_code"]) != SEGV_ACCERR or address != pc:
            return False
        return find_region(pc) is not None or is_translated(pc)


def pass_own_faults():
    gdb.execute("handle SIGSEGV nostop noprint pass", to_string=True)
    gdb.execute("catch signal SIGSEGV", to_string=True)
    gdb.execute("condition $bpnum !$_detect_own_fault()", to_string=True)
    gdb.execute("handle SIGILL nostop noprint pass", to_string=True)


gdb.unwinder.register_unwinder(None, CacheUnwinder(), replace=True)
CacheFilter()
OwnFault()
pass_own_faults()
