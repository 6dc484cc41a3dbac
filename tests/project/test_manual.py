"""The editors' manual: the words of buttons stand on the desk, and each picture is there."""

import re

from tests.support.paths import ROOT

MANUAL = (ROOT / "docs" / "editors.zh-CN.md").read_text()
PICTURES = re.findall(r"!\[(.*?)\]\((admin-.*?\.png)\)", MANUAL)


def test_every_bold_word_stands_on_the_desk():
    """A button that is named otherwise is renamed in the manual too."""
    files = [path for app in ("catalogue", "services") for path in (ROOT / app).rglob("*")]
    desk = "\n".join(path.read_text() for path in files if path.suffix in {".html", ".py", ".po", ".js"})

    words = re.findall(r"\*\*(.+?)\*\*", MANUAL)

    assert len(words) > 50
    assert [word for word in words if word not in {"粗体"} and word not in desk] == []


def test_the_manual_has_eight_pictures_with_words_and_no_other_is_kept():
    kept = {path.name: path.stat().st_size for path in (ROOT / "docs").glob("admin-*.png")}

    assert sorted(name for _, name in PICTURES) == sorted(kept)
    assert len(kept) == 8
    assert all(words for words, _ in PICTURES)
    assert max(kept.values()) < 200_000
