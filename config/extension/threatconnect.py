"""The ThreatConnect card: hands Recorded Future's two dictionaries to Cardstock, and its card back.

Runs under Jython 2.7, standard library only; nothing of a look-up is kept. docs/extension.md explains every sentence.
"""
import contextlib
import httplib
import json
import socket
import ssl
import sys
import threading
import urllib
import urlparse

from recordedfuture_extension_util import extension_util as util

SERVICE = "@SERVICE_URL@"  # this and the secret are set by scripts/package-extension
SECRET = "@SHARED_SECRET@"
SECONDS = 30  # for the whole call; longer than the card_timeout of the service
MOST_BYTES = 8 * 1024 * 1024
TRUST = ssl.create_default_context()  # checks certificates; made once, for Jython reads the authorities slowly

SENTENCES = (  # the first whose class fits the fault
    (socket.timeout, "Cardstock did not answer in time. Try again in a minute."),
    ((ssl.SSLError, ssl.CertificateError), "Cardstock's certificate was not accepted, so nothing was asked. "
                                           "Tell the operator of this extension."),
    ((EnvironmentError, httplib.HTTPException), "Cardstock cannot be reached. Try again in a minute; if that does not "
                                                "help, tell the operator of this extension."),
    (object, "What answered for Cardstock could not be understood. Tell the operator of this extension."),
)


class CheckedConnection(httplib.HTTPSConnection):
    auto_open = 0

    def connect(self):
        httplib.HTTPSConnection.connect(self)
        self.peer = self.sock._sock  # stays when httplib has let go of its own
        # Jython 2.7.3 takes a trusted authority's certificate for any name, whatever the context says.
        ssl.match_hostname(self.sock.getpeercert(), self._tunnel_host or self.host)


def talk(connection, path, question):
    with contextlib.closing(connection):
        connection.connect()
        connection.request("POST", path, json.dumps(question), {"Content-Type": "application/json", "X-Cardstock-Secret": SECRET})
        with contextlib.closing(connection.getresponse()) as answer:  # of any status: its body says what it is
            return json.loads(answer.read(MOST_BYTES))


def ask(question):
    """On a thread of its own: each wait on the network has its limit, but only this ends an answer that comes in drops."""
    service, ended = urlparse.urlsplit(SERVICE), []
    proxy = None if urllib.proxy_bypass(service.hostname) else urllib.getproxies().get("https")
    connection = CheckedConnection(urlparse.urlsplit(proxy).netloc if proxy else service.netloc, timeout=SECONDS, context=TRUST)
    if proxy:
        connection.set_tunnel(service.hostname, service.port or 443)

    def attempt():
        try:
            ended.append((talk(connection, service.path + "/v1/card", question), None))
        except:  # noqa: E722  Java's exceptions too, which are none of Python's
            ended.append((None, sys.exc_info()[1]))

    thread = threading.Thread(target=attempt)
    thread.daemon = True
    thread.start()
    thread.join(SECONDS)
    if not ended:
        try:
            connection.peer.shutdown(socket.SHUT_RDWR)  # the thread's next wait is its last
        finally:
            raise socket.timeout()
    answer, fault = ended[0]
    if fault is not None:
        raise fault
    return answer


def request(request_dict, auth_info=None):
    try:
        entity = request_dict["entity"]
        answer = ask({"entity": entity, "auth": auth_info or {}})
        outcome, message, link = answer["outcome"], answer.get("message"), answer.get("link")
        message = message if isinstance(message, unicode) and message.strip() else None
        link = link if isinstance(link, unicode) and link.startswith("https://") else None
        card = json.dumps(dict(answer["card"].items())) if outcome == "ok" else None
        where = u"%s: %s" % (entity["name"], message) if outcome == "no_result" and message else None
    except:  # noqa: E722
        fault = sys.exc_info()[1]
        raise util.ExtensionApiException([text for kind, text in SENTENCES if isinstance(fault, kind)][0])
    if outcome == "ok":
        return card
    if outcome == "no_result":
        raise util.NoResultException(where or entity["name"], link)
    if outcome == "auth_failed":
        raise util.AuthenticationFailedException()
    if outcome == "missing_credentials":
        raise util.MissingCredentialsException()
    if outcome == "unsupported_type":
        raise util.UnsupportedTypeException(entity["type"])
    raise util.ExtensionApiException(message or SENTENCES[-1][1], link)


if __name__ == "__main__":
    util.make_request(request)
