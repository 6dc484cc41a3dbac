"""Paths of the repository and of the shared folder beside it."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
# Documents and standards that some tests compare with; without it they are skipped.
SHARED = ROOT.parent / "shared"
