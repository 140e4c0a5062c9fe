"""The disk is full when files go out: nothing half-written is offered or left, and the next try is whole."""

import gc
import resource
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from payouts.choices import ExportFormat, ExportProfile
from payouts.models import Export
from payouts.services.exports import DiskTookNothing, export_make
from tests.faults.story import Story
from tests.payouts.quarters import after, closed, quarters, sold

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.slow]

SMALL = 8 * 1024


@contextmanager
def small_disk(folder: Path) -> Iterator[str]:
    """Make `folder` a disk of 8 kB, or where nobody may mount one let no file of this process grow further."""
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", f"size={SMALL}", "tmpfs", str(folder)],
        capture_output=True,
        check=False,
    )
    if mounted.returncode == 0:
        try:
            yield "a disk of 8 kB"
        finally:
            released = subprocess.run(["umount", str(folder)], capture_output=True, check=False)
            if released.returncode != 0:
                subprocess.run(["umount", "--lazy", str(folder)], check=True)
                pytest.fail(f"something still holds a file on the full disk: {released.stderr.decode()}")
        return
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (SMALL, hard))
    try:
        yield "files of at most 8 kB"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


@pytest.fixture
def run(transactional_db):
    made = quarters(people=120)
    sold(made, "2026-Q1", 1_037_123)
    sold(made, "2026-Q1", 1_078_123, account=1)
    return made, closed(made, "2026-Q1")


def words_of_refusal(export, file_format) -> str:
    """Return what the refusal says, and let go of everything that the error held."""
    with pytest.raises(DiskTookNothing) as refused:
        export(file_format)
    return str(refused.value)


class TestDiskFull:
    def test_leaves_no_part_of_an_export_and_the_next_try_is_whole(
        self, run, settings, tmp_path, story: Story
    ):
        made, locked = run
        settings.EXPORT_ROOT = tmp_path / "out"
        settings.EXPORT_ROOT.mkdir()

        def export(file_format):
            return export_make(
                run=locked, profile=ExportProfile.REGISTER, file_format=file_format,
                by=made.users["jonas"], at=after(made, "2026-Q1"),
            )  # fmt: skip

        with small_disk(settings.EXPORT_ROOT) as how:
            story.blow(how)
            for file_format in ExportFormat:
                assert "nothing of it was kept" in words_of_refusal(export, file_format)
                gc.collect()
                left = [path for path in settings.EXPORT_ROOT.rglob("*") if path.is_file()]
                assert left == []
                assert not Export.objects.exists()

        for file_format in ExportFormat:
            made_now = export(file_format)
            assert made_now.made
            assert made_now.path.stat().st_size > SMALL
            assert made_now.export.rows >= 120
            assert not export(file_format).made
        story.recovered()
