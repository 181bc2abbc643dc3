"""Numbers of ILM-ASSL, whose choice of images is the acquisition ``strata``.

Rows of other methods, as Xie et al. print them, come with `alseg_ripu`. Those of D2ADA and HALO are left out:
none was at hand but as copies of others.

Source:
    Guan and Yuan, 2023, arXiv:2301.13361v4, which buys whole images. The released code trains on 2,000 images
    of GTAV only.
"""

from __future__ import annotations

from alseg import PublishedResult
from alseg_ripu import published_rows

_PAPER = "Guan and Yuan, 2023, arXiv:2301.13361v4"

_GTAV = """
ILM-ASSL 2.2%, V2   96.4 74.6 91.1 45.9 52.4 59.4 67.9 68.3 91.4 50.0 92.8 76.2 57.2 93.6 78.2 81.3 69.5 58.4 72.1  72.5
ILM-ASSL 2.2%, V2, source-free  70.4
ILM-ASSL 1%, V3+    95.2 67.0 90.9 47.4 49.6 60.9 68.2 67.5 90.9 44.6 91.5 81.3 60.5 93.9 67.2 76.6 47.9 54.7 74.8  70.0
ILM-ASSL 2.2%, V3+  96.5 75.6 91.2 46.7 53.6 62.1 70.3 76.0 91.4 52.1 94.1 82.0 60.8 94.4 83.1 86.4 71.9 61.2 75.8  75.0
ILM-ASSL 5%, V3+    96.9 77.8 91.6 46.7 56.0 63.2 70.8 77.4 91.9 54.9 94.5 82.3 61.2 94.9 79.3 88.1 75.3 65.8 77.6  76.1
"""  # noqa: E501

_SYNTHIA = """
ILM-ASSL 2.2%, V2   96.8 76.1 89.7 47.3 52.8 56.3 62.9 70.1 91.1 93.2 78.4 59.7 93.5 78.2 58.2 74.2  73.7 78.6
ILM-ASSL 2.2%, V2, source-free  72.0 78.1
ILM-ASSL 1%, V3+    96.8 74.8 90.0 34.0 46.3 60.9 68.0 74.8 90.2 92.5 81.1 58.2 93.0 72.3 63.4 75.6  73.2 79.3
ILM-ASSL 2.2%, V3+  96.8 76.3 90.9 48.1 54.2 62.4 69.0 77.3 91.0 93.7 82.2 60.3 94.2 80.0 63.8 76.0  76.0 80.9
ILM-ASSL 5%, V3+    97.4 80.1 91.8 38.6 55.2 64.1 70.9 78.7 91.6 94.5 82.7 60.1 94.4 81.7 66.8 77.2  76.6 82.1
"""


def published_results() -> list[PublishedResult]:
    """Return all rows: GTAV to Cityscapes, then SYNTHIA to Cityscapes, each in the paper's order."""
    return [*published_rows(_GTAV, "gtav", _PAPER), *published_rows(_SYNTHIA, "synthia", _PAPER)]
