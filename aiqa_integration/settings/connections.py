"""Proofs of identity and certificates, for every server that is talked to."""

from pathlib import Path

from pydantic import Field, SecretStr, model_validator

from aiqa_integration.settings.section import Section


class AuthSettings(Section):
    """How to prove who we are to a server: by password, by token, as the client of an identity provider, or not."""

    user: str | None = Field(None, description="User name for HTTP basic authentication.")
    password: SecretStr | None = Field(None, description="Password for HTTP basic authentication.")
    bearer_token: SecretStr | None = Field(None, description="Static bearer token, instead of user and password.")
    bearer_token_file: Path | None = Field(None, description="File of a bearer token that somebody else renews.")
    token_url: str | None = Field(
        None, description="Token endpoint of an identity provider (OAuth 2.0 client credentials)."
    )
    client_id: str | None = Field(None, description="Client at the identity provider.")
    client_secret: SecretStr | None = Field(None, description="Secret of that client.")
    scope: str = Field("", description="Scopes to ask the identity provider for, separated by spaces.")
    audience: str = Field("", description="Audience to ask for, where the identity provider wants one.")
    smart: bool = Field(
        False,
        description="SMART Backend Services: an assertion signed by our key (`aiqa keys`) instead of a client secret.",
    )
    private_key: SecretStr | None = Field(
        None, description="Private key (PEM) to sign with, in the secrets folder; none = the keys of `aiqa keys`."
    )

    @model_validator(mode="after")
    def _one_way(self) -> "AuthSettings":
        if self.smart:
            return self._smart()
        if self.private_key is not None:
            raise ValueError("private_key goes with smart")
        ways = (self.user, self.bearer_token, self.bearer_token_file, self.token_url)
        if sum(way is not None for way in ways) > 1:
            raise ValueError("give one of user and password, bearer_token, bearer_token_file, token_url")
        if (self.user is None) != (self.password is None):
            raise ValueError("user and password go together")
        if len({self.token_url is None, self.client_id is None, self.client_secret is None}) > 1:
            raise ValueError("token_url, client_id and client_secret go together")
        if self.token_url is None and (self.scope or self.audience):
            raise ValueError("scope and audience go with token_url")
        return self

    def _smart(self) -> "AuthSettings":
        others = (self.user, self.password, self.bearer_token, self.bearer_token_file, self.client_secret)
        if any(other is not None for other in others) or self.audience:
            raise ValueError("smart goes with client_id, scope, token_url and private_key only")
        if self.client_id is None or not self.scope:
            raise ValueError("smart needs client_id and scope")
        return self


class TlsSettings(Section):
    """Whom to trust at https addresses, and which certificate to show (mutual TLS)."""

    ca_file: Path | None = Field(
        None, description="Authorities to trust (PEM), instead of the public ones; the identity provider's too."
    )
    certificate_file: Path | None = Field(None, description="Our client certificate (PEM) with its chain.")
    key_file: Path | None = Field(None, description="Its private key (PEM, no password), if in a file of its own.")

    @model_validator(mode="after")
    def _key_of_a_certificate(self) -> "TlsSettings":
        if self.key_file is not None and self.certificate_file is None:
            raise ValueError("key_file goes with certificate_file")
        return self
