# SPDX-License-Identifier: Apache-2.0
"""A small web site with one-time passwords, in another language, with pages for people.

It prints its port. An administrator logs in with a password and adds tokens; everybody has
a page for codes. Each form has a token against CSRF. The site has two mistakes: it keeps
used codes as they were typed, and it never locks a token. Its pages also use an API with
JSON, which needs the session and the token against CSRF too.
"""

import hashlib
import hmac
import http.server
import json
import re
import secrets
import threading
import time
import urllib.parse

users = {}  # name -> {"seed": bytes, "last": int, "typed": set}
sessions = {}  # cookie -> {"csrf": str, "admin": bool}
lock = threading.Lock()


def code(seed, step):
    digest = hmac.new(seed, step.to_bytes(8, "big"), hashlib.sha1).digest()
    at = digest[-1] & 15
    return "%06d" % ((int.from_bytes(digest[at : at + 4], "big") & 0x7FFFFFFF) % 1_000_000)


def check(name, typed):
    user = users.get(name)
    if user is None:
        return False
    now = int(time.time()) // 60
    for step in (now - 1, now, now + 1):
        if code(user["seed"], step) == typed.strip():
            if typed in user["typed"] or step < user["last"]:
                return False
            user["last"] = step
            user["typed"].add(typed)
            return True
    return False


class Page(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = 1 << 16  # one packet for each answer

    def log_message(self, *_):
        pass

    def answer(self, status, text, headers=()):
        body = text.encode()
        self.send_response(status)
        for name, value in headers:
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def session(self):
        found = re.search("session=([0-9a-f]+)", self.headers.get("Cookie", ""))
        return sessions.get(found.group(1)) if found else None

    def do_GET(self):
        session, headers = self.session(), []
        if session is None:
            name = secrets.token_hex(8)
            session = sessions[name] = {"csrf": secrets.token_hex(8), "admin": False}
            headers = [("Set-Cookie", "session=" + name)]
        self.answer(200, f'<form method="post"><input name="csrf" value="{session["csrf"]}"></form>', headers)

    def do_POST(self):
        text = self.rfile.read(int(self.headers["Content-Length"])).decode()
        if self.path.startswith("/api/"):
            return self.api(text)
        form = dict(urllib.parse.parse_qsl(text, keep_blank_values=True))
        session = self.session()
        if session is None or form.get("csrf") != session["csrf"]:
            return self.answer(403, "the form is too old")
        if self.path == "/login":
            session["admin"] = form["password"] == "letmein"
            return self.answer(303, "", [("Location", "/")])
        with lock:
            if self.path == "/users" and session["admin"]:
                users[form["name"]] = {"seed": bytes.fromhex(form["seed"]), "last": 0, "typed": set()}
                return self.answer(200, "added")
            if self.path == "/code":
                return self.answer(200, "Welcome" if check(form["name"], form["code"]) else "Wrong code")
        return self.answer(404, "no such page")

    def api(self, text):
        session = self.session()
        if session is None or self.headers.get("X-CSRF-Token") != session["csrf"]:
            return self.answer(403, json.dumps({"error": "reload the page"}))
        body = json.loads(text)
        with lock:
            if self.path == "/api/tokens" and session["admin"]:
                users[body["name"]] = {"seed": bytes.fromhex(body["seed"]), "last": 0, "typed": set()}
                return self.answer(201, json.dumps({"created": body["name"]}))
            if self.path == "/api/code":
                if check(body["name"], body["code"]):
                    return self.answer(200, json.dumps({"result": "welcome"}))
                return self.answer(401, json.dumps({"result": "wrong code"}))
        return self.answer(404, json.dumps({"error": "no such page"}))


server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Page)
server.daemon_threads = True
print(server.server_address[1], flush=True)
server.serve_forever()
