"""Stand-in of Recorded Future's helper module: its exceptions, and the way to run an extension by hand."""
from __future__ import print_function

import json
import sys


class ExtensionApiException(Exception):
    def __init__(self, msg, link=None):
        Exception.__init__(self, msg)
        self.link = link


class AuthenticationFailedException(Exception):
    pass


class MissingCredentialsException(Exception):
    pass


class UnsupportedTypeException(Exception):
    def __init__(self, entity_type):
        Exception.__init__(self, entity_type)


class NoResultException(Exception):
    def __init__(self, entity_name, link=None):
        Exception.__init__(self, entity_name)
        self.link = link


def make_request(fn):
    """Runs an extension with the two JSON texts of the command line."""
    print(fn(json.loads(sys.argv[1]), json.loads(sys.argv[2])))
