"""A small identity provider that keeps to OpenID Connect, on a port of its own. It remembers what it was asked."""

from __future__ import annotations

import base64
import hashlib
import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit

from joserfc import jwt
from joserfc.jwk import ECKey

__all__ = ["Provider", "provider"]

CLIENT, SECRET = "review-screen", "a secret of the client"


@dataclass
class Provider:
    """`claims` are what it says of whoever logs in; `wrong` is how it lies, to see who notices."""

    issuer: str = ""
    claims: dict[str, Any] = field(default_factory=dict)
    wrong: str = ""
    asked: list[dict[str, str]] = field(default_factory=list)
    key: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", private=True))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)

    def authorize(self, query: dict[str, str]) -> str:
        """Log somebody in without asking them; return where their browser goes."""
        self.asked.append(query)
        code = f"code{len(self.codes)}"
        self.codes[code] = query
        state = "forged" if self.wrong == "state" else query["state"]
        if self.wrong == "denied":
            return f"{query['redirect_uri']}?{urlencode({'error': 'access_denied', 'state': state})}"
        return f"{query['redirect_uri']}?{urlencode({'code': code, 'state': state})}"

    def token(self, form: dict[str, str], credentials: str) -> dict[str, Any] | None:
        """Exchange a code, once, for whoever began with it."""
        asked = self.codes.pop(form.get("code", ""), None)
        digest = hashlib.sha256(form.get("code_verifier", "").encode()).digest()
        challenge = base64.urlsafe_b64encode(digest).rstrip(b"=").decode()
        right = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if (
            asked is None
            or asked["code_challenge_method"] != "S256"
            or challenge != asked["code_challenge"]
            or form["redirect_uri"] != asked["redirect_uri"]
            or credentials != f"Basic {right}"
        ):
            return None
        return {"access_token": "x", "token_type": "Bearer", "id_token": self._id_token(asked)}

    def _id_token(self, asked: dict[str, str]) -> str:
        now = int(time.time())
        told = {
            "iss": self.issuer, "aud": CLIENT, "iat": now, "exp": now + 300, "nonce": asked["nonce"], **self.claims,
        }  # fmt: skip
        lies: dict[str, Any] = {
            "issuer": {"iss": "https://other.example"}, "audience": {"aud": "somebody-else"},
            "nonce": {"nonce": "another"}, "expired": {"exp": now - 300},
        }  # fmt: skip
        key = ECKey.generate_key("P-256", private=True) if self.wrong == "key" else self.key
        return jwt.encode(
            {"alg": "ES256", "kid": self.key.thumbprint()}, told | lies.get(self.wrong, {}), key
        )

    def document(self, path: str) -> dict[str, Any] | None:
        if path == "/.well-known/openid-configuration":
            told = {"authorization_endpoint": "/authorize", "token_endpoint": "/token", "jwks_uri": "/jwks"}
            issuer = "https://other.example" if self.wrong == "discovery" else self.issuer
            return {"issuer": issuer, **{name: self.issuer + place for name, place in told.items()}}
        if path == "/jwks":
            public = self.key.as_dict(private=False)
            return {"keys": [public | {"kid": self.key.thumbprint()}]}
        return None


@contextmanager
def provider(**claims: Any) -> Iterator[Provider]:
    """Run a provider that knows one person."""
    found = Provider(claims=claims)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _answering(found))
    found.issuer = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield found
    finally:
        server.shutdown()
        server.server_close()
        thread.join(10)


def _answering(found: Provider) -> type[BaseHTTPRequestHandler]:
    class Answering(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            place = urlsplit(self.path)
            if place.path == "/authorize":
                query = {name: values[0] for name, values in parse_qs(place.query).items()}
                self.send_response(302)
                self.send_header("Location", found.authorize(query))
                self.send_header("Content-Length", "0")
                self.end_headers()
            else:
                self._tell(found.document(place.path))

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            form = {name: values[0] for name, values in parse_qs(body).items()}
            self._tell(found.token(form, self.headers.get("Authorization", "")))

        def _tell(self, told: dict[str, Any] | None) -> None:
            content = json.dumps(told or {"error": "invalid_grant"}).encode()
            self.send_response(200 if told else 400)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: Any) -> None:
            return

    return Answering
