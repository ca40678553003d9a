# SPDX-License-Identifier: Apache-2.0
"""Programs a blank token from serialproto/PROTOCOL.md alone (its sections are in brackets),
checks the token's proof and code, and locks it. PORT is what pyserial opens: /dev/ttyACM0,
a pseudo-terminal's path, rfc2217://127.0.0.1:2217 or socket://127.0.0.1:7000."""
import argparse, base64, binascii, datetime, hashlib, hmac, io, os, re, struct, sys, time
import serial
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

READ, WRITE, OS, TOKEN, SECONDS = 0, 2, 0, 64, {3: 5, 4: 15, 5: 5}  # [10.1]: of TOKEN, others 1
TEST_KEY = hashlib.sha256(b"fob insecure test station key, published, protects nothing").digest()  # [8]
BEHAVIOUR = [0, 0, 0, 0, 0, 0, 0, 1, 6]  # [8.3]: always on, six bars, losing the clock's power destroys the seed
REFUSALS = {3: "the token is locked", 5: "the token is already provisioned: wipe it first", 12: "the token is dead",
            8: "message authentication failed: does the token accept this station key?", 11: "its flash failed"}  # [4.2]

def encode(v):  # CBOR [3]
    def head(major, n):
        if n < 24: return bytes([major << 5 | n])
        size = 1 << (n > 0xFF) + (n > 0xFFFF) + (n > 0xFFFFFFFF)
        return bytes([major << 5 | 23 + size.bit_length()]) + n.to_bytes(size, "big")
    if isinstance(v, int): return head(0, v) if v >= 0 else head(1, ~v)
    if isinstance(v, bytes): return head(2, len(v)) + v
    if isinstance(v, str): return head(3, len(v.encode())) + v.encode()
    if isinstance(v, list): return head(4, len(v)) + b"".join(map(encode, v))
    return head(5, len(v)) + b"".join(encode(k) + encode(x) for k, x in v.items())

def decode(f):
    first = f.read(1)[0]
    major, n = first >> 5, first & 31
    if 24 <= n <= 27: n = int.from_bytes(f.read(1 << n - 24), "big")
    if major < 2: return ~n if major else n
    if major < 4: return f.read(n) if major == 2 else f.read(n).decode()
    if major > 5: return decode(f) if major == 6 else first == 0xF5  # a tag; true, false and other simple values
    items = [decode(f) for _ in range(n * (major - 3))]
    return items if major == 4 else dict(zip(items[::2], items[1::2]))

class Token:
    def __init__(self, line):
        self.line, self.seq, text = line, os.urandom(1)[0], os.urandom(8).hex()
        line.reset_input_buffer()  # [10]: what comes before this echo was meant for an earlier host
        while self.ask(WRITE, OS, 0, {"d": text}).get("r") != text: pass

    def ask(self, op, group, command, body={}):
        self.seq, data = (self.seq + 1) % 256, encode(body)
        message = struct.pack(">BBHHBB", 8 | op, 0, len(data), group, self.seq, command) + data  # [3], SMP version 2
        packet = struct.pack(">H", len(message) + 2) + message + struct.pack(">H", binascii.crc_hqx(message, 0))  # [2]
        for _ in range(10):  # [10]: every request can be repeated
            for i in range(0, len(packet), 93):
                self.line.write((b"\x04\x14" if i else b"\x06\x09") + base64.b64encode(packet[i:i + 93]) + b"\n")
            answer = self.receive(time.monotonic() + (SECONDS.get(command, 1) if group else 1), bytes([8 | op + 1]), message[4:8])
            if answer and ("err" in answer or answer.get("rc")):  # [4]
                why = REFUSALS.get(answer.get("err", {}).get("rc"), answer)
                raise ValueError(f"group {group} command {command} is refused: {why}")
            if answer is not None: return answer
        raise ValueError("no answer: is there a token at this port, and no other program?")

    def receive(self, until, op, rest):
        packet = b""
        while time.monotonic() < until:
            line = re.search(rb"(\x06\t|\x04\x14)((?:[A-Za-z0-9+/]{2}[A-Za-z0-9+/=]{2})+)\r?\n", self.line.read_until())
            if line: packet = base64.b64decode(line[2]) if line[1] == b"\x06\t" else packet + base64.b64decode(line[2])
            message, check = packet[2:-2], struct.pack(">HH", len(packet[2:]), binascii.crc_hqx(packet[2:-2], 0))
            if len(message) > 8 and packet[:2] + packet[-2:] == check:
                if message[:1] == op and message[4:8] == rest: return decode(io.BytesIO(message[8:]))

def seal(station, device, prologue, payload):  # Noise_K_25519_AESGCM_SHA256, the initiator's message [8]
    raw = lambda private: private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    mac = lambda key, text: hmac.digest(key, text, "sha256")
    ephemeral = X25519PrivateKey.generate()
    h = ck = b"Noise_K_25519_AESGCM_SHA256".ljust(32, b"\0")
    for data in prologue, raw(station), device, raw(ephemeral): h = hashlib.sha256(h + data).digest()
    for private in ephemeral, station:  # es, ss
        temp = mac(ck, private.exchange(X25519PublicKey.from_public_bytes(device)))
        ck = mac(temp, b"\1")
    sealed = AESGCM(mac(temp, ck + b"\2")).encrypt(bytes(12), payload, h)
    return raw(ephemeral) + sealed, hashlib.sha256(h + sealed).digest()

def program(token, number, seed, station, expiry):
    info, begin = token.ask(READ, TOKEN, 0), token.ask(READ, TOKEN, 3)
    prologue = (b"fob-prov-v1" + info["hw"] + bytes([len(number)]) + number.encode() + struct.pack(">I", begin["ctr"])
                + bytes([len(info["fw"])]) + info["fw"].encode())  # [8.2]
    payload = {"seed": seed, "dig": 6, "step": 60, "beh": BEHAVIOUR, "clk": time.time_ns() // 1_000_000}  # [8.3]
    if expiry:  # its day ends at midnight UTC
        days = (expiry - datetime.date(1970, 1, 1)).days
        payload |= {"exp": days, "end": (days + 1) * 86400}
    message, h = seal(station, begin["pub"], prologue, encode(payload))
    conf = token.ask(WRITE, TOKEN, 4, {"sn": number, "ctr": begin["ctr"], "msg": message})["conf"]
    if not hmac.compare_digest(conf, hmac.digest(seed, b"fob-confirm-v1" + h, "sha256")):
        raise ValueError("wrong confirmation: the token does not hold the seed")
    shown = token.ask(READ, TOKEN, 2)
    mac = hmac.digest(seed, struct.pack(">Q", shown["step"]), "sha1")  # RFC 4226, section 5.3
    code = (struct.unpack_from(">I", mac, mac[19] & 15)[0] & 0x7FFFFFFF) % 1_000_000
    if shown["code"] != f"{code:06}" or abs(shown["step"] - time.time() // 60) > 1:
        raise ValueError("the token computes another code")
    token.ask(WRITE, TOKEN, 5)  # lock

def main():
    parser = argparse.ArgumentParser(description=__doc__)
    for name in "port", "serial_number": parser.add_argument(name)
    parser.add_argument("seed_file", type=argparse.FileType(), help="the seed in hex; - is standard input")
    parser.add_argument("--expiry", type=datetime.date.fromisoformat, help="the last day, YYYY-MM-DD")
    parser.add_argument("--station-key", type=argparse.FileType(), help="default: the published test key")
    parser.add_argument("--password-file", type=argparse.FileType(), help="of a port that asks for a password")
    o = parser.parse_args()
    station = o.station_key.read() if o.station_key else "fob-station-key-1:" + base64.b64encode(TEST_KEY).decode()
    station, seed = re.fullmatch(r"fob-station-key-1:([A-Za-z0-9+/]{43}=)\s*", station), o.seed_file.read().strip()
    if not station: sys.exit(f"{o.station_key.name}: want a station's private key, as fob device keygen writes it")
    if not re.fullmatch("([0-9A-Fa-f]{2}){16,64}", seed): sys.exit(f"{o.seed_file.name}: want 16 to 64 bytes in hex")
    if not re.fullmatch("[0-9A-Za-z-]{1,20}", o.serial_number): sys.exit("serial number: want 1 to 20 of 0-9 A-Z a-z -")
    try:
        with serial.serial_for_url(o.port, 115200, timeout=0.1) as line:
            if o.password_file: line.write(b"token " + o.password_file.read().strip().encode() + b"\n")  # [8]
            private = X25519PrivateKey.from_private_bytes(base64.b64decode(station[1]))
            program(Token(line), o.serial_number, bytes.fromhex(seed), private, o.expiry)
    except (OSError, ValueError) as e: sys.exit(f"programming {o.serial_number} over {o.port}: {e}")
    print(f"{o.serial_number} is programmed and locked")

if __name__ == "__main__": main()
