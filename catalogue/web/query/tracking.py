"""Parameters that other programs add to the address of a shared page, and that say nothing about what is asked for."""

from django.http import QueryDict

# WeChat, Weibo, QQ, Alibaba, Baidu, bilibili, Toutiao and Xiaohongshu; then campaigns and advertisements elsewhere.
NAMES = frozenset({
    "from", "isappinstalled", "nsukey", "wxshare_count", "scene", "clicktime", "enterid", "ascene", "exportkey",
    "pass_ticket", "sharer_shareid", "sharer_shareinfo", "sharer_sharetime", "chksm", "sudaref", "_wv", "_wwv",
    "spm", "scm", "spm_id_from", "vd_source", "bd_vid", "hmsr", "hmpl", "hmcu", "hmkw", "hmci", "qz_gdt", "tt_from",
    "share_token", "share_source", "share_medium", "share_plat", "share_from", "share_id", "share_tag",
    "share_session_id", "shareuid", "xhsshare", "apptime", "fbclid", "gclid", "gclsrc", "gbraid", "wbraid", "dclid",
    "gad_source", "gad_campaignid", "srsltid", "msclkid", "yclid", "ysclid", "twclid", "ttclid", "li_fat_id",
    "igshid", "igsh", "mkt_tok", "_openstat", "_ga", "_gl", "ref_src", "ref_url",
})  # fmt: skip
PREFIXES = ("utm_", "mtm_", "matomo_", "pk_", "piwik_", "hsa_", "_hs", "__hs", "mc_", "wt_")


def without_tracking(query: QueryDict) -> QueryDict:
    """Return a query without the parameters that track where its address was shared."""
    added = [name for name in query if name.lower() in NAMES or name.lower().startswith(PREFIXES)]
    if not added:
        return query
    remaining = query.copy()
    for name in added:
        del remaining[name]
    return remaining
