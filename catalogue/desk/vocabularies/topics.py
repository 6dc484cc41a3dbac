"""Admin of the life events (人生事件): the editors' grouping of services by what happens to a person."""

from django.contrib import admin
from django.db.models import Prefetch

from catalogue.desk.base.mixins import NamedFormSet
from catalogue.desk.base.services import newest_name
from catalogue.desk.vocabularies.synonyms import SynonymTargetInline
from catalogue.desk.vocabularies.terms import CODED, TermAdmin, TermForm
from services.models import Topic, TopicService


class TopicServiceFormSet(NamedFormSet):
    def get_unique_error_message(self, unique_check):
        return "同一项服务写了两次；请删去一行，或改选别的服务。"


class TopicServiceInline(SynonymTargetInline):
    model = TopicService
    formset, min_num = TopicServiceFormSet, 0


@admin.register(Topic)
class TopicAdmin(TermAdmin):
    """Nothing refers to a topic, so a misleading one can be deleted."""

    form = TermForm
    list_display = ("name", "services", "note")
    list_display_links = ("name",)
    search_fields = ("code", "name", "name_en", "links__service__code", "links__service__entries__name")
    inlines = (TopicServiceInline,)
    fieldsets = ((None, {"fields": ["position", "name", "name_en", "note"]}), CODED)

    def get_queryset(self, request):
        links = TopicService.objects.select_related("service").annotate(newest_name=newest_name("service"))
        return super().get_queryset(request).prefetch_related(Prefetch("links", links))

    @admin.display(description="服务项目")
    def services(self, topic):
        return "、".join(link.newest_name or link.service.code for link in topic.links.all())
