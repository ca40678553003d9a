# SPDX-License-Identifier: Apache-2.0
"""Writes known.json: what package vault must open and make, computed by
pyca/cryptography (OpenSSL). Run: python3 make.py > known.json"""
import base64, hashlib, hmac, json, struct
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.argon2 import Argon2id

master, inner, audit, prints = (bytes(range(a, a + 32)) for a in (1, 65, 129, 193))
nonce = bytes.fromhex("cafebabefacedbaddecaf888")  # of GCM test case 13 ff.


def additional(domain, purpose, number, serial):
    return domain + b"\0\1" + struct.pack(">Q", number) + purpose + b"\0" + serial


def box(key, domain, purpose, number, serial, plain):
    return b"\1" + nonce + AESGCM(key).encrypt(nonce, plain, additional(domain, purpose, number, serial))


def mac(*parts):
    m = hmac.new(audit, digestmod=hashlib.sha256)
    for p in parts:
        m.update(struct.pack(">Q", len(p)) + p)
    return m.hexdigest()


seed = b"12345678901234567890"  # RFC 6238 appendix B
salt = bytes(range(16))
phrase = b"correct horse battery staple"
print(json.dumps({
    "text": "fob-bank-key-1:" + base64.urlsafe_b64encode(master + hashlib.sha256(master).digest()[:4]).decode(),
    "wrapped": {p: box(master, b"fob-bank-wrap", p.encode(), n, b"", k).hex()
                for p, n, k in (("seed", 7, inner), ("audit", 1, audit), ("fingerprint", 1, prints))},
    "serial": "123456780",
    "seed": seed.hex(),
    "sealed": box(inner, b"fob-bank-seal", b"seed", 7, b"123456780", seed).hex(),
    "fingerprint": hmac.new(prints, seed, hashlib.sha256).hexdigest(),
    "mac": mac(b"previous", b"", b"record"),
    "passphrase": phrase.decode(),
    "kdf": "$argon2id$v=19$m=65536,t=3,p=4$" + base64.b64encode(salt).decode().rstrip("="),
    "derived": Argon2id(salt=salt, length=32, iterations=3, lanes=4, memory_cost=65536).derive(phrase).hex(),
}, indent=1))
