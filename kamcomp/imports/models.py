"""Uploads on their way in; import batches: one file, one act, one undo; column maps remembered for a source."""

from django.db import models
from django.db.models import Q

from kamcomp.imports.choices import BatchStatus
from kamcomp.records import Record
from kamcomp.visibility import SeenQuerySet


class ColumnMap(Record):
    """How the columns of one source become the columns of a kind."""

    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=80)
    mapping = models.JSONField()

    class Meta:
        constraints = [models.UniqueConstraint(name="column_maps_one_a_source", fields=["kind", "source"])]

    def __str__(self) -> str:
        return f"{self.kind} from {self.source}"


class ImportBatch(Record):
    """One file of one kind, with what it did."""

    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=80, blank=True)
    filename = models.CharField(max_length=255)
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the file as uploaded.")
    map_digest = models.CharField(max_length=64, blank=True)
    status = models.CharField(max_length=10, choices=BatchStatus, default=BatchStatus.UPLOADED)
    rows_new = models.PositiveIntegerField(default=0)
    rows_changed = models.PositiveIntegerField(default=0)
    rows_same = models.PositiveIntegerField(default=0)
    rows_rejected = models.PositiveIntegerField(default=0)
    totals = models.JSONField(default=dict, help_text="Sums by currency: file, accepted, rejected.")
    first_day = models.DateField(null=True, help_text="The earliest day that its rows say something about.")
    locked_before = models.JSONField(
        default=list, help_text="Ids of the periods that were locked already when it was committed."
    )
    mends = models.JSONField(
        default=list, help_text="Cells mended and rows left out before the commit, by line and column."
    )
    committed_at = models.DateTimeField(null=True)
    undone_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                name="import_batches_same_file_commits_once",
                fields=["kind", "file_digest", "map_digest"],
                condition=Q(status=BatchStatus.COMMITTED),
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} from {self.filename}"


class ImportChange(models.Model):
    """One row an import made or changed, with what stood there before, so that it can be undone."""

    id = models.BigAutoField(primary_key=True)
    batch = models.ForeignKey(ImportBatch, models.PROTECT, related_name="changes")
    subject_table = models.CharField(max_length=63)
    subject_id = models.CharField(max_length=64)
    before = models.JSONField(null=True, help_text="The row before the change; null when the import made it.")
    after = models.JSONField(null=True, help_text="The row the import left; null when it took the row away.")

    objects = SeenQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(name="import_changes_by_batch", fields=["batch", "id"])]

    def __str__(self) -> str:
        return f"{self.subject_table} {self.subject_id}"


class ImportUpload(Record):
    """A file somebody is bringing in: its columns mapped, its rows looked at and mended, until it is committed."""

    kind = models.CharField(max_length=40)
    source = models.CharField(max_length=80, blank=True)
    filename = models.CharField(max_length=255)
    file_digest = models.CharField(max_length=64, help_text="SHA-256 of the file as uploaded.")
    rows = models.PositiveIntegerField(default=0)
    header = models.JSONField(default=list, help_text="The file's columns; none for a document.")
    samples = models.JSONField(default=list, help_text="The first rows, so that columns can be told apart.")
    mapping = models.JSONField(null=True, help_text="The column map; null until the columns are settled.")
    mends = models.JSONField(default=list, help_text="Cells mended and rows left out, by line and column.")
    outcome = models.JSONField(null=True, help_text="What a commit would do; null until it was looked at.")
    batch = models.ForeignKey(ImportBatch, models.PROTECT, null=True, related_name="uploads")

    def __str__(self) -> str:
        return f"{self.kind} from {self.filename}"


class UploadContent(models.Model):
    """The bytes of an upload, apart from its row, so that reading the row stays cheap."""

    id = models.BigAutoField(primary_key=True)
    upload = models.OneToOneField(ImportUpload, models.CASCADE, related_name="content")
    content = models.BinaryField()

    def __str__(self) -> str:
        return str(self.upload)
