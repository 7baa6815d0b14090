# SPDX-License-Identifier: MIT
"""As much of the MySQL protocol (version 10, text results) as the MariaDB case needs, over a Unix socket
to a server that checks no passwords."""

import socket
import struct

CAPABILITIES = 0x0200 | 0x8000 | 0x00080000 | 0x2000  # protocol 4.1, secure connection, plugin auth, transactions


def quoted(text):
    return "'" + text.replace("\\", "\\\\").replace("'", "''") + "'"


class Mysql:
    def __init__(self, path):
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(120)
        self.sock.connect(path)
        self.sequence = 0
        self.packet()
        self.send(struct.pack("<IIB23x", CAPABILITIES, 1 << 24, 33) + b"root\0" + b"\0"
                  + b"mysql_native_password\0")
        self.check(self.packet())

    def read(self, size):
        data = b""
        while len(data) < size:
            part = self.sock.recv(size - len(data))
            if not part:
                raise AssertionError("the server closed the connection")
            data += part
        return data

    def packet(self):
        head = self.read(4)
        self.sequence = head[3] + 1
        return self.read(int.from_bytes(head[:3], "little"))

    def send(self, data):
        self.sock.sendall(len(data).to_bytes(3, "little") + bytes([self.sequence & 255]) + data)

    @staticmethod
    def check(packet):
        if packet[0] == 0xFF:
            raise AssertionError(packet[3:].decode(errors="replace"))
        return packet

    def query(self, statement):
        """Rows as tuples of strings (None: NULL); empty for statements without a result."""
        self.sequence = 0
        self.send(b"\x03" + statement.encode())
        head = self.check(self.packet())
        if head[0] == 0:
            return []
        for _ in range(head[0]):
            self.packet()  # description of a column
        self.packet()  # end of the descriptions
        rows = []
        while True:
            packet = self.check(self.packet())
            if packet[0] == 0xFE and len(packet) < 9:
                return rows
            rows.append(tuple(split_row(packet)))

    def close(self):
        self.sequence = 0
        self.send(b"\x01")
        self.sock.close()


def split_row(packet):
    """Length-encoded strings; none in our results is longer than 250 bytes."""
    at = 0
    while at < len(packet):
        size = packet[at]
        at += 1
        if size == 0xFB:
            yield None
            continue
        yield packet[at:at + size].decode()
        at += size
