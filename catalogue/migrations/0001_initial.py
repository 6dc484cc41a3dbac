from decimal import Decimal

import django.core.validators
import django.db.models.deletion
import django.db.models.expressions
import django.db.models.functions.math
import django.db.models.lookups
from django.conf import settings
from django.db import migrations, models

import services.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        ('services', '0001_initial'),
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Edition',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='从 1 起连续编号。例：3', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9999)], verbose_name='版次')),
                ('slug', services.fields.Code(help_text='用于网址与引用。例：2026', max_length=50, pattern='\\A[a-z0-9]+(-[a-z0-9]+)*\\Z', unique=True, verbose_name='版本标识')),
                ('title', services.fields.Line(help_text='例：内蒙古自治区基本公共服务项目清单（2026年版）', max_length=200, verbose_name='标题')),
                ('effective_from', models.DateField(help_text='自这一天起施行。例：2026-11-01', verbose_name='施行日期')),
                ('as_of', models.DateField(blank=True, help_text='到这一天为止，所引的文件都读过一遍；不知道的留空。例：2026-11-23', null=True, verbose_name='资料读至')),
                ('note', services.fields.Text(blank=True, help_text='由谁编制、依据什么、哪些尚未核实。', null=True, verbose_name='编制说明')),
                ('published_at', models.DateTimeField(blank=True, editable=False, null=True, verbose_name='发布时间')),
                ('digest', services.fields.Code(blank=True, editable=False, help_text='规范内容的 SHA-256。', max_length=64, null=True, pattern='\\A[0-9a-f]{64}\\Z', verbose_name='摘要（SHA-256）')),
                ('canonical_json', services.fields.Text(blank=True, editable=False, help_text='发布时写入的规范 JSON：版本关于自身的说明。', null=True, verbose_name='封存的抬头')),
                ('previous', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='followers', to='catalogue.edition', verbose_name='上一版本')),
                ('reissue_of', models.OneToOneField(blank=True, editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='reissue', to='catalogue.edition', verbose_name='重新发布自')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='editions', to='services.region', verbose_name='行政区划')),
            ],
            options={
                'verbose_name': '版本',
                'verbose_name_plural': '版本',
                'ordering': ['-effective_from', '-number'],
                'permissions': [('publish_edition', '发布版本')],
            },
        ),
        migrations.CreateModel(
            name='RevisionToken',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('token', models.CharField(editable=False, max_length=32, verbose_name='标记')),
            ],
            options={
                'verbose_name': '变动',
                'verbose_name_plural': '变动',
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Attachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('digest', services.fields.Code(max_length=64, pattern='\\A[0-9a-f]{64}\\Z', unique=True, verbose_name='摘要（SHA-256）')),
                ('name', services.fields.Line(max_length=200, verbose_name='文件名')),
                ('content', models.BinaryField(verbose_name='内容')),
                ('at', models.DateTimeField(verbose_name='上传时间')),
                ('uploader', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='attachments', to=settings.AUTH_USER_MODEL, verbose_name='上传人')),
            ],
            options={
                'verbose_name': '附件',
                'verbose_name_plural': '附件',
                'ordering': ['-at', '-id'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='SourceText',
            fields=[
                ('source', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='full_text', serialize=False, to='services.source', verbose_name='依据文件')),
                ('attachment', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='catalogue.attachment', verbose_name='附件')),
            ],
            options={
                'verbose_name': '全文',
                'verbose_name_plural': '全文',
                'ordering': ['source'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Proposal',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveIntegerField(help_text='自动编号。', unique=True, verbose_name='编号')),
                ('kind', services.fields.Choice(choices=[('add', '新增'), ('change', '调整'), ('withdraw', '取消'), ('merge', '合并'), ('split', '拆分')], max_length=40, verbose_name='类别')),
                ('state', services.fields.Choice(choices=[('draft', '草稿'), ('assessing', '待评估'), ('approving', '待审批'), ('approved', '已批准'), ('declined', '已退回'), ('void', '已作废'), ('published', '已发布')], default='draft', max_length=40, verbose_name='状态')),
                ('title', services.fields.Line(help_text='例：提高孤儿基本生活费标准', max_length=200, verbose_name='标题')),
                ('reason', services.fields.Text(help_text='为什么要调整。例：落实自治区政府第5次常务会议决定', verbose_name='理由')),
                ('document_number', services.fields.Line(blank=True, help_text='例：内民政发〔2026〕1号', max_length=100, null=True, verbose_name='文号')),
                ('effective_from', models.DateField(help_text='例：2027-01-01', verbose_name='建议施行日期')),
                ('raises_cost', models.BooleanField(default=False, help_text='会增加财政支出的，须先评估财政承受能力。', verbose_name='产生费用')),
                ('is_urgent', models.BooleanField(default=False, help_text='更正现在在用的版本，赶在已封存而尚未施行的版本之前施行；那个版本随后带着这次更正重新发布。', verbose_name='紧急更正')),
                ('imported_from', services.fields.Code(blank=True, help_text='由表格导入的建议：文件的 SHA-256。', max_length=64, null=True, pattern='\\A[0-9a-f]{64}\\Z', verbose_name='导入文件的摘要')),
                ('form_key', models.UUIDField(blank=True, editable=False, null=True, unique=True, verbose_name='表单')),
                ('department', models.ForeignKey(help_text='提出建议的部门。', on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='services.department', verbose_name='提出部门')),
                ('proposer', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('handler', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='handled_proposals', to=settings.AUTH_USER_MODEL, verbose_name='经办人')),
                ('editors', models.ManyToManyField(related_name='edited_proposals', to=settings.AUTH_USER_MODEL, verbose_name='起草和修改的人')),
                ('region', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='services.region', verbose_name='行政区划')),
                ('edition', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='proposals', to='catalogue.edition', verbose_name='编入版本')),
            ],
            options={
                'verbose_name': '调整建议',
                'verbose_name_plural': '调整建议',
                'ordering': ['-number'],
                'permissions': [('assess_proposal', '评估调整建议'), ('approve_proposal', '审批调整建议')],
                'default_permissions': ('add', 'change', 'view'),
            },
        ),
        migrations.CreateModel(
            name='Case',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', services.fields.Code(help_text='例：NM-05-01-65', max_length=80, pattern='\\A[A-Za-z0-9]+(-[A-Za-z0-9]+)*\\Z', verbose_name='编号')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('circumstances', models.JSONField(default=dict, help_text='例：{"age": 65}', validators=[services.fields.validate_no_nul], verbose_name='情况')),
                ('expected', models.JSONField(help_text='例：{"NM-05-01": "eligible"}', validators=[services.fields.validate_no_nul], verbose_name='应有的结论')),
                ('because', models.JSONField(help_text='例：{"NM-05-01": {"source": "seed-plan", "locator": "第四章第五节"}}', validators=[services.fields.validate_no_nul], verbose_name='依据')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='catalogue.edition', verbose_name='版本')),
            ],
            options={
                'verbose_name': '案例',
                'verbose_name_plural': '案例',
                'ordering': ['edition', 'position', 'code'],
                'default_permissions': ('view',),
            },
        ),
        migrations.CreateModel(
            name='Entry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveSmallIntegerField(help_text='在本版本清单中的位置，从 1 起。例：47', validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(9999)], verbose_name='序号')),
                ('name', services.fields.Line(help_text='例：老年人健康管理', max_length=200, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, help_text='编者译名。例：Health management', max_length=300, null=True, verbose_name='英文名称')),
                ('target_group_text', services.fields.Text(blank=True, help_text='例：辖区内65岁及以上常住居民', null=True, verbose_name='服务对象')),
                ('eligibility', services.fields.RuleField(blank=True, help_text='谁可以享受：满足任何一组的全部条件即可。例：年龄不小于65周岁，且在本地连续居住不少于6个月', null=True, verbose_name='享受条件')),
                ('content', services.fields.Text(blank=True, help_text='提供什么。例：每年提供1次健康管理服务', null=True, verbose_name='服务内容')),
                ('standard', services.fields.Text(blank=True, help_text='每人得到多少。例：2023年全区平均每人每月840元', null=True, verbose_name='服务标准')),
                ('standard_as_of', services.fields.Line(blank=True, help_text='标准是何时的。例：2023、2025目标', max_length=50, null=True, verbose_name='标准所属时间')),
                ('amounts', services.fields.AmountsField(blank=True, default=list, help_text='服务标准和服务内容里的数字，一项一个，各带自己的条文；只列原文里有的数字，并说明是什么：840元是平均数，不是一家领到的钱。例：[{"label": "低保城市平均标准", "kind": "average", "value": "840", "unit": "元", "currency": "CNY", "period": "month", "per": "person", "of_whom": "城市低保对象", "place": null, "valid_from": null, "valid_until": null, "as_of": "2023", "citation": {"source": "seed-daily", "locator": "织密保障网络", "quote": "城乡低保平均标准达到每人每月840元、670元", "verification": "verbatim", "jurisdiction": "inner-mongolia"}}]', verbose_name='标准里的数字')),
                ('expenditure_responsibility', services.fields.Text(blank=True, help_text='由哪级财政负担。例：中央与地方共同财政事权', null=True, verbose_name='支出责任')),
                ('shares', services.fields.SharesField(blank=True, default=list, help_text='条文写明的各级财政分担的百分数，一项一个，各带自己的条文；没有写明的不列，也不推算其余部分。level 可用：centre（中央）、region（自治区）、league（盟市）、banner（旗县）；of_whom 写明是哪一部分的钱，整个项目写 null。例：[{"level": "centre", "percent": "80", "of_whom": "中等职业教育国家助学金", "citation": {"source": "web-fin6-tier", "locator": "正文", "quote": "中央分担80%", "verification": "secondary", "jurisdiction": "national"}}]', verbose_name='支出分担比例')),
                ('note', services.fields.Text(blank=True, help_text='存疑之处、待核实事项。', null=True, verbose_name='编者说明')),
                ('canonical_json', services.fields.Text(blank=True, editable=False, help_text='发布时写入的规范 JSON；对外只答复这一份。', null=True, verbose_name='封存内容')),
                ('co_departments', models.ManyToManyField(blank=True, related_name='supported_entries', to='services.department', verbose_name='配合单位')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='services.domain', verbose_name='领域')),
                ('edition', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='catalogue.edition', verbose_name='版本')),
                ('lead_department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='led_entries', to='services.department', verbose_name='牵头负责单位')),
                ('lead_department_alternatives', models.ManyToManyField(blank=True, help_text='依据不足以确定牵头单位时，其他可能的单位。', related_name='possibly_led_entries', to='services.department', verbose_name='可能的牵头单位')),
                ('legal_basis', models.ManyToManyField(blank=True, related_name='+', to='services.source', verbose_name='法律法规依据')),
                ('quoted_sources', models.ManyToManyField(blank=True, editable=False, related_name='+', to='services.source', verbose_name='自带条文的值的来源文件')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='entries', to='services.service', verbose_name='服务项目代码')),
                ('target_groups', models.ManyToManyField(blank=True, related_name='entries', to='services.targetgroup', verbose_name='服务对象（词表）')),
            ],
            options={
                'verbose_name': '清单条目',
                'verbose_name_plural': '清单条目',
                'ordering': ['edition', 'number'],
                'permissions': [('check_entry', '核对清单条目')],
            },
        ),
        migrations.CreateModel(
            name='Citation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('field', services.fields.Choice(choices=[('name', '名称'), ('name_en', '英文名称'), ('domain', '领域'), ('target_groups', '服务对象'), ('eligibility', '享受条件'), ('content', '服务内容'), ('standard', '服务标准'), ('lead_department', '牵头负责单位'), ('co_departments', '配合单位'), ('expenditure_responsibility', '支出责任'), ('legal_basis', '法律法规依据'), ('mention', '相关表述')], max_length=40, verbose_name='字段')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('jurisdiction', services.fields.Choice(blank=True, choices=[('national', '国家'), ('inner-mongolia', '内蒙古自治区'), ('other-region', '其他省区'), ('unknown', '未知')], max_length=40, null=True, verbose_name='适用范围')),
                ('criterion', models.PositiveSmallIntegerField(blank=True, help_text='只用于享受条件：这条来源支持其中第几个条件，从 1 起；支持整条规则的留空。例：1', null=True, validators=[django.core.validators.MinValueValidator(1), django.core.validators.MaxValueValidator(60)], verbose_name='条件序号')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='citations', to='services.source', verbose_name='来源文件')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='citations', to='catalogue.entry', verbose_name='清单条目')),
            ],
            options={
                'verbose_name': '字段来源',
                'verbose_name_plural': '字段来源',
                'ordering': ['entry', 'position', 'pk'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Event',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(help_text='从 1 起连续，也是变更流的游标。', unique=True, verbose_name='编号')),
                ('at', models.DateTimeField(verbose_name='时间')),
                ('actor', services.fields.Line(help_text='账号；空为系统装入。', max_length=150, null=True, verbose_name='经办人')),
                ('role', services.fields.Line(max_length=100, null=True, verbose_name='角色')),
                ('department', services.fields.Line(help_text='部门代码。', max_length=64, null=True, verbose_name='部门')),
                ('verb', services.fields.Choice(choices=[('created', '新建'), ('revised', '修改'), ('deleted', '删除'), ('published', '发布'), ('drafted', '起草建议'), ('amended', '修改建议'), ('submitted', '提交建议'), ('assessed', '评估'), ('approved', '批准'), ('declined', '退回'), ('taken-up', '编入版本'), ('commented', '意见'), ('explained', '说明数字'), ('handed-over', '转交'), ('recalled', '撤回修改'), ('revoked', '撤销批准'), ('taken-out', '移出版本'), ('voided', '作废'), ('retracted', '撤回'), ('checked', '核对无误'), ('answered', '答复反馈'), ('transferred', '转办'), ('answer-drafted', '起草答复'), ('answer-returned', '退回答复'), ('service-added', '服务项目新增'), ('service-changed', '服务项目调整'), ('service-withdrawn', '服务项目取消')], max_length=40, verbose_name='事项')),
                ('edition', services.fields.Line(help_text='版本标识。', max_length=50, null=True, verbose_name='版本')),
                ('service', services.fields.Line(help_text='服务项目代码。', max_length=64, null=True, verbose_name='服务项目')),
                ('proposal', models.PositiveIntegerField(help_text='建议编号。', null=True, verbose_name='调整建议')),
                ('term', services.fields.Line(help_text='词表与代码，或账号。例：department/finance', max_length=150, null=True, verbose_name='词条')),
                ('field', services.fields.Line(max_length=40, null=True, verbose_name='字段')),
                ('before', services.fields.Text(help_text='规范 JSON。', null=True, verbose_name='改前')),
                ('after', services.fields.Text(help_text='规范 JSON。', null=True, verbose_name='改后')),
                ('reason', services.fields.Text(null=True, verbose_name='理由')),
                ('document_number', services.fields.Line(max_length=100, null=True, verbose_name='文号')),
                ('request_id', services.fields.Line(max_length=64, null=True, verbose_name='请求编号')),
                ('previous_digest', services.fields.Code(max_length=64, null=True, pattern='\\A[0-9a-f]{64}\\Z', unique=True, verbose_name='前一条摘要')),
                ('digest', services.fields.Code(max_length=64, pattern='\\A[0-9a-f]{64}\\Z', unique=True, verbose_name='摘要（SHA-256）')),
            ],
            options={
                'verbose_name': '记录',
                'verbose_name_plural': '记录',
                'ordering': ['number'],
                'default_permissions': ('view',),
                'constraints': [models.CheckConstraint(condition=models.Q(models.Q(('number', 1), ('previous_digest__isnull', True)), models.Q(('number__gt', 1), ('previous_digest__isnull', False)), _connector='OR'), name='event_follows_the_one_before')],
            },
        ),
        migrations.CreateModel(
            name='Feedback',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('receipt', services.fields.Code(max_length=64, pattern='\\A[0-9a-z]{16}\\Z', unique=True, verbose_name='回执编号')),
                ('kind', services.fields.Choice(choices=[('error', '指出错误'), ('need', '提出需求'), ('praise', '表扬')], default='error', max_length=40, verbose_name='种类')),
                ('field', services.fields.Choice(blank=True, choices=[('name', '名称'), ('name_en', '英文名称'), ('domain', '领域'), ('target_groups', '服务对象'), ('eligibility', '享受条件'), ('content', '服务内容'), ('standard', '服务标准'), ('lead_department', '牵头负责单位'), ('co_departments', '配合单位'), ('expenditure_responsibility', '支出责任'), ('legal_basis', '法律法规依据'), ('mention', '相关表述')], max_length=40, null=True, verbose_name='字段')),
                ('message', services.fields.Text(validators=[django.core.validators.MaxLengthValidator(5000)], verbose_name='意见')),
                ('contact', services.fields.Line(blank=True, help_text='答复后即删除，不公开。', max_length=200, null=True, verbose_name='联系方式')),
                ('at', models.DateTimeField(verbose_name='收到时间')),
                ('state', services.fields.Choice(choices=[('received', '已收到'), ('considered', '已转为调整建议'), ('answered', '已答复')], default='received', max_length=40, verbose_name='状态')),
                ('answer', services.fields.Text(blank=True, help_text='凭回执编号可以看到。例：已列入2027年版调整建议。', null=True, verbose_name='公开答复')),
                ('summary', services.fields.Line(blank=True, help_text='写了就在接口中公开，与答复放在一起；用编辑自己的话，不写来信人的情况。例：有人指出2025年的标准已经提高。', max_length=300, null=True, verbose_name='公开摘要')),
                ('answered_at', models.DateTimeField(blank=True, null=True, verbose_name='答复时间')),
                ('draft_answer', services.fields.Text(blank=True, null=True, verbose_name='起草的答复')),
                ('draft_summary', services.fields.Line(blank=True, max_length=300, null=True, verbose_name='起草的公开摘要')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to='services.department', verbose_name='转办到')),
                ('drafter', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='答复起草人')),
                ('edition', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to='catalogue.edition', verbose_name='版本')),
                ('proposal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to='catalogue.proposal', verbose_name='由此提出的建议')),
                ('releaser', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='答复审核人')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='feedback', to='services.service', verbose_name='服务项目代码')),
            ],
            options={
                'verbose_name': '意见反馈',
                'verbose_name_plural': '意见反馈',
                'ordering': ['-at', '-id'],
                'permissions': [('release_feedback', '可以审核公开答复')],
                'default_permissions': ('view', 'change'),
            },
        ),
        migrations.CreateModel(
            name='FieldVerification',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('field', services.fields.Choice(choices=[('name', '名称'), ('name_en', '英文名称'), ('domain', '领域'), ('target_groups', '服务对象'), ('eligibility', '享受条件'), ('content', '服务内容'), ('standard', '服务标准'), ('lead_department', '牵头负责单位'), ('co_departments', '配合单位'), ('expenditure_responsibility', '支出责任'), ('legal_basis', '法律法规依据')], max_length=40, verbose_name='字段')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('basis', services.fields.Choice(choices=[('plan', '规划'), ('seed', '报道与文章'), ('regulation', '法规与政策'), ('national-standard', '国家标准'), ('editorial', '编者判断')], max_length=40, verbose_name='依据类别')),
                ('entry', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='field_verifications', to='catalogue.entry', verbose_name='清单条目')),
            ],
            options={
                'verbose_name': '核实情况',
                'verbose_name_plural': '核实情况',
                'ordering': ['entry', 'field'],
            },
        ),
        migrations.CreateModel(
            name='Membership',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('department', models.ForeignKey(help_text='编辑只看得到、改得了所属部门牵头的服务项目。例：自治区民政厅', on_delete=django.db.models.deletion.PROTECT, related_name='memberships', to='services.department', verbose_name='部门')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='memberships', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
            ],
            options={
                'verbose_name': '所属部门',
                'verbose_name_plural': '所属部门',
                'ordering': ['user', 'department'],
            },
        ),
        migrations.CreateModel(
            name='ProposedEntry',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', services.fields.Code(help_text='新增项目填写新的代码，不复用旧代码。例：NM-05-05', max_length=64, pattern='\\ANM-[0-9]{2}-[0-9]{2,}\\Z', verbose_name='服务项目代码')),
                ('action', services.fields.Choice(choices=[('add', '新增'), ('change', '调整'), ('withdraw', '取消')], max_length=40, verbose_name='动作')),
                ('entry_data', models.JSONField(blank=True, help_text='新的值及其来源。', null=True, verbose_name='新的内容')),
                ('successors', models.JSONField(blank=True, default=list, help_text='例：["NM-05-05"]', verbose_name='由何项目承接')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='entries', to='catalogue.proposal', verbose_name='调整建议')),
            ],
            options={
                'verbose_name': '建议条目',
                'verbose_name_plural': '建议条目',
                'ordering': ['proposal', 'service'],
            },
        ),
        migrations.CreateModel(
            name='ProposedCase',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', services.fields.Code(help_text='自动编号。', max_length=80, pattern='\\A[A-Za-z0-9]+(-[A-Za-z0-9]+)*\\Z', verbose_name='编号')),
                ('action', services.fields.Choice(choices=[('add', '新增'), ('change', '修改'), ('withdraw', '撤下')], max_length=40, verbose_name='动作')),
                ('circumstances', models.JSONField(blank=True, null=True, verbose_name='情况')),
                ('expected', models.JSONField(blank=True, default=dict, verbose_name='应有的结论')),
                ('because', models.JSONField(blank=True, default=dict, verbose_name='依据')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='cases', to='catalogue.proposal', verbose_name='调整建议')),
            ],
            options={
                'verbose_name': '案例的改动',
                'verbose_name_plural': '案例的改动',
                'ordering': ['proposal', 'code'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='DraftInput',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('url', services.fields.Line(help_text='路径，有字段的连同字段。', max_length=500, verbose_name='页面')),
                ('scope', services.fields.Line(max_length=80, verbose_name='归谁')),
                ('data', models.JSONField(default=dict, verbose_name='填写的内容')),
                ('revision', models.PositiveIntegerField(default=1, verbose_name='次数')),
                ('at', models.DateTimeField(verbose_name='保存时间')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='last_inputs', to=settings.AUTH_USER_MODEL, verbose_name='最后填写的人')),
                ('authors', models.ManyToManyField(related_name='inputs', to=settings.AUTH_USER_MODEL, verbose_name='填写的人')),
                ('proposal', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='inputs', to='catalogue.proposal', verbose_name='调整建议')),
            ],
            options={
                'verbose_name': '未保存的填写',
                'verbose_name_plural': '未保存的填写',
                'ordering': ['at', 'id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='FigureReason',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('service', services.fields.Code(max_length=64, pattern='\\ANM-[0-9]{2}-[0-9]{2,}\\Z', verbose_name='服务项目代码')),
                ('field', services.fields.Choice(choices=[('name', '名称'), ('name_en', '英文名称'), ('domain', '领域'), ('target_groups', '服务对象'), ('eligibility', '享受条件'), ('content', '服务内容'), ('standard', '服务标准'), ('lead_department', '牵头负责单位'), ('co_departments', '配合单位'), ('expenditure_responsibility', '支出责任'), ('legal_basis', '法律法规依据')], max_length=40, verbose_name='字段')),
                ('value', services.fields.Text(verbose_name='值')),
                ('figures', models.JSONField(default=list, verbose_name='不在原文中的数字')),
                ('reason', services.fields.Text(help_text='这些数字从哪里来。例：由第三条的基数和第五条的增幅相加', verbose_name='理由')),
                ('at', models.DateTimeField(verbose_name='说明时间')),
                ('author', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='figure_reasons', to=settings.AUTH_USER_MODEL, verbose_name='说明人')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='figure_reasons', to='catalogue.proposal', verbose_name='调整建议')),
            ],
            options={
                'verbose_name': '数字说明',
                'verbose_name_plural': '数字说明',
                'ordering': ['proposal', 'service', 'field'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Assessment',
            fields=[
                ('proposal', models.OneToOneField(on_delete=django.db.models.deletion.CASCADE, primary_key=True, related_name='assessment', serialize=False, to='catalogue.proposal', verbose_name='调整建议')),
                ('funding_source', services.fields.Text(help_text='例：一般公共预算，孤儿基本生活保障专项', verbose_name='资金来源')),
                ('conclusion', services.fields.Choice(choices=[('affordable', '可以承受'), ('staged', '分步实施'), ('unaffordable', '不可承受')], max_length=40, verbose_name='评估结论')),
                ('opinion', services.fields.Text(blank=True, null=True, verbose_name='评估意见')),
                ('at', models.DateTimeField(verbose_name='评估时间')),
                ('assessor', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='assessments', to=settings.AUTH_USER_MODEL, verbose_name='评估人')),
            ],
            options={
                'verbose_name': '财政承受能力评估',
                'verbose_name_plural': '财政承受能力评估',
            },
        ),
        migrations.CreateModel(
            name='AssessmentAttachment',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('name', services.fields.Line(max_length=200, verbose_name='附件名称')),
                ('digest', services.fields.Code(max_length=64, pattern='\\A[0-9a-f]{64}\\Z', verbose_name='附件摘要（SHA-256）')),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='attachments', to='catalogue.assessment', verbose_name='评估')),
            ],
            options={
                'verbose_name': '评估附件',
                'verbose_name_plural': '评估附件',
                'ordering': ['assessment', 'id'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='AssessmentLine',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1, verbose_name='次序')),
                ('label', services.fields.Line(help_text='这一行算的是谁。例：城市、农村牧区、全区', max_length=100, verbose_name='范围')),
                ('beneficiaries', models.PositiveIntegerField(help_text='人。例：6741', verbose_name='受益人数')),
                ('old_standard', models.DecimalField(decimal_places=2, help_text='每人每月（年、次）多少元；原来没有的写 0。例：1830', max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='原标准')),
                ('new_standard', models.DecimalField(decimal_places=2, help_text='同一单位，调整后的。例：1920', max_digits=14, validators=[django.core.validators.MinValueValidator(Decimal('0'))], verbose_name='新标准')),
                ('periods', models.PositiveSmallIntegerField(help_text='例：12', validators=[django.core.validators.MinValueValidator(1)], verbose_name='月数、年数或次数')),
                ('period', services.fields.Choice(choices=[('month', '月'), ('year', '年'), ('once', '次')], max_length=40, verbose_name='计算单位')),
                ('share_centre', models.DecimalField(decimal_places=2, default=0, max_digits=5, verbose_name='中央（%）')),
                ('share_region', models.DecimalField(decimal_places=2, default=0, max_digits=5, verbose_name='自治区（%）')),
                ('share_league', models.DecimalField(decimal_places=2, default=0, max_digits=5, verbose_name='盟市（%）')),
                ('share_banner', models.DecimalField(decimal_places=2, default=0, max_digits=5, verbose_name='旗县（%）')),
                ('assessment', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='lines', to='catalogue.assessment', verbose_name='评估')),
            ],
            options={
                'verbose_name': '评估分项',
                'verbose_name_plural': '评估分项',
                'ordering': ['assessment', 'position'],
                'default_permissions': (),
            },
        ),
        migrations.CreateModel(
            name='Approval',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('granted', models.BooleanField(help_text='否则为退回。', verbose_name='批准')),
                ('at', models.DateTimeField(verbose_name='审批时间')),
                ('reason', services.fields.Text(blank=True, help_text='退回时必填，提出人会看到。', null=True, verbose_name='意见')),
                ('outcomes', models.JSONField(blank=True, help_text='批准时各案例在改变后的结论，编入版本时据此更新案例。', null=True, verbose_name='案例的结论')),
                ('revoked_at', models.DateTimeField(blank=True, null=True, verbose_name='撤销时间')),
                ('revoked_reason', services.fields.Text(blank=True, null=True, verbose_name='撤销理由')),
                ('approver', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='approvals', to=settings.AUTH_USER_MODEL, verbose_name='审批人')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='approvals', to='catalogue.proposal', verbose_name='调整建议')),
                ('revoked_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='revocations', to=settings.AUTH_USER_MODEL, verbose_name='撤销人')),
            ],
            options={
                'verbose_name': '审批',
                'verbose_name_plural': '审批',
                'ordering': ['proposal', 'at', 'id'],
                'constraints': [models.UniqueConstraint(condition=models.Q(('granted', True), ('revoked_at__isnull', True)), fields=('proposal',), name='proposal_approved_once'), models.CheckConstraint(condition=models.Q(models.Q(('revoked_at__isnull', True), ('revoked_by__isnull', True), ('revoked_reason__isnull', True)), models.Q(('granted', True), ('revoked_at__isnull', False), ('revoked_by__isnull', False), ('revoked_reason__isnull', False)), _connector='OR'), name='approval_revoked_by_somebody_for_a_reason'), models.CheckConstraint(condition=models.Q(('granted', True), ('reason__isnull', False), _connector='OR'), name='approval_declined_with_reason', violation_error_message='退回时请写明理由。')],
            },
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(('edition__isnull', True), ('state__in', ['approved', 'published']), _connector='OR'), name='proposal_in_an_edition_is_approved'),
        ),
        migrations.AddConstraint(
            model_name='proposal',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'published'), _negated=True), ('edition__isnull', False), _connector='OR'), name='proposal_published_in_an_edition'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.UniqueConstraint(fields=('region', 'number'), name='edition_number_once_per_region'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='edition_number_from_1'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('canonical_json__isnull', True), ('digest__isnull', True), ('published_at__isnull', True)), models.Q(('canonical_json__isnull', False), ('digest__isnull', False), ('published_at__isnull', False)), _connector='OR'), name='edition_digest_and_time_together'),
        ),
        migrations.AddConstraint(
            model_name='edition',
            constraint=models.CheckConstraint(condition=models.Q(('previous__isnull', True), models.Q(('previous', models.F('id')), _negated=True), _connector='OR'), name='edition_not_its_own_previous'),
        ),
        migrations.AddConstraint(
            model_name='case',
            constraint=models.UniqueConstraint(fields=('edition', 'code'), name='case_once_per_edition'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('edition', 'service'), name='entry_once_per_edition', violation_error_message='该服务项目在此版本中已有条目。'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.UniqueConstraint(fields=('edition', 'number'), name='entry_number_once_per_edition', violation_error_message='此版本中已有条目使用这一序号。'),
        ),
        migrations.AddConstraint(
            model_name='entry',
            constraint=models.CheckConstraint(condition=models.Q(('number__gte', 1)), name='entry_number_from_1'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='catalogue_citation_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='citation',
            constraint=models.CheckConstraint(condition=models.Q(('criterion__isnull', True), models.Q(('criterion__gte', 1), ('field', 'eligibility')), _connector='OR'), name='citation_criterion_of_eligibility', violation_error_message='只有享受条件的来源才有条件序号，从 1 起。'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('answer__isnull', False), ('answered_at__isnull', False), ('state', 'answered')), models.Q(models.Q(('state', 'answered'), _negated=True), ('answer__isnull', True), ('answered_at__isnull', True)), _connector='OR'), name='feedback_answered_with_an_answer'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('state', 'answered'), _negated=True), ('contact__isnull', True), _connector='OR'), name='feedback_contact_gone_once_answered'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(('state', 'answered'), ('summary__isnull', True), _connector='OR'), name='feedback_summary_with_an_answer'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('draft_answer__isnull', True), ('drafter__isnull', False), ('releaser__isnull', False), ('state', 'answered')), models.Q(models.Q(('state', 'answered'), _negated=True), ('releaser__isnull', True), models.Q(models.Q(('draft_answer__isnull', False), ('drafter__isnull', False)), models.Q(('draft_answer', None), ('drafter', None)), _connector='OR')), _connector='OR'), name='feedback_answer_drafted_then_released'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(('draft_answer__isnull', False), ('draft_summary__isnull', True), _connector='OR'), name='feedback_draft_summary_with_a_draft'),
        ),
        migrations.AddConstraint(
            model_name='feedback',
            constraint=models.CheckConstraint(condition=models.Q(('releaser__isnull', True), models.Q(('releaser', models.F('drafter')), _negated=True), _connector='OR'), name='feedback_released_by_another', violation_error_message='答复由起草人以外的人审核公开。'),
        ),
        migrations.AddConstraint(
            model_name='fieldverification',
            constraint=models.UniqueConstraint(fields=('entry', 'field'), name='field_verification_once_per_field', violation_error_message='每个字段只有一条核实结论。'),
        ),
        migrations.AddConstraint(
            model_name='membership',
            constraint=models.UniqueConstraint(fields=('user', 'department'), name='membership_once', violation_error_message='这个账号已经属于该部门。'),
        ),
        migrations.AddConstraint(
            model_name='proposedentry',
            constraint=models.UniqueConstraint(fields=('proposal', 'service'), name='proposed_entry_once_per_service'),
        ),
        migrations.AddConstraint(
            model_name='proposedentry',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('action', 'withdraw'), ('entry_data__isnull', True)), models.Q(models.Q(('action', 'withdraw'), _negated=True), ('entry_data__isnull', False)), _connector='OR'), name='proposed_entry_says_something_unless_withdrawn'),
        ),
        migrations.AddConstraint(
            model_name='proposedcase',
            constraint=models.UniqueConstraint(fields=('proposal', 'code'), name='proposed_case_once_per_case'),
        ),
        migrations.AddConstraint(
            model_name='proposedcase',
            constraint=models.CheckConstraint(condition=models.Q(('action', 'change'), models.Q(('action', 'add'), ('circumstances__isnull', False)), models.Q(('action', 'withdraw'), ('circumstances__isnull', True)), _connector='OR'), name='proposed_case_added_has_a_person'),
        ),
        migrations.AddConstraint(
            model_name='draftinput',
            constraint=models.UniqueConstraint(fields=('url', 'scope'), name='draft_input_once_per_screen'),
        ),
        migrations.AddConstraint(
            model_name='figurereason',
            constraint=models.UniqueConstraint(fields=('proposal', 'service', 'field'), name='figure_reason_once_per_field'),
        ),
        migrations.AddConstraint(
            model_name='assessmentattachment',
            constraint=models.UniqueConstraint(fields=('assessment', 'digest'), name='assessment_attachment_once_per_digest'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.UniqueConstraint(fields=('assessment', 'position'), name='assessment_line_once_per_position'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.UniqueConstraint(fields=('assessment', 'label'), name='assessment_line_once_per_label', violation_error_message='同一范围只写一行。'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=django.db.models.lookups.Exact(django.db.models.functions.math.Round(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(django.db.models.expressions.CombinedExpression(models.F('share_centre'), '+', models.F('share_region')), '+', models.F('share_league')), '+', models.F('share_banner')), 2), Decimal('100')), name='assessment_line_shares_are_100', violation_error_message='中央、自治区、盟市、旗县的负担比例之和应正好是 100%%。'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('share_centre__range', (0, 100))), name='assessment_line_share_centre'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('share_region__range', (0, 100))), name='assessment_line_share_region'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('share_league__range', (0, 100))), name='assessment_line_share_league'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('share_banner__range', (0, 100))), name='assessment_line_share_banner'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('periods__gte', 1)), name='assessment_line_periods_from_1'),
        ),
        migrations.AddConstraint(
            model_name='assessmentline',
            constraint=models.CheckConstraint(condition=models.Q(('new_standard__gte', 0), ('old_standard__gte', 0)), name='assessment_line_no_negative_money'),
        ),
        migrations.CreateModel(
            name='Look',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('number', models.PositiveBigIntegerField(verbose_name='看到的最后一条记录')),
                ('proposal', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to='catalogue.proposal', verbose_name='调整建议')),
                ('user', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='looks', to=settings.AUTH_USER_MODEL, verbose_name='账号')),
            ],
            options={
                'verbose_name': '上次查看',
                'verbose_name_plural': '上次查看',
                'ordering': ['user', 'proposal'],
                'default_permissions': (),
                'constraints': [models.UniqueConstraint(fields=('user', 'proposal'), name='look_once_per_proposal')],
            },
        ),
    ]
