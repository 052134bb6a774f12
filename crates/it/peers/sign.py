"""Signs lines of JSON {"secret", "time", "payload"} as Stripe's own library does.

One header a line; `verify` instead checks {"secret", "header", "payload"} and
answers yes or no.
"""

import json
import sys

from stripe import SignatureVerificationError, WebhookSignature

for line in sys.stdin:
    wish = json.loads(line)
    if "header" not in wish:
        print(WebhookSignature.generate_signature_header(wish["payload"], wish["secret"], wish["time"]))
        continue
    try:
        WebhookSignature.verify_header(wish["payload"], wish["header"], wish["secret"])
        print("yes")
    except SignatureVerificationError:
        print("no")
