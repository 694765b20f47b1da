"""A handshake with a simulator by code that has nothing to do with Baileys: consonance and dissononce (Noise),
axolotl-curve25519 (signatures). Debian: apt-get install python3-consonance. Usage:

    /usr/bin/python3 services/simulator/test/independent-handshake.py 127.0.0.1 3010

Checks the certificate chain against the published root key, finishes Noise XX, and decrypts the answer of the server,
which refuses the login of an unknown account with 401. Exits with 1 when anything is not as it should be.
"""

import base64
import json
import os
import socket
import sys
import types
import urllib.request

import axolotl_curve25519 as curve
from consonance import handshake
from consonance.proto import wa20_pb2
from consonance.structs.keypair import KeyPair

host, port = sys.argv[1], int(sys.argv[2])
root = base64.b64decode(json.load(urllib.request.urlopen(f"http://{host}:{port}/sim/v1/root-key"))["public_key"])


class WebSocketSegments:
    """Frames with a length of three bytes over one WebSocket; written out, so that no library is needed."""

    def __init__(self):
        self.socket = socket.create_connection((host, port), timeout=20)
        key = base64.b64encode(os.urandom(16)).decode()
        self.socket.sendall(
            f"GET /ws/chat HTTP/1.1\r\nHost: {host}:{port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
            f"Sec-WebSocket-Key: {key}\r\nSec-WebSocket-Version: 13\r\n\r\n".encode()
        )
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.socket.recv(1)
        assert b" 101 " in head.split(b"\r\n")[0], head
        self.pending = b""
        self.intro = b"WA\x06\x03"

    def write_segment(self, data):
        payload = self.intro + len(data).to_bytes(3, "big") + data
        self.intro = b""
        mask = os.urandom(4)
        size = bytes([0x80 | len(payload)]) if len(payload) < 126 else b"\xfe" + len(payload).to_bytes(2, "big")
        self.socket.sendall(b"\x82" + size + mask + bytes(b ^ mask[i % 4] for i, b in enumerate(payload)))

    def read_segment(self):
        while len(self.pending) < 3 or len(self.pending) < 3 + int.from_bytes(self.pending[:3], "big"):
            head = self.exactly(2)
            size = head[1] & 127
            if size == 126:
                size = int.from_bytes(self.exactly(2), "big")
            self.pending += self.exactly(size)
        length = int.from_bytes(self.pending[:3], "big")
        segment, self.pending = self.pending[3 : 3 + length], self.pending[3 + length :]
        return segment

    def exactly(self, count):
        data = b""
        while len(data) < count:
            part = self.socket.recv(count - len(data))
            assert part, "the server closed the connection"
            data += part
        return data


class ChainCheck:
    """In place of consonance's check of the older single certificate: leaf by intermediate, intermediate by root."""

    def is_valid(self, rs, data):
        chain = wa20_pb2.NoiseCertificate()
        chain.ParseFromString(data)  # the same two fields of bytes: leaf, intermediate
        leaf, intermediate = wa20_pb2.NoiseCertificate(), wa20_pb2.NoiseCertificate()
        leaf.ParseFromString(chain.details)
        intermediate.ParseFromString(chain.signature)
        assert curve.verifySignature(root, intermediate.details, intermediate.signature) == 0, "intermediate"
        assert curve.verifySignature(key_in(intermediate.details), leaf.details, leaf.signature) == 0, "leaf"
        assert key_in(leaf.details) == bytes(rs.data), "the leaf is not of this server"
        return True


def key_in(details):
    """Field 3 of CertChain.NoiseCertificate.Details, 32 bytes."""
    at = details.index(b"\x1a\x20")
    return bytes(details[at + 2 : at + 34])


handshake.CertMan = ChainCheck
client = handshake.WAHandshake(6, 3)
payload = types.SimpleNamespace(SerializeToString=lambda: b"\x08\xc7\xe3\xb8\xf8\x39\x90\x01\x01")  # username, device 1
client._create_full_payload = lambda _config: payload
stream = WebSocketSegments()
sending, receiving = client.perform(None, stream, KeyPair.generate())
answer = receiving.decrypt_with_ad(b"", stream.read_segment())
assert answer[0] == 0 and b"\xec\x2e\x8d" in answer, answer.hex()  # the tokens "reason" and "401"
print("The certificate chain is valid, the handshake is done, and the server refuses the unknown account with 401.")
