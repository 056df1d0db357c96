"""A SMART token server and the FHIR server that believes it, at one address: checks all that a strict one would."""

import json
import time
from typing import Any
from urllib.parse import parse_qs

import jwt
from jwt.algorithms import ECAlgorithm, RSAAlgorithm
from pytest_httpserver import HTTPServer
from werkzeug import Request, Response

CLIENT_ID = "aiqa-client"
SCOPE = "system/Observation.cruds system/Device.cruds"


class TokenServer:
    """Verifies assertions by the keys in ``jwks``: signature, kid, alg, iss = sub, aud, exp at most 5 minutes, jti."""

    def __init__(self, server: HTTPServer, *, expires_in: float = 3600) -> None:
        self.url = server.url_for("")
        self.jwks: list[dict[str, str]] = []
        self.expires_in = expires_in
        self.configuration: dict[str, Any] | Response = {
            "token_endpoint": server.url_for("/auth/token"),
            "token_endpoint_auth_methods_supported": ["private_key_jwt"],
        }
        self.grants = lambda scope: scope
        self.answer: Response | None = None
        self.assertions: list[str] = []
        self.refusals: list[str] = []
        self.valid: set[str] = set()
        self._jtis: set[str] = set()
        server.expect_request("/fhir/.well-known/smart-configuration").respond_with_handler(self._configured)
        server.expect_request("/auth/token", method="POST").respond_with_handler(self._token)
        server.expect_request("/fhir/metadata").respond_with_handler(self._metadata)

    def _configured(self, _request: Request) -> Response:
        return self.configuration if isinstance(self.configuration, Response) else said(self.configuration)

    def _token(self, request: Request) -> Response:
        if self.answer is not None:
            return self.answer
        form = {name: values[0] for name, values in parse_qs(request.get_data(as_text=True)).items()}
        assert form["grant_type"] == "client_credentials"
        assert form["client_assertion_type"] == "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
        assert "Authorization" not in request.headers
        self.assertions.append(form["client_assertion"])
        refusal = self.refusal(form["client_assertion"])
        if refusal:
            self.refusals.append(refusal)
            return said({"error": "invalid_client"}, 401)
        token = f"token-{len(self.valid)}"
        self.valid.add(token)
        granted = self.grants(form["scope"])
        scope = {} if granted is None else {"scope": granted}
        return said({"access_token": token, "token_type": "bearer", "expires_in": self.expires_in, **scope})

    def refusal(self, assertion: str) -> str:  # noqa: PLR0911 - a reason each
        """Return why an assertion is not accepted; empty where it is."""
        header = jwt.get_unverified_header(assertion)
        key = next((key for key in self.jwks if key["kid"] == header.get("kid")), None)
        if key is None:
            return "unknown kid"
        if header["alg"] not in {"RS384", "ES384"} or header["alg"] != key["alg"]:
            return "wrong alg"
        algorithm = ECAlgorithm if key["kty"] == "EC" else RSAAlgorithm
        try:
            claims = jwt.decode(
                assertion,
                algorithm.from_jwk(json.dumps(key)),  # type: ignore[arg-type]
                algorithms=[header["alg"]],
                audience=f"{self.url}auth/token" if self.url.endswith("/") else f"{self.url}/auth/token",
                options={"require": ["exp", "iss", "sub", "aud", "jti"]},
            )
        except jwt.PyJWTError as error:
            return type(error).__name__
        if claims["iss"] != CLIENT_ID or claims["sub"] != CLIENT_ID:
            return "wrong client"
        if claims["exp"] > time.time() + 300:
            return "exp too far"
        if claims["jti"] in self._jtis:
            return "jti again"
        self._jtis.add(claims["jti"])
        return ""

    def _metadata(self, request: Request) -> Response:
        if request.headers.get("Authorization", "").removeprefix("Bearer ") not in self.valid:
            return Response("", status=401)
        return said({"resourceType": "CapabilityStatement", "fhirVersion": "4.0.1"}, kind="application/fhir+json")


def said(content: object, status: int = 200, kind: str = "application/json") -> Response:
    return Response(json.dumps(content), status=status, content_type=kind)
