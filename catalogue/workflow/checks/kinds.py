"""The kinds of proposals: how many services, or else cases, each adds, changes and withdraws."""

from collections.abc import Iterator, Sequence

from catalogue.workflow.models import Proposal, ProposedEntry

Kind, Action = Proposal.Kind, ProposedEntry.Action

# Number of services that each kind adds, changes and withdraws: (minimum, maximum), None for no maximum.
ALLOWED_ACTIONS = {
    Kind.ADD: {Action.ADD: (1, None)},
    Kind.CHANGE: {Action.CHANGE: (1, None)},
    Kind.WITHDRAW: {Action.WITHDRAW: (1, None)},
    Kind.MERGE: {Action.WITHDRAW: (1, None), Action.ADD: (0, 1), Action.CHANGE: (0, 1)},
    Kind.SPLIT: {Action.WITHDRAW: (0, 1), Action.CHANGE: (0, 1), Action.ADD: (1, None)},
}


def count_faults(kind: str, entries: Sequence[ProposedEntry], *, has_cases: bool) -> Iterator[str]:
    """Yield the reasons why the entries of a proposal do not fit its kind. A change may be one of cases alone."""
    allowed = ALLOWED_ACTIONS[Kind(kind)]
    for action in Action:
        count = sum(entry.action == action for entry in entries)
        minimum, maximum = allowed.get(action, (0, 0))
        if count < minimum and not (kind == Kind.CHANGE and has_cases):
            yield f"请先加入要{action.label}的项目。"
        elif maximum is not None and count > maximum:
            most = f"至多{action.label} {maximum} 个项目" if maximum else f"不能有要{action.label}的项目"
            yield f"“{Kind(kind).label}”建议{most}，现有 {count} 个；请把多出的移出建议。"
    remaining_codes = [entry.service for entry in entries if entry.action != Action.WITHDRAW]
    withdrawals = [entry for entry in entries if entry.action == Action.WITHDRAW]
    if kind == Kind.MERGE and (
        len(remaining_codes) != 1 or any(entry.successors != remaining_codes for entry in withdrawals)
    ):
        yield "合并后应只有一个项目，并由它承接每个被合并的项目。"
    if kind == Kind.SPLIT and len(remaining_codes) < 2:
        yield "拆分后应至少有两个项目。"
