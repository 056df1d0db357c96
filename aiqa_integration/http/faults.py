"""What broken connections and refusals mean, in words, with the fix; no message quotes what the other side sent."""

import socket
import ssl
from collections.abc import Iterator, Mapping
from types import MappingProxyType

import requests

from aiqa_integration.http.receiver import Fault

_UNKNOWN_AUTHORITY = Fault(
    "presents a certificate of an unknown authority", "{section}.tls.ca_file: the authority's certificate"
)

CERTIFICATE_FAULTS: Mapping[int, Fault] = MappingProxyType(
    {
        2: _UNKNOWN_AUTHORITY,
        9: Fault("presents a certificate that is not valid yet", "the clocks of this machine and of the server"),
        10: Fault("presents a certificate that has expired", "renew the certificate of the server"),
        18: Fault("presents a self-signed certificate", "{section}.tls.ca_file: that certificate"),
        19: _UNKNOWN_AUTHORITY,
        20: _UNKNOWN_AUTHORITY,
        21: Fault("presents a certificate without its chain", "{section}.tls.ca_file: the authority's certificate"),
        62: Fault("presents a certificate for another host name", "{address}: the name that the certificate has"),
        64: Fault("presents a certificate for another address", "{address}: the name that the certificate has"),
    }
)
"""Results of certificate verification (OpenSSL's X509_V_ERR_ numbers)."""

_NO_CERTIFICATE = Fault("asks for a client certificate", "{section}.tls.certificate_file and key_file")
_WRONG_CERTIFICATE = Fault(
    "does not accept our client certificate", "{section}.tls.certificate_file: one that its authority signed"
)

ALERT_FAULTS: Mapping[str, Fault] = MappingProxyType(
    {
        "TLSV13_ALERT_CERTIFICATE_REQUIRED": _NO_CERTIFICATE,
        "SSLV3_ALERT_HANDSHAKE_FAILURE": _NO_CERTIFICATE,
        "TLSV1_ALERT_UNKNOWN_CA": _WRONG_CERTIFICATE,
        "SSLV3_ALERT_BAD_CERTIFICATE": _WRONG_CERTIFICATE,
        "SSLV3_ALERT_CERTIFICATE_UNKNOWN": _WRONG_CERTIFICATE,
        "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": _WRONG_CERTIFICATE,
        "TLSV1_ALERT_ACCESS_DENIED": _WRONG_CERTIFICATE,
        "SSLV3_ALERT_CERTIFICATE_REVOKED": Fault("says that our client certificate is revoked", "a new certificate"),
        "SSLV3_ALERT_CERTIFICATE_EXPIRED": Fault("says that our client certificate has expired", "renew it"),
        "WRONG_VERSION_NUMBER": Fault("does not speak TLS at this port", "{address}: http:// or another port"),
        "HTTP_REQUEST": Fault("does not speak TLS at this port", "{address}: http:// or another port"),
        "TLSV1_ALERT_PROTOCOL_VERSION": Fault("speaks no TLS 1.2 or later", "upgrade the server"),
        "UNSUPPORTED_PROTOCOL": Fault("speaks no TLS 1.2 or later", "upgrade the server"),
    }
)
"""What TLS alerts and handshake errors mean (RFC 8446 6.2, by OpenSSL's names)."""

_BROKEN_OFF = Fault(
    "broke the connection off",
    "log of the server; one that wants a client certificate does so, too: {section}.tls.certificate_file",
)

NETWORK_FAULTS: tuple[tuple[type[BaseException], Fault], ...] = (
    (socket.gaierror, Fault("has a host name that is not known here", "{address}, DNS")),
    (ConnectionRefusedError, Fault("is not there: nobody listens", "{address}; does the server run?")),
    (ssl.SSLEOFError, _BROKEN_OFF),
    (ConnectionResetError, _BROKEN_OFF),
    (BrokenPipeError, _BROKEN_OFF),
    (requests.exceptions.ConnectTimeout, Fault("does not answer: connecting timed out", "{address}, firewall")),
    (requests.exceptions.Timeout, Fault("stopped answering", "load and log of the server")),
)

_ANY_TLS = Fault("agrees on no way to encrypt with us", "{section}.tls, and the TLS settings of the server")
_UNREACHABLE = Fault("cannot be reached, or broke its answer off", "{address}, firewall")


def fault_of(error: BaseException) -> Fault:
    """Return what an exception of requests, urllib3 or ssl means."""
    for cause in _causes(error):
        for kind, fault in NETWORK_FAULTS:
            if isinstance(cause, kind):
                return fault
        if isinstance(cause, ssl.SSLCertVerificationError):
            return CERTIFICATE_FAULTS.get(cause.verify_code, _UNKNOWN_AUTHORITY)
        if isinstance(cause, ssl.SSLError) and cause.reason:
            return ALERT_FAULTS.get(cause.reason, _ANY_TLS)
    return _UNREACHABLE


def _causes(error: BaseException) -> Iterator[BaseException]:
    """Yield an exception and everything that it wraps, the innermost first."""
    found: list[BaseException] = []
    waiting: list[object] = [error]
    while waiting:
        cause = waiting.pop(0)
        if not isinstance(cause, BaseException) or cause in found:
            continue
        found.append(cause)
        waiting += [cause.__cause__, cause.__context__, getattr(cause, "reason", None), *cause.args]
    yield from reversed(found)


def forbidden(response: requests.Response) -> Fault:
    """Return what a 403 means."""
    if challenge_error(response) == "insufficient_scope":
        return Fault("our token lacks a scope", "{section}.auth.scope, or the rights of the client")
    return Fault("it knows us but forbids this", "rights of AIQA's account: search, retrieve, store")


def challenge_error(response: requests.Response) -> str:
    """Return the error code of a bearer challenge (RFC 6750 3.1); empty where there is none of its three."""
    challenge = response.headers.get("WWW-Authenticate", "")
    codes = ("invalid_token", "insufficient_scope", "invalid_request")
    return next((code for code in codes if code in challenge), "")
