"""A firmware's ELF file: its symbols, and how its structures are laid out.

    image = Image("zephyr.elf")
    address, size = image.symbol("heap_region")
    image.layout("isere_arena", "isere_arena_init")["used"]  # (offset, size)
"""

import collections
import functools
import re
import threading

from elftools.elf.elffile import ELFFile

Symbol = collections.namedtuple("Symbol", "address size type")
Member = collections.namedtuple("Member", "offset size")


class Image:
    def __init__(self, path):
        self.path = path
        self._lock = threading.Lock()
        self._file = open(path, "rb")
        self._elf = ELFFile(self._file)
        self._dwarf = self._ranges = None
        self.word = self._elf.elfclass // 8
        self.symbols = collections.defaultdict(list)
        for s in self._elf.get_section_by_name(".symtab").iter_symbols():
            self.symbols[s.name].append(
                Symbol(s["st_value"], s["st_size"], s["st_info"]["type"])
            )

    def symbol(self, name):
        """The address and size of the only symbol of that name; None
        without one."""
        found = self.symbols.get(name)
        assert not found or len(found) == 1, f"{name}: {found}"
        return found[0] if found else None

    def objects(self, pattern):
        """{name: Symbol} of variables whose names match."""
        return {
            name: symbol
            for name, found in self.symbols.items()
            for symbol in found
            if symbol.type == "STT_OBJECT" and re.fullmatch(pattern, name)
        }

    def at(self, address):
        """The name of the variable at an address; the address without one."""
        for name, found in self.symbols.items():
            for symbol in found:
                if symbol.address == address and symbol.type == "STT_OBJECT":
                    return name
        return hex(address)

    @functools.lru_cache(maxsize=None)
    def layout(self, struct, function):
        """{member: (offset, size)} of a structure, as the source file with
        that function sees it. Members of nested structures are a.b; the
        whole has the name ''."""
        with self._lock:
            for die in self._unit(function).iter_DIEs():
                if (
                    die.tag == "DW_TAG_structure_type"
                    and text(die, "DW_AT_name") == struct
                    and "DW_AT_byte_size" in die.attributes
                ):
                    members = {"": Member(0, size_of(die, self.word))}
                    add_members(members, die, "", 0, self.word)
                    return members
        raise LookupError(f"no struct {struct} where {function} is")

    def _unit(self, function):
        self._dwarf = self._dwarf or self._elf.get_dwarf_info()
        self._ranges = self._ranges or self._dwarf.get_aranges()
        address = self.symbol(function).address & ~1  # not the Thumb bit
        return self._dwarf.get_CU_at(self._ranges.cu_offset_at_addr(address))


def text(die, name):
    attribute = die.attributes.get(name)
    return attribute.value.decode() if attribute else ""


def strip(die):
    """The type behind typedefs and qualifiers."""
    while die.tag in (
        "DW_TAG_typedef",
        "DW_TAG_const_type",
        "DW_TAG_volatile_type",
    ):
        die = die.get_DIE_from_attribute("DW_AT_type")
    return die


def size_of(die, word):
    die = strip(die)
    if "DW_AT_byte_size" in die.attributes:
        return die.attributes["DW_AT_byte_size"].value
    if die.tag == "DW_TAG_pointer_type":
        return word
    return 0  # an array; nothing here reads one


def add_members(members, die, prefix, base, word):
    for child in die.iter_children():
        if child.tag != "DW_TAG_member":
            continue
        location = child.attributes.get("DW_AT_data_member_location")
        offset = base + (location.value if location else 0)
        kind = strip(child.get_DIE_from_attribute("DW_AT_type"))
        name = prefix + text(child, "DW_AT_name")
        if text(child, "DW_AT_name"):
            members[name] = Member(offset, size_of(kind, word))
            name += "."
        if kind.tag in ("DW_TAG_structure_type", "DW_TAG_union_type"):
            add_members(members, kind, name, offset, word)
