"""An answer as it is told in a language. Pure.

``en`` takes the English names of terms and services where they are known; texts stay as they were written. ``zh-Hant``
is converted by OpenCC. Codes never change, nor what is compared with a document by the character: quotes and numbers of
documents.
"""

from services import chinese

# What is never converted.
NEVER_TRANSLATED = {"quote", "document_number", "digest", "term"}


def translate(value: object, language: str) -> object:
    """Return an answer, or any part of one, as it is told in a language. What is given is not changed."""
    if language == "zh-Hans":
        return value
    return _in_english(value) if language == "en" else _in_traditional(value)


def _in_english(value: object) -> object:
    if isinstance(value, list | tuple):
        return [_in_english(each) for each in value]
    if not isinstance(value, dict):
        return value
    answer = {key: _in_english(each) for key, each in value.items()}
    if value.get("name_en") and "name" in value:
        answer["name"] = value["name_en"]
        if "short_name" in value:
            # Nobody has shortened the English name.
            answer["short_name"] = None
    return answer


def _in_traditional(value: object) -> object:
    if isinstance(value, str):
        return value if value.isascii() else chinese.traditional(value)
    if isinstance(value, list | tuple):
        return [_in_traditional(each) for each in value]
    if isinstance(value, dict):
        return {key: each if key in NEVER_TRANSLATED else _in_traditional(each) for key, each in value.items()}
    return value
