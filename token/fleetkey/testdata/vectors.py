#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes vectors.json: the values of a fleet key, computed with python3-cryptography.

    python3 vectors.py > vectors.json
"""
import json

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


def derive(key, info, length):
    return HKDF(algorithm=SHA256(), length=length, salt=None, info=info.encode()).derive(key).hex()


keys = [bytes(range(32)), bytes(32), bytes.fromhex("ff" * 31 + "fe")]
numbers = [0, 1, 9, 10, 255, 1000000, 2**31, 2**32 - 1, 2**32, 2**64 - 1]
vectors = []
for key in keys:
    vectors.append({"key": key.hex(), "id": derive(key, "fob-fleet-key-v1 id", 8), "tokens": [
        {
            "number": str(n),  # JSON numbers are not exact beyond 2^53
            "seed10": derive(key, f"fob-fleet-key-v1 seed {n}", 10),
            "seed20": derive(key, f"fob-fleet-key-v1 seed {n}", 20),
            "seed64": derive(key, f"fob-fleet-key-v1 seed {n}", 64),
            "crystal": derive(key, f"fob-fleet-key-v1 crystal {n}", 32),
            "lot": derive(key, f"fob-fleet-key-v1 lot {n}", 32),
        } for n in numbers]})
print(json.dumps({
    "notes": "Computed by HKDF of python3-cryptography: python3 vectors.py > vectors.json",
    "vectors": vectors,
}, indent=1))
