"""Random streams, each derived from named axes.

Two streams that differ in any axis are independent; a stream does not depend on what was drawn elsewhere. So
methods with the same seed share everything but the method, and a resumed run draws what an uninterrupted one
does.
"""

from __future__ import annotations

import hashlib
import json


def derive(purpose: str, *axes: int | str) -> int:
    """Return the seed of one stream.

    Args:
        purpose: What the stream is for, such as ``data-order``.
        axes: What it depends on, such as the run's seed and the round.

    Returns:
        A non-negative integer below 2**63, the same on every machine.
    """
    name = json.dumps([purpose, *axes], ensure_ascii=True)
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") >> 1


def image_token(image_id: str) -> str:
    """Return the name under which acquisitions know an image: 16 hexadecimal digits.

    The same image has the same token in all rounds, runs and experiments, so that an acquisition may keep
    something for each image. A token does not say which file it belongs to; whoever lists the files can still
    compute the tokens of all of them.
    """
    return f"{derive('image-token', image_id):016x}"
