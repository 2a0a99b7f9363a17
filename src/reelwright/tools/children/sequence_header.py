"""What AV1 packets say of themselves: whether a decoder is to expect the parameters of film grain."""

from collections.abc import Iterator

SEQUENCE_HEADER = 1
#: A value in LEB128 has at most eight bytes (AV1 specification 4.10.5).
LONGEST = 8


def units(packet: bytes) -> Iterator[tuple[int, bytes]]:
    """Type and payload of each OBU of a packet (AV1 specification 5.3); what is cut off ends it."""
    place = 0
    while place < len(packet):
        kind, extended, sized = packet[place] >> 3 & 15, packet[place] & 4, packet[place] & 2
        place += 2 if extended else 1
        size = len(packet) - place
        if sized:
            size = 0
            for k, byte in enumerate(packet[place : place + LONGEST]):
                size |= (byte & 127) << 7 * k
                if byte < 128:  # noqa: PLR2004 - the highest bit says that more follow
                    place += k + 1
                    break
        yield kind, packet[place : place + size]
        place += size


def announces_grain(packet: bytes) -> bool | None:
    """Whether the packet's sequence header has film_grain_params_present set; None where there is no such header.

    It is the header's last bit before the trailing bits, which are a one and zeros (AV1 specification 5.5.1).
    """
    for kind, payload in units(packet):
        if kind == SEQUENCE_HEADER:
            bits = int.from_bytes(payload, "big")
            ending = bits & -bits  # the trailing one
            return bool(bits & ending << 1)
    return None
