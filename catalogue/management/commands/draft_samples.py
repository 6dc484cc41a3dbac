"""Drafts the sample proposals of ``fixtures/proposals``; no other command drafts them."""

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management.base import BaseCommand, CommandError
from django.utils import timezone

from catalogue.accounts import permissions
from catalogue.audit.log import AuditContext
from catalogue.workflow import proposals
from catalogue.workflow.fixtures import samples
from services.fixtures.files import FixtureError


class Command(BaseCommand):
    help = "把 fixtures/proposals 中的样例起草为调整建议（草稿），并指出各件还缺什么。"

    def add_arguments(self, parser):
        parser.add_argument("--by", required=True, metavar="账号", help="以谁的名义起草：须属于有关部门，或是管理员。")

    def handle(self, *, by: str, **options):
        user = get_user_model().objects.filter(username=by, is_active=True).first()
        if user is None:
            raise CommandError(f"没有账号“{by}”；请先在编辑台新增账号，或用 manage.py createsuperuser 建立。")
        if not user.has_perm("catalogue.add_proposal"):
            raise CommandError(f"账号“{by}”没有“编辑”角色，不能提出调整建议。")
        context = AuditContext(at=timezone.now(), user=user, role="、".join(permissions.roles_of(user)) or None)
        for path in sorted((settings.BASE_DIR / "fixtures" / "proposals").glob("*.json")):
            try:
                drafted = samples.draft_samples(path, context=context)
            except FixtureError as error:
                raise CommandError(str(error)) from None
            self.stdout.write(f"{path.name}：起草 {len(drafted)} 件。" if drafted else f"{path.name}：没有新的样例。")
            for proposal in drafted:
                self.stdout.write(f"  第 {proposal.number} 号 {proposal.title}")
                for fault in proposals.faults(proposal):
                    self.stdout.write(f"    提交前须处理：{fault}")
