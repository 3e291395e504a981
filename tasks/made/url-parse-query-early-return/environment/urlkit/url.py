"""An address: scheme, host, port, path, query and fragment."""

from dataclasses import dataclass, replace

from .path import join

DEFAULT_PORTS = {"http": 80, "https": 443}


@dataclass(frozen=True)
class Url:
    scheme: str
    host: str
    port: int
    path: str = "/"
    query: str = ""
    fragment: str = ""

    @classmethod
    def parse(cls, text):
        scheme, found, rest = text.partition("://")
        if not found or scheme not in DEFAULT_PORTS:
            raise ValueError(f"not an http address: {text!r}")
        rest, _, fragment = rest.partition("#")
        rest, _, query = rest.partition("?")
        host, _, path = rest.partition("/")
        name, _, port = host.partition(":")
        port = int(port) if port else DEFAULT_PORTS[scheme]
        return cls(scheme, name.lower(), port, "/" + path, query, fragment)

    def follow(self, link):
        """The address a link on this page leads to."""
        if "://" in link:
            return Url.parse(link)
        link, _, fragment = link.partition("#")
        path, mark, query = link.partition("?")
        if not path and not mark:
            query = self.query
        return replace(
            self, path=join(self.path, path), query=query, fragment=fragment)

    def __str__(self):
        text = f"{self.scheme}://{self.host}"
        if self.port != DEFAULT_PORTS[self.scheme]:
            text += f":{self.port}"
        text += self.path
        if self.query:
            text += "?" + self.query
        if self.fragment:
            text += "#" + self.fragment
        return text
