"""moto's server on a free port of 127.0.0.1, answering one call at a time. Its first line of output is the port.

moto keeps its records in plain dictionaries and walks them while other threads of its server add to them; now and then
a call then fails with "dictionary changed size during iteration" (CreateRole, while a stack makes ten roles at once).

Two services are left alone: S3, whose bodies stream for as long as they need, and SQS, whose receivers wait for messages.

IPv6 blocks come in their canonical form (RFC 5952), as EC2 writes them. moto draws each group as hexadecimal digits, so
one in eight VPCs would have a block with leading zeros, which equals none of the blocks that are made from it.
"""

import re
from ipaddress import ip_network
from threading import RLock

from moto import server
from moto.ec2.models import vpcs
from werkzeug.serving import make_server

SEVERAL_AT_ONCE = re.compile(r"(?:/|%2F)(?:s3|sqs)(?:/|%2F)aws4_request", re.IGNORECASE)


draw_ipv6_block = vpcs.random_ipv6_cidr
vpcs.random_ipv6_cidr = lambda: str(ip_network(draw_ipv6_block()))


class OneCallAtATime:
    """Wraps a WSGI application. The service is the one of the signature, in the header or, presigned, in the query."""

    def __init__(self, application):
        self.application = application
        self.lock = RLock()

    def __call__(self, environ, start_response):
        signature = environ.get("HTTP_AUTHORIZATION") or environ.get("QUERY_STRING", "")
        if SEVERAL_AT_ONCE.search(signature):
            return self.application(environ, start_response)
        with self.lock:
            # The body is made within the lock, since making it may walk the records.
            return list(self.application(environ, start_response))


if __name__ == "__main__":
    application = OneCallAtATime(server.DomainDispatcherApplication(server.create_backend_app))
    # The system gives the port to this very server: no other lab can get the same one in between.
    listening = make_server("127.0.0.1", 0, application, threaded=True, request_handler=server.MotoRequestHandler)
    print(listening.server_port, flush=True)
    listening.serve_forever()
