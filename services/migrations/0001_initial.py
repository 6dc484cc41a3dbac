import django.core.validators
import django.db.models.deletion
import django.db.models.functions.text
from django.conf import settings
from django.db import migrations, models

import services.fields


class Migration(migrations.Migration):

    initial = True

    dependencies = [
        migrations.swappable_dependency(settings.AUTH_USER_MODEL),
    ]

    operations = [
        migrations.CreateModel(
            name='Department',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：civil-affairs', max_length=64, pattern='\\A[a-z0-9]+(-[a-z0-9]+)*\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(help_text='例：内蒙古自治区民政厅', max_length=200, verbose_name='名称')),
                ('short_name', services.fields.Line(blank=True, help_text='例：自治区民政厅', max_length=100, null=True, verbose_name='简称')),
                ('name_en', services.fields.Line(blank=True, max_length=300, null=True, verbose_name='英文名称')),
                ('level', services.fields.Choice(choices=[('autonomous-region', '自治区'), ('central-agency-in-region', '中央驻区机构')], max_length=40, verbose_name='层级')),
                ('kind', services.fields.Choice(choices=[('government-department', '政府部门'), ('government-office', '政府办公厅'), ('party-department', '党委部门'), ('central-agency', '中央机构'), ('people-organisation', '人民团体')], max_length=40, verbose_name='类别')),
                ('note', services.fields.Text(blank=True, null=True, verbose_name='说明')),
                ('replaced_from', models.DateField(blank=True, null=True, verbose_name='接替自')),
                ('replaced_locator', services.fields.Line(blank=True, max_length=200, null=True, verbose_name='接替的条文位置')),
                ('replaced_quote', services.fields.Text(blank=True, null=True, verbose_name='接替的原文')),
                ('replaced_verification', services.fields.Choice(blank=True, choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, null=True, verbose_name='接替的核实情况')),
                ('replaced_by', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='services.department', verbose_name='由何部门接替')),
            ],
            options={
                'verbose_name': '部门',
                'verbose_name_plural': '部门',
                'ordering': ['position', 'code'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Domain',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：NM-05', max_length=64, pattern='\\ANM-[0-9]{2}\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(help_text='例：老有所养', max_length=100, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, max_length=200, null=True, verbose_name='英文名称')),
                ('goal', services.fields.Text(blank=True, help_text='表2“服务内容与目标”一栏的原文。', null=True, verbose_name='服务内容与目标')),
            ],
            options={
                'verbose_name': '领域',
                'verbose_name_plural': '领域',
                'ordering': ['position', 'code'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Service',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', services.fields.Code(help_text='永久代码，不复用、不重排。例：NM-05-01', max_length=64, pattern='\\ANM-[0-9]{2}-[0-9]{2,}\\Z', unique=True, verbose_name='代码')),
            ],
            options={
                'verbose_name': '服务项目',
                'verbose_name_plural': '服务项目',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='Topic',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', services.fields.Code(help_text='例：retirement', max_length=64, pattern='\\A[a-z0-9]+(-[a-z0-9]+)*\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(help_text='人们自己的说法。例：退休养老', max_length=100, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, max_length=200, null=True, verbose_name='英文名称')),
                ('note', services.fields.Text(blank=True, help_text='收哪些、不收哪些，为什么。', null=True, verbose_name='说明')),
            ],
            options={
                'verbose_name': '人生事件',
                'verbose_name_plural': '人生事件',
                'ordering': ['position', 'code'],
            },
        ),
        migrations.CreateModel(
            name='Indicator',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='表1的指标用 IND，其他目标用 TGT。例：IND-03', max_length=64, pattern='\\A(IND|TGT)-[0-9]{2}\\Z', unique=True, verbose_name='代码')),
                ('number', models.PositiveSmallIntegerField(blank=True, help_text='在表1中的序号；表1以外的目标留空。例：3', null=True, unique=True, verbose_name='序号')),
                ('name', services.fields.Line(max_length=200, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, max_length=300, null=True, verbose_name='英文名称')),
                ('unit', services.fields.Line(blank=True, max_length=50, null=True, verbose_name='单位')),
                ('operator', services.fields.Choice(choices=[('eq', '等于'), ('gte', '不低于'), ('gt', '高于'), ('lte', '不高于'), ('lt', '低于'), ('about', '左右')], max_length=40, verbose_name='比较方式')),
                ('target_value', models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True, verbose_name='目标值')),
                ('target_text', services.fields.Line(help_text='例：≥85', max_length=50, verbose_name='目标原文')),
                ('target_year', models.PositiveSmallIntegerField(blank=True, help_text='条文没有写明的留空。例：2025', null=True, verbose_name='目标年份')),
                ('nature', services.fields.Choice(blank=True, choices=[('binding', '约束性'), ('anticipated', '预期性')], help_text='表1写明的才填。例：约束性', max_length=40, null=True, verbose_name='性质')),
                ('baseline_value', models.DecimalField(blank=True, decimal_places=3, max_digits=12, null=True, verbose_name='基期值')),
                ('baseline_period', services.fields.Line(blank=True, help_text='例：2020 或 2016-2020', max_length=20, null=True, verbose_name='基期')),
                ('baseline_locator', services.fields.Line(blank=True, max_length=200, null=True, verbose_name='基期位置')),
                ('baseline_quote', services.fields.Text(blank=True, null=True, verbose_name='基期原文')),
                ('note', services.fields.Text(blank=True, null=True, verbose_name='说明')),
                ('domain', models.ForeignKey(blank=True, help_text='不限于一个领域的目标留空。例：老有所养', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='indicators', to='services.domain', verbose_name='领域')),
                ('services', models.ManyToManyField(blank=True, related_name='indicators', to='services.service', verbose_name='相关服务项目')),
            ],
            options={
                'verbose_name': '发展指标',
                'verbose_name_plural': '发展指标',
                'ordering': ['code'],
            },
        ),
        migrations.CreateModel(
            name='LoadedRow',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('file', services.fields.Line(max_length=50, verbose_name='文件')),
                ('term', services.fields.Line(max_length=64, verbose_name='词条')),
                ('digest', services.fields.Code(max_length=64, pattern='\\A[0-9a-f]{64}\\Z', verbose_name='所载内容的摘要')),
            ],
            options={
                'verbose_name': '已装入的词条',
                'verbose_name_plural': '已装入的词条',
                'ordering': ['file', 'term'],
                'constraints': [models.UniqueConstraint(fields=('file', 'term'), name='loaded_row_once')],
            },
        ),
        migrations.CreateModel(
            name='Source',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('code', services.fields.Code(help_text='小写字母、数字和连字符，一经使用不再更改。例：law-elderly', max_length=64, pattern='\\A[a-z0-9]+(-[a-z0-9]+)*\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, help_text='在词表中的先后。例：12', verbose_name='次序')),
                ('title', services.fields.Line(help_text='例：中华人民共和国老年人权益保障法', max_length=300, verbose_name='标题')),
                ('issuer', services.fields.Line(blank=True, help_text='例：内蒙古自治区人民政府办公厅', max_length=200, null=True, verbose_name='发文机关')),
                ('document_number', services.fields.Line(blank=True, help_text='例：内政办发〔2021〕70号', max_length=100, null=True, verbose_name='文号')),
                ('date', services.fields.Code(blank=True, help_text='知道多少写多少。例：2021-11-05、2018-08 或 2017', max_length=10, null=True, pattern='\\A[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?\\Z', verbose_name='成文日期')),
                ('in_force_from', models.DateField(blank=True, help_text='晚于成文日期时填写。例：法律援助法 2022-01-01', null=True, verbose_name='施行日期')),
                ('citable_from', models.DateField(editable=False, help_text='此日起的版本才可引用：取施行日期；未填则取成文日期的最后一天；均不知则为 2026-01-01。', verbose_name='可采信起始日')),
                ('kind', services.fields.Choice(choices=[('plan', '规划'), ('plan-repost', '规划（转载）'), ('law', '法律'), ('administrative-regulation', '行政法规'), ('local-regulation', '地方性法规'), ('normative-document', '规范性文件'), ('regional-policy', '自治区政策'), ('national-standard', '国家基本公共服务标准'), ('national-standard-gbt', '国家标准（GB/T）'), ('guide', '办事指南'), ('guide-other-region', '外省区指南'), ('newspaper', '报纸'), ('press', '新闻报道'), ('official-article', '署名文章'), ('research-article', '研究文章'), ('secondary', '二手资料'), ('recalled', '凭记忆列出'), ('editorial', '编者归纳')], max_length=40, verbose_name='类别')),
                ('jurisdiction', services.fields.Choice(choices=[('national', '国家'), ('inner-mongolia', '内蒙古自治区'), ('other-region', '其他省区'), ('unknown', '未知')], max_length=40, verbose_name='适用范围')),
                ('extent_read', services.fields.Choice(choices=[('full', '全文'), ('clauses', '引用条款'), ('excerpt', '节选'), ('none', '未读到原文')], max_length=40, verbose_name='阅读范围')),
                ('read_in', services.fields.Choice(choices=[('official', '发布机关的网站或公报'), ('copy', '副本或转载'), ('none', '未读到')], default='copy', help_text='在哪里读到的：没有在发布机关的网站或公报上核对过的，都是“副本或转载”。', max_length=40, verbose_name='读自')),
                ('url', services.fields.Line(blank=True, max_length=500, null=True, validators=[django.core.validators.URLValidator(['http', 'https'])], verbose_name='网址')),
                ('note', services.fields.Text(blank=True, null=True, verbose_name='说明')),
                ('replaced_by', models.ForeignKey(blank=True, help_text='同一份文件的新文本，自其施行之日起代替这一份。例：军人抚恤优待条例（2024年修订）', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='replaces', to='services.source', verbose_name='由何文件代替')),
            ],
            options={
                'verbose_name': '依据文件',
                'verbose_name_plural': '依据文件',
                'ordering': ['position', 'code'],
            },
        ),
        migrations.CreateModel(
            name='Region',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='GB/T 2260 六位代码。例：150000', max_length=64, pattern='\\A[1-9][0-9]{5}\\Z', unique=True, verbose_name='区划代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(help_text='例：内蒙古自治区', max_length=100, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, max_length=200, null=True, verbose_name='英文名称')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '行政区划',
                'verbose_name_plural': '行政区划',
                'ordering': ['position', 'code'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='ProjectGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：BOX-5', max_length=64, pattern='\\ABOX-[0-9]{1,2}\\Z', unique=True, verbose_name='代码')),
                ('number', models.PositiveSmallIntegerField(unique=True, verbose_name='序号')),
                ('title', services.fields.Line(max_length=200, verbose_name='标题')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='project_groups', to='services.domain', verbose_name='领域')),
                ('services', models.ManyToManyField(blank=True, related_name='project_groups', to='services.service', verbose_name='相关服务项目')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '专栏',
                'verbose_name_plural': '专栏',
                'ordering': ['number'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Project',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：P5-1', max_length=64, pattern='\\AP[0-9]{1,2}-[0-9]{1,2}\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(max_length=200, verbose_name='名称')),
                ('text', services.fields.Text(verbose_name='内容')),
                ('group', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='projects', to='services.projectgroup', verbose_name='专栏')),
                ('services', models.ManyToManyField(blank=True, related_name='projects', to='services.service', verbose_name='相关服务项目')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '专栏项目',
                'verbose_name_plural': '专栏项目',
                'ordering': ['group', 'position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Observation',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：OBS-001', max_length=64, pattern='\\AOBS-[0-9]{3}\\Z', unique=True, verbose_name='代码')),
                ('name', services.fields.Line(help_text='例：高中阶段毛入学率', max_length=200, verbose_name='所量的是什么')),
                ('operator', services.fields.Choice(choices=[('eq', '等于'), ('gte', '不低于'), ('gt', '高于'), ('lte', '不高于'), ('lt', '低于'), ('about', '左右')], default='eq', help_text='条文给的是界限时选。例：“75%以上”选“不低于”', max_length=40, verbose_name='比较方式')),
                ('value', models.DecimalField(decimal_places=4, help_text='例：94.6', max_digits=14, verbose_name='值')),
                ('unit', services.fields.Line(blank=True, help_text='例：%、万人', max_length=50, null=True, verbose_name='单位')),
                ('on', services.fields.Code(blank=True, help_text='条文写到年、月或日，就写到年、月或日；条文没有写的留空。例：2020 或 2023-11', max_length=10, null=True, pattern='\\A[0-9]{4}(-[0-9]{2}(-[0-9]{2})?)?\\Z', verbose_name='时间')),
                ('place', services.fields.Line(blank=True, help_text='留空表示全自治区。例：呼和浩特市', max_length=100, null=True, verbose_name='地方')),
                ('note', services.fields.Text(blank=True, null=True, verbose_name='说明')),
                ('approved_at', models.DateTimeField(editable=False, null=True, verbose_name='批准时间')),
                ('approved_by', models.ForeignKey(editable=False, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='批准人')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='services.domain', verbose_name='领域')),
                ('indicator', models.ForeignKey(blank=True, help_text='所对照的指标或目标；没有的留空。', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='observations', to='services.indicator', verbose_name='指标或目标')),
                ('proposed_by', models.ForeignKey(editable=False, help_text='最后保存草稿的人；空为随清单装入。', null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to=settings.AUTH_USER_MODEL, verbose_name='提出人')),
                ('services', models.ManyToManyField(blank=True, related_name='observations', to='services.service', verbose_name='相关服务项目')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '监测值',
                'verbose_name_plural': '监测值',
                'ordering': ['code'],
                'permissions': [('approve_observation', '批准监测值')],
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='indicator',
            name='baseline_source',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='基期来源文件'),
        ),
        migrations.AddField(
            model_name='indicator',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件'),
        ),
        migrations.CreateModel(
            name='Identifier',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('scheme', services.fields.Line(help_text='编码所依的标准或名录。例：GB/T 2260', max_length=100, verbose_name='编码规则')),
                ('value', services.fields.Line(help_text='文件里写明的才填。例：150000', max_length=100, verbose_name='代码')),
                ('department', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='services.department', verbose_name='部门')),
                ('region', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='services.region', verbose_name='行政区划')),
                ('service', models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.CASCADE, related_name='identifiers', to='services.service', verbose_name='服务项目')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '官方代码',
                'verbose_name_plural': '官方代码',
                'ordering': ['region', 'department', 'service', 'scheme'],
                'abstract': False,
            },
        ),
        migrations.AddField(
            model_name='domain',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件'),
        ),
        migrations.AddField(
            model_name='department',
            name='source',
            field=models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件'),
        ),
        migrations.AddField(
            model_name='department',
            name='replaced_source',
            field=models.ForeignKey(blank=True, null=True, on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='接替的依据文件'),
        ),
        migrations.CreateModel(
            name='Contact',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('kind', services.fields.Choice(choices=[('hotline', '热线'), ('website', '网站')], max_length=40, verbose_name='类别')),
                ('value', services.fields.Line(help_text='文件里写明的才填。例：12333', max_length=200, verbose_name='号码或网址')),
                ('department', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='contacts', to='services.department', verbose_name='部门')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '联系方式',
                'verbose_name_plural': '联系方式',
                'ordering': ['department', 'kind'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Synonym',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('word', services.fields.Line(help_text='人们平常的叫法，至多30字；保存后不再更改，写错了请删去另立。例：低保、新农合、看病报销', max_length=30, validators=[services.fields.validate_word], verbose_name='词语')),
                ('note', services.fields.Text(blank=True, help_text='为什么这样叫，或只指其中哪一部分。例：合并前的旧称', null=True, verbose_name='说明')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '同义词',
                'verbose_name_plural': '同义词',
                'ordering': ['word'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='SynonymTarget',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1, help_text='多数人所指的排第一；次序相同的，先填的在前。例：1', verbose_name='次序')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='synonym_targets', to='services.service', verbose_name='服务项目')),
                ('synonym', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='targets', to='services.synonym', verbose_name='同义词')),
            ],
            options={
                'verbose_name': '所指服务',
                'verbose_name_plural': '所指服务',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.CreateModel(
            name='TargetGroup',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：older-65-plus', max_length=64, pattern='\\A[a-z0-9]+(-[a-z0-9]+)*\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('name', services.fields.Line(help_text='例：65岁及以上老年人', max_length=200, verbose_name='名称')),
                ('name_en', services.fields.Line(blank=True, max_length=300, null=True, verbose_name='英文名称')),
                ('definition', models.JSONField(blank=True, help_text='条文怎样界定；没有的留空。例：{"text": "本法所称老年人是指六十周岁以上的公民。"}', null=True, validators=[services.fields.validate_no_nul], verbose_name='条文给出的界定')),
                ('note', services.fields.Text(blank=True, null=True, verbose_name='说明')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '服务对象',
                'verbose_name_plural': '服务对象',
                'ordering': ['position', 'code'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='Task',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('locator', services.fields.Line(blank=True, help_text='章、条、表或专栏。例：表2、第四章第五节', max_length=200, null=True, verbose_name='位置')),
                ('quote', services.fields.Text(blank=True, help_text='逐字照录；标为“原文核对”时必填。', null=True, verbose_name='原文')),
                ('verification', services.fields.Choice(choices=[('verbatim', '原文核对'), ('secondary', '转述'), ('unverified', '未核实')], max_length=40, verbose_name='核实情况')),
                ('code', services.fields.Code(help_text='例：T05-1', max_length=64, pattern='\\AT[0-9]{2}-[0-9]{1,2}\\Z', unique=True, verbose_name='代码')),
                ('position', models.PositiveSmallIntegerField(default=0, verbose_name='次序')),
                ('heading', services.fields.Line(max_length=200, verbose_name='标题')),
                ('text', services.fields.Text(verbose_name='正文')),
                ('domain', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='tasks', to='services.domain', verbose_name='领域')),
                ('services', models.ManyToManyField(blank=True, related_name='tasks', to='services.service', verbose_name='相关服务项目')),
                ('source', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='+', to='services.source', verbose_name='来源文件')),
            ],
            options={
                'verbose_name': '主要任务',
                'verbose_name_plural': '主要任务',
                'ordering': ['domain', 'position'],
                'abstract': False,
            },
        ),
        migrations.CreateModel(
            name='TopicService',
            fields=[
                ('id', models.BigAutoField(auto_created=True, primary_key=True, serialize=False, verbose_name='ID')),
                ('position', models.PositiveSmallIntegerField(default=1, help_text='最常要找的排第一。例：1', verbose_name='次序')),
                ('service', models.ForeignKey(on_delete=django.db.models.deletion.PROTECT, related_name='topic_links', to='services.service', verbose_name='服务项目')),
                ('topic', models.ForeignKey(on_delete=django.db.models.deletion.CASCADE, related_name='links', to='services.topic', verbose_name='人生事件')),
            ],
            options={
                'verbose_name': '人生事件中的服务',
                'verbose_name_plural': '人生事件中的服务',
                'ordering': ['position', 'pk'],
            },
        ),
        migrations.AddConstraint(
            model_name='region',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_region_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='projectgroup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_projectgroup_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='project',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_project_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_observation_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('approved_at__isnull', True), ('approved_by__isnull', True)), models.Q(('approved_at__isnull', False), ('approved_by__isnull', False), ('proposed_by__isnull', False)), _connector='OR'), name='observation_approval_is_complete', violation_error_message='批准人和批准时间应同时填写，并有提出人。'),
        ),
        migrations.AddConstraint(
            model_name='observation',
            constraint=models.CheckConstraint(condition=models.Q(('approved_by__isnull', True), models.Q(('approved_by', models.F('proposed_by')), _negated=True), _connector='OR'), name='observation_approved_by_another', violation_error_message='监测值由提出人以外的另一人批准。'),
        ),
        migrations.AddConstraint(
            model_name='indicator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_indicator_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='indicator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('code__startswith', 'IND-'), ('nature__isnull', False), ('number__isnull', False)), models.Q(('code__startswith', 'TGT-'), ('number__isnull', True)), _connector='OR'), name='indicator_of_table_1_has_number_and_nature', violation_error_message='表1的指标（IND）应有序号和性质；其他目标（TGT）没有序号。'),
        ),
        migrations.AddConstraint(
            model_name='indicator',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('baseline_period__isnull', True), ('baseline_source__isnull', True), ('baseline_value__isnull', True)), models.Q(('baseline_period__isnull', False), ('baseline_source__isnull', False), ('baseline_value__isnull', False)), _connector='OR'), name='indicator_baseline_is_cited', violation_error_message='基期值、基期和来源文件应同时填写。'),
        ),
        migrations.AddConstraint(
            model_name='identifier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_identifier_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='identifier',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('department__isnull', True), ('region__isnull', False), ('service__isnull', True)), models.Q(('department__isnull', False), ('region__isnull', True), ('service__isnull', True)), models.Q(('department__isnull', True), ('region__isnull', True), ('service__isnull', False)), _connector='OR'), name='identifier_of_one_thing', violation_error_message='官方代码属于一个行政区划、一个部门或一个服务项目。'),
        ),
        migrations.AddConstraint(
            model_name='identifier',
            constraint=models.UniqueConstraint(fields=('region', 'scheme'), name='identifier_once_per_scheme_of_region', violation_error_message='在这一编码规则里已有代码。'),
        ),
        migrations.AddConstraint(
            model_name='identifier',
            constraint=models.UniqueConstraint(fields=('department', 'scheme'), name='identifier_once_per_scheme_of_department', violation_error_message='在这一编码规则里已有代码。'),
        ),
        migrations.AddConstraint(
            model_name='identifier',
            constraint=models.UniqueConstraint(fields=('service', 'scheme'), name='identifier_once_per_scheme_of_service', violation_error_message='在这一编码规则里已有代码。'),
        ),
        migrations.AddConstraint(
            model_name='domain',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_domain_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_department_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('replaced_by__isnull', True), ('replaced_from__isnull', True), ('replaced_locator__isnull', True), ('replaced_quote__isnull', True), ('replaced_source__isnull', True), ('replaced_verification__isnull', True)), models.Q(('replaced_by__isnull', False), ('replaced_from__isnull', False), ('replaced_source__isnull', False), ('replaced_verification__isnull', False)), _connector='OR'), name='department_replacement_is_cited', violation_error_message='接替的部门、日期和依据文件应同时填写。'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('replaced_verification', 'verbatim'), _negated=True), ('replaced_quote__isnull', False), _connector='OR'), name='department_replacement_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='department',
            constraint=models.CheckConstraint(condition=models.Q(('replaced_by__isnull', True), models.Q(('replaced_by', models.F('id')), _negated=True), _connector='OR'), name='department_replaced_by_another', violation_error_message='部门不能由自己接替。'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_contact_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='contact',
            constraint=models.UniqueConstraint(fields=('department', 'kind'), name='contact_once_per_kind', violation_error_message='这个部门已有这一类联系方式。'),
        ),
        migrations.AddConstraint(
            model_name='synonym',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_synonym_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='synonym',
            constraint=models.UniqueConstraint(django.db.models.functions.text.Lower('word'), name='synonym_word_once', violation_error_message='已有这个词语（字母不分大小写）；请到那一条里补充所指的服务。'),
        ),
        migrations.AddConstraint(
            model_name='synonymtarget',
            constraint=models.UniqueConstraint(fields=('synonym', 'service'), name='synonym_target_once', violation_error_message='这个词语已经指向这项服务。'),
        ),
        migrations.AddConstraint(
            model_name='targetgroup',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_targetgroup_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='task',
            constraint=models.CheckConstraint(condition=models.Q(models.Q(('verification', 'verbatim'), _negated=True), ('quote__isnull', False), _connector='OR'), name='services_task_verbatim_has_quote', violation_error_message='标为“原文核对”的，必须照录原文。'),
        ),
        migrations.AddConstraint(
            model_name='topicservice',
            constraint=models.UniqueConstraint(fields=('topic', 'service'), name='topic_service_once', violation_error_message='这个人生事件已经列有这项服务。'),
        ),
    ]
