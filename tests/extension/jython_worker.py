"""Runs under Jython: calls extensions as Recorded Future would, once for each line of standard input.

A line is {"folder", "request", "auth", "set": {name: value}, "environment": {name: value}, "java_fault": bool}; the answer
is one line with what the extension returned, or the class, text and link of what it raised.
"""
import imp
import json
import os
import sys

import java.lang

extensions = {}


def load(folder):
    if folder not in extensions:
        extensions[folder] = imp.load_source("extension%d" % len(extensions), os.path.join(folder, "threatconnect.py"))
    return extensions[folder]


def fail_in_java(*ignored):
    raise java.lang.IllegalStateException("internal detail")


def call(order):
    extension = load(order["folder"])
    changed = dict(order.get("set", {}), **({"talk": fail_in_java} if order.get("java_fault") else {}))
    kept = dict((name, getattr(extension, name)) for name in changed)
    for name, value in changed.items():
        setattr(extension, name, value)
    environment = order.get("environment", {})
    os.environ.update(environment)
    try:
        return {"returned": extension.request(order["request"], order["auth"])}
    except:  # noqa: E722  whatever escapes is what is looked for
        kind, fault = sys.exc_info()[:2]
        return {"raised": kind.__name__, "ours": kind.__module__ == "recordedfuture_extension_util.extension_util",
                "text": unicode(fault), "link": getattr(fault, "link", None)}
    finally:
        for name in environment:
            del os.environ[name]
        for name, value in kept.items():
            setattr(extension, name, value)


for line in iter(sys.stdin.readline, ""):
    sys.stdout.write(json.dumps(call(json.loads(line))) + "\n")
    sys.stdout.flush()
