"""A token server for docker-registry: token-server.py PORT CERTIFICATE KEY USER PASSWORD ANONYMOUS

Anybody may pull, and the one user may push; with a wrong password nobody may. GET is distribution's token
authentication; POST is its OAuth2 form, which takes the refresh token "refresh-PASSWORD".
Anonymous pulls are granted where ANONYMOUS is "yes". Each request is printed without its secrets.
"""
import base64, json, sys, time, uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import urlparse, parse_qs
import jwt
from cryptography import x509
from cryptography.hazmat.primitives import serialization

port, certificate, key, user, password, anonymous = sys.argv[1:7]
key = open(key, "rb").read()
der = x509.load_pem_x509_certificate(open(certificate, "rb").read()).public_bytes(serialization.Encoding.DER)


class Handler(BaseHTTPRequestHandler):
    def do_GET(self):
        header = self.headers.get("Authorization", "")
        name = None
        if header:
            name, _, given = base64.b64decode(header.removeprefix("Basic ")).decode().partition(":")
            if (name, given) != (user, password):
                return self.refuse()
        self.grant(name, parse_qs(urlparse(self.path).query))

    def do_POST(self):
        form = parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode())
        if form.get("grant_type") != ["refresh_token"] or form.get("refresh_token") != ["refresh-" + password]:
            return self.refuse()
        self.grant(user, form)

    def refuse(self):
        self.answer(401, {"errors": [{"code": "UNAUTHORIZED", "message": "who are you?"}]})

    def grant(self, name, query):
        access = []
        for scope in " ".join(query.get("scope", [])).split():
            kind, _, rest = scope.partition(":")
            repository, _, actions = rest.rpartition(":")
            may = {"pull": name or anonymous == "yes", "push": name}
            allowed = [a for a in actions.split(",") if may.get(a)]
            access.append({"type": kind, "name": repository, "actions": allowed})
        now = int(time.time())
        claims = {"iss": "test", "sub": name or "", "aud": query.get("service", ["test"])[0], "exp": now + 300,
                  "nbf": now - 10, "iat": now, "jti": str(uuid.uuid4()), "access": access}
        token = jwt.encode(claims, key, algorithm="RS256", headers={"x5c": [base64.b64encode(der).decode()]})
        self.answer(200, {"access_token" if self.command == "POST" else "token": token, "expires_in": 300})

    def answer(self, status, value):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        print(self.command, flush=True)


ThreadingHTTPServer(("127.0.0.1", int(port)), Handler).serve_forever()
