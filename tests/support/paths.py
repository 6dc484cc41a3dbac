"""Where the repository's files are, and what lies beside it where it is developed."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
FIXTURES = ROOT / "fixtures"
# Documents and standards that some tests compare with; those say so where it is absent.
SHARED = ROOT.parent / "shared"
