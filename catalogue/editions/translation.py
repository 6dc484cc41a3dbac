"""Translation of an answer into a language. Pure.

``en`` uses the English names of terms and services where they exist; other texts stay Chinese. ``zh-Hant`` is converted
by OpenCC. Codes, quotes and document numbers are never converted: the latter two are compared with documents character
by character.
"""

from services.text import chinese

# The keys whose values are never converted.
NEVER_TRANSLATED = {"quote", "document_number", "digest", "term"}


def translate(value: object, language: str) -> object:
    """Return an answer, or any part of one, in a language. ``value`` is not modified."""
    if language == "zh-Hans":
        return value
    return _in_english(value) if language == "en" else _in_traditional(value)


def _in_english(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_in_english(item) for item in value]
    if not isinstance(value, dict):
        return value
    answer = {key: _in_english(item) for key, item in value.items()}
    if value.get("name_en") and "name" in value:
        answer["name"] = value["name_en"]
        if "short_name" in value:
            # There are no short English names.
            answer["short_name"] = None
    return answer


def _in_traditional(value: object) -> object:
    if isinstance(value, str):
        return value if value.isascii() else chinese.traditional(value)
    if isinstance(value, list | tuple):
        return [_in_traditional(item) for item in value]
    if isinstance(value, dict):
        return {key: item if key in NEVER_TRANSLATED else _in_traditional(item) for key, item in value.items()}
    return value
