"""Runs the Stripe emulator on a free loopback port, told on the first line.

The package's own entry point listens on every address and pickles its store
into the shared temporary folder; here it does neither. It does not know of
cards that are kept for later: the wish is taken and nothing follows from it.
"""

import socket

from aiohttp import web
from localstripe import resources, server

resources.Store.dump_to_disk = lambda self: None

strict = resources.PaymentIntent.__init__


def lenient(self, *args, setup_future_usage=None, **kwargs):
    strict(self, *args, **kwargs)


resources.PaymentIntent.__init__ = lenient

door = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
door.bind(("127.0.0.1", 0))
print(door.getsockname()[1], flush=True)
web.run_app(server.app, sock=door, print=None, access_log=None)
