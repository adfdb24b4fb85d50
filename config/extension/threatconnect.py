"""The ThreatConnect card: hands Recorded Future's two dictionaries to Cardstock, and its card back.

Runs under Jython 2.7, standard library only; nothing of a look-up is kept. docs/extension.md explains every sentence.
"""
import httplib
import json
import socket
import ssl
import sys
import urllib2

from recordedfuture_extension_util import extension_util as util

SERVICE = "@SERVICE_URL@"  # this and the secret are set by scripts/package-extension
SECRET = "@SHARED_SECRET@"
SECONDS = 30  # for each wait on the network; longer than the card_timeout of the service
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
    def connect(self):
        httplib.HTTPSConnection.connect(self)
        # Jython 2.7.3 takes a trusted authority's certificate for any name, whatever the context says.
        ssl.match_hostname(self.sock.getpeercert(), self._tunnel_host or self.host)


class CheckedHandler(urllib2.HTTPSHandler):
    def https_open(self, req):
        return self.do_open(CheckedConnection, req, context=TRUST)


class NoRedirects(urllib2.HTTPRedirectHandler):
    def redirect_request(self, *ignored):
        return None


def ask(question):
    headers = {"Content-Type": "application/json", "X-Cardstock-Secret": SECRET}
    post = urllib2.Request(SERVICE + "/v1/card", json.dumps(question), headers)
    try:
        answer = urllib2.build_opener(CheckedHandler, NoRedirects).open(post, timeout=SECONDS)
    except urllib2.HTTPError as refusal:  # its body says why, as an answer's does
        answer = refusal
    return json.loads(answer.read(MOST_BYTES))


def request(request_dict, auth_info=None):
    try:
        entity = request_dict["entity"]
        answer = ask({"entity": entity, "auth": auth_info or {}})
        outcome, message, link = answer["outcome"], answer["message"], answer.get("link")
        card = json.dumps(answer["card"]) if outcome == "ok" else None
    except:  # noqa: E722  Java's exceptions too, which are none of Python's
        fault = sys.exc_info()[1]
        reason = fault.reason if isinstance(fault, urllib2.URLError) else fault
        raise util.ExtensionApiException([text for kind, text in SENTENCES if isinstance(reason, kind)][0])
    if outcome == "ok":
        return card
    if outcome == "no_result":
        raise util.NoResultException(entity["name"], link)
    if outcome == "auth_failed":
        raise util.AuthenticationFailedException()
    if outcome == "missing_credentials":
        raise util.MissingCredentialsException()
    if outcome == "unsupported_type":
        raise util.UnsupportedTypeException(entity["type"])
    raise util.ExtensionApiException(message, link)


if __name__ == "__main__":
    util.make_request(request)
