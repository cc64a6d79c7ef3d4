"""A host on the wire of QEMU's mps2: its own ARP, IPv4 and TCP, frame by frame.

QEMU's own network waits with its acknowledgements until the device's next
timer, so that the device sends everything twice. This peer answers at once.
"""

import select
import socket
import struct
import time

OWN = bytes([10, 0, 2, 2])
DEVICE = bytes([10, 0, 2, 15])
OWN_MAC = bytes.fromhex("52550a000202")
BROADCAST = bytes([255] * 6)
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16
IPV4, ARP = 0x0800, 0x0806
WINDOW = 8192
FIRST_PORT = 40000
PATIENCE = 0.5  # until something is sent again


def checksum(data):
    words = struct.unpack(f">{len(data) // 2}H", data[: len(data) & ~1])
    total = sum(words) + (data[-1] << 8 if len(data) % 2 else 0)
    while total > 0xFFFF:
        total = (total & 0xFFFF) + (total >> 16)
    return ~total & 0xFFFF


class Peer:
    """The wire's end; `options` are QEMU's for the other one."""

    def __init__(self):
        own, other = (
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) for _ in "ab"
        )
        own.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        self.device = other.getsockname()
        other.close()
        self.socket = own
        self.mac = BROADCAST
        self.connections = {}
        self.options = [
            "-nic",
            f"socket,model=lan9118,udp=127.0.0.1:{own.getsockname()[1]},"
            f"localaddr=127.0.0.1:{self.device[1]}",
        ]

    def add(self, port):
        """A connection that is still to be opened."""
        connection = Connection(self, FIRST_PORT + len(self.connections), port)
        self.connections[connection.own] = connection
        return connection

    def connect(self, port=8080, patience=30):
        connection = self.add(port)
        connection.open(patience)
        return connection

    def send_frame(self, kind, data, to=None):
        frame = (to or self.mac) + OWN_MAC + struct.pack(">H", kind) + data
        self.socket.sendto(frame.ljust(60, b"\0"), self.device)

    def send_ip(self, segment):
        head = struct.pack(
            ">BBHHHBBH4s4s",
            *(0x45, 0, 20 + len(segment), 0, 0, 64, 6, 0, OWN, DEVICE),
        )
        head = head[:10] + struct.pack(">H", checksum(head)) + head[12:]
        self.send_frame(IPV4, head + segment)

    def poll(self, seconds):
        """Takes the frames that come within that time, at least one."""
        while select.select([self.socket], [], [], seconds)[0]:
            self.take(self.socket.recv(2048))
            seconds = 0

    def take(self, frame):
        kind = struct.unpack(">H", frame[12:14])[0]
        data = frame[14:]
        if kind == ARP and data[6:8] == b"\0\1" and data[24:28] == OWN:
            self.mac = data[8:14]
            reply = data[:7] + b"\2" + OWN_MAC + OWN + data[8:18]
            self.send_frame(ARP, reply)
        elif kind == IPV4 and data[9] == 6:
            self.mac = frame[6:12]
            length = struct.unpack(">H", data[2:4])[0]
            segment = data[(data[0] & 15) * 4 : length]
            port = struct.unpack(">H", segment[2:4])[0]
            if port in self.connections:
                self.connections[port].take(segment)

    def close(self):
        self.socket.close()


class Connection:
    """In order, one segment at a time: nothing is lost on this wire, but what
    comes before the device listens."""

    def __init__(self, peer, own, port):
        self.peer = peer
        self.own = own
        self.port = port
        self.sequence = 1000 * own
        self.acknowledged = self.sequence
        self.expected = 0
        self.received = b""
        self.window = 0
        self.segments = 0  # that came
        self.is_open = self.is_ended = self.was_reset = False

    def send_segment(self, flags, data=b""):
        head = struct.pack(
            ">HHIIBBHHH",
            *(self.own, self.port, self.sequence, self.expected),
            *(0x50, flags, WINDOW, 0, 0),
        )
        pseudo = OWN + DEVICE + struct.pack(">HH", 6, len(head) + len(data))
        total = checksum(pseudo + head + data)
        head = head[:16] + struct.pack(">H", total) + head[18:]
        self.peer.send_ip(head + data)

    def wait(self, patience, until):
        end = time.monotonic() + patience
        while not until() and not self.was_reset:
            if time.monotonic() > end:
                return False
            self.peer.poll(0.05)
        return until()

    def open(self, patience):
        """Before the device listens it is silent, then it refuses."""
        end = time.monotonic() + patience
        while time.monotonic() < end:
            self.was_reset = False
            self.send_syn()
            if self.wait(PATIENCE, lambda: self.is_open):
                return
            time.sleep(0.1)
        raise OSError("refused" if self.was_reset else "no answer to a SYN")

    def send_syn(self):
        self.send_segment(SYN)

    def send(self, data):
        self.send_segment(PSH | ACK, data)
        self.sequence += len(data)
        self.last = data
        self.last_at = time.monotonic()

    def send_again(self):
        """What was sent last, when it is not acknowledged in time."""
        if not self.is_acknowledged() and (
            time.monotonic() > self.last_at + PATIENCE
        ):
            self.sequence -= len(self.last)
            self.send(self.last)

    def is_acknowledged(self):
        return self.acknowledged == self.sequence

    def send_end(self):
        self.send_segment(FIN | ACK)
        self.sequence += 1

    def close(self):
        self.send_end()
        self.wait(PATIENCE, lambda: self.is_ended)

    def take(self, segment):
        _, _, sequence, acknowledged, offset, flags = struct.unpack(
            ">HHIIBB", segment[:14]
        )
        data = segment[(offset >> 4) * 4 :]
        self.segments += 1
        if flags & RST:
            self.was_reset = True
        elif flags & SYN:
            if not self.is_open:
                self.expected = sequence + 1
                self.sequence += 1
                self.is_open = True
            self.send_segment(ACK)
        elif flags & ACK:
            self.acknowledged = max(self.acknowledged, acknowledged)
            self.window = struct.unpack(">H", segment[14:16])[0]
        if (data or flags & FIN) and not flags & (SYN | RST):
            if sequence == self.expected:
                self.received += data
                self.expected += len(data) + (flags & FIN)
                self.is_ended |= bool(flags & FIN)
            self.send_segment(ACK)
