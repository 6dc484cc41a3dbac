"""The imprint of every exported file (版权页): its edition, sources, licence and disclaimer.

The documents themselves are free of copyright (中华人民共和国著作权法 第五条); the licence is for our compilation.
"""

from django.utils import timezone

from catalogue.editions.models import Edition

TITLE = "内蒙古自治区基本公共服务清单"
TITLE_EN = "Basic public services of the Inner Mongolia Autonomous Region"
LICENCE = "CC BY 4.0"
LICENCE_URL = "https://creativecommons.org/licenses/by/4.0/"
SOURCE = "内蒙古自治区“十四五”保障和改善公共服务规划（内政办发〔2021〕70号），以及每个字段所引的文件"
DISCLAIMER = "依据公开文件编制，未经任何政府部门认可。"


def imprint(edition: Edition) -> dict[str, str]:
    """Return the imprint of a published edition; times in local time, ISO 8601."""
    return {
        "edition": edition.slug,
        "title": edition.title,
        "effective_from": edition.effective_from.isoformat(),
        "published_at": timezone.localtime(edition.published_at).isoformat(timespec="seconds"),
        "digest": edition.digest,
        "source": SOURCE,
        "licence": LICENCE,
        "licence_url": LICENCE_URL,
        "disclaimer": DISCLAIMER,
    }
