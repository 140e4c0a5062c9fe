"""
Imports in the browser: the list, a file brought in step by step, a batch and its undo.

Nothing is written before the commit; what it would do is looked at as often as one likes. Rules stand in
kamcomp.imports.uploads and kamcomp.imports.services.
"""

from kamcomp.imports.views.acts import UploadAct, UploadRejected
from kamcomp.imports.views.batches import BatchAct, BatchShow
from kamcomp.imports.views.columns import UploadColumns
from kamcomp.imports.views.listing import ImportList, UploadTake
from kamcomp.imports.views.upload import UploadProgress, UploadShow
from kamcomp.imports.views.ways import looked

__all__ = [
    "BatchAct",
    "BatchShow",
    "ImportList",
    "UploadAct",
    "UploadColumns",
    "UploadProgress",
    "UploadRejected",
    "UploadShow",
    "UploadTake",
    "looked",
]
