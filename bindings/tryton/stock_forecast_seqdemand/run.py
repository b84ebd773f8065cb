# SPDX-License-Identifier: Apache-2.0
"""A run: reads what went out, forecasts it, proposes forecasts and order points, and says what it could not do."""
import datetime as dt
from collections import defaultdict

import seqdemand
from sql.aggregate import Sum

from trytond.i18n import gettext
from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.pyson import Eval
from trytond.transaction import Transaction
from trytond.wizard import Button, StateAction, StateView, Wizard

from . import demand
from .configuration import SETTINGS, Settings
from .history import outgoing

_DRAFT = {'readonly': Eval('run_state') != 'draft'}


class Run(ModelSQL, ModelView):
    __name__ = 'stock.forecast.run'

    company = fields.Many2One('company.company', "Company", required=True, readonly=True)
    date = fields.Date("Date", required=True, readonly=True)
    state = fields.Selection([('draft', "Draft"), ('applied', "Applied"), ('failed', "Failed")], "State",
        required=True, readonly=True, sort=False)
    message = fields.Text("Message", readonly=True)
    lines = fields.One2Many('stock.forecast.run.line', 'run', "Lines", states={'readonly': Eval('state') != 'draft'})

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order.insert(0, ('date', 'DESC'))
        cls._order.insert(1, ('id', 'DESC'))
        cls._buttons['apply'] = {'invisible': Eval('state') != 'draft', 'depends': ['state']}
        cls._buttons['confirm'] = {'invisible': Eval('state') == 'failed', 'depends': ['state']}

    def get_rec_name(self, name):
        lang = Pool().get('ir.lang').get()
        return lang.strftime(self.date)

    @classmethod
    @ModelView.button
    def confirm(cls, runs):
        """Confirms all drafts that runs proposed and that are not over, edited by a person or not."""
        Forecast, Date = Pool().get('stock.forecast'), Pool().get('ir.date')
        for company in {run.company for run in runs}:
            with Transaction().set_context(company=company.id):
                today = Date.today()
            Forecast.confirm(Forecast.search([
                        ('company', '=', company.id), ('state', '=', 'draft'), ('to_date', '>=', today),
                        ('lines.proposed_quantity', '!=', None)]))

    @classmethod
    @ModelView.button
    def apply(cls, runs):
        """Writes the proposed minimum and target quantities to the order points."""
        OrderPoint = Pool().get('stock.order_point')
        for run in runs:
            found = {(point.product, point.location): point for point in OrderPoint.search([
                        ('company', '=', run.company.id), ('type', '=', 'purchase'),
                        ('product', 'in', [line.product.id for line in run.lines])])}
            points = []
            for line in run.lines:
                if line.target_quantity is None:
                    continue
                point = found.get((line.product, line.warehouse)) or OrderPoint(
                    type='purchase', company=run.company, product=line.product, location=line.warehouse)
                point.min_quantity, point.target_quantity = line.min_quantity, line.target_quantity
                points.append(point)
            OrderPoint.save(points)
        cls.write(runs, {'state': 'applied'})

    @classmethod
    def run(cls, **settings):
        """One run for the company of the context. `settings` take the place of the configuration's."""
        pool = Pool()
        Configuration = pool.get('stock.forecast.run.configuration')
        Company, Date, Product = pool.get('company.company'), pool.get('ir.date'), pool.get('product.product')
        cls.lock()  # a second run at the same time would propose everything once more
        configuration = Configuration(1)
        for name, value in settings.items():
            setattr(configuration, name, value)  # for this run: it is not saved
        company = Company(Transaction().context['company'])
        with Transaction().set_context(company=company.id):
            today = Date.today()
        products = Product.search([('type', '=', 'goods'), ('consumable', '=', False)])
        sales = cls._sales(company, configuration, products, today)
        model = configuration.forecaster()
        run = cls(company=company, date=today, state='draft')
        try:
            if sales:
                names = {'%s/%s' % key: days for key, days in sales.items()}
                model.fit(demand.table(names, today), h=configuration.horizon, progress=False)
                means = {tuple(map(int, name.split('/'))): mean for name, mean in demand.means(model).items()}
            else:
                means = {}
            lines = cls._lines(company, configuration, products, model, means, sales, today)
        except seqdemand.SeqdemandError as error:
            run.state, run.message = 'failed', gettext('stock_forecast_seqdemand.msg_run_failed', error=str(error))
            run.save()
            return run
        with Transaction().set_context(_forecast_run=True):
            cls._propose(company, configuration, means, today)
        # Proposals that nobody applied are out of date now.
        cls.delete(cls.search([('company', '=', company.id), ('state', '!=', 'applied')]))
        run.lines = lines
        run.message = gettext(
            'stock_forecast_seqdemand.msg_run_summary' if means else 'stock_forecast_seqdemand.msg_run_no_sales',
            products=len(products), forecast=len({product for _, product in means}), days=configuration.history,
            points=sum(not line.note for line in lines), notes=sum(bool(line.note) for line in lines),
            destination=configuration.destination_used.rec_name)
        run.save()
        return run

    @classmethod
    def _sales(cls, company, configuration, products, today):
        """{(warehouse, product): {date: quantity}} of done moves out of each warehouse, without today's."""
        Location = Pool().get('stock.location')
        known = {product.id for product in products}
        warehouses = {location.id for location in Location.search([('type', '=', 'warehouse')])}
        tables, move, warehouse, condition = outgoing(configuration.destination_used)
        cursor = Transaction().connection.cursor()
        cursor.execute(*tables.select(
                warehouse.id, move.product, move.effective_date, Sum(move.internal_quantity),
                where=condition & (move.company == company.id)
                & (move.effective_date >= today - dt.timedelta(days=configuration.history))
                & (move.effective_date < today),
                group_by=[warehouse.id, move.product, move.effective_date]))
        found = defaultdict(dict)
        for place, product, day, quantity in cursor:
            if place in warehouses and product in known:
                day = day if isinstance(day, dt.date) else dt.date.fromisoformat(day)  # SQLite has no dates
                found[place, product][day] = quantity
        return dict(found)

    @classmethod
    def _lines(cls, company, configuration, products, model, means, sales, today):
        """A line for each product and warehouse with sales, and one for each product without any."""
        pool = Pool()
        Line, Request = pool.get('stock.forecast.run.line'), pool.get('purchase.request')
        warehouses = defaultdict(list)
        for warehouse, product in sorted(means):
            warehouses[product].append(warehouse)
        lines, asked = {}, {}
        for product in products:
            service_level = product.service_level or configuration.service_level
            earliest, next_ = Request.get_supply_dates(product, company=company.id)
            for warehouse in warehouses[product.id] or [None]:
                line = Line(product=product, warehouse=warehouse, service_level=service_level, note=None)
                lines[warehouse, product.id] = line
                if warehouse is None:
                    line.note = 'no_history'
                    continue
                line.first_sale = min(sales[warehouse, product.id])
                line.expected_quantity = product.default_uom.round(float(means[warehouse, product.id].sum()))
                if earliest == dt.date.max:
                    line.note = 'no_lead_time'
                    continue
                line.lead_time = earliest - today
                # The supply run looks at the stock of all days before `next_`; what it orders then lasts until `last`.
                first = (next_ - today).days
                last = max(first, (earliest - today).days + configuration.review_period)
                if last > configuration.horizon:
                    line.note = 'beyond_horizon'
                    continue
                asked['%s/%s' % (warehouse, product.id)] = (first, last, service_level)
        for name, (minimum, target) in demand.levels(model, asked).items():
            line = lines[tuple(map(int, name.split('/')))]
            if configuration.order_points == 'beside':
                # Confirmed forecasts take the expected demand from the stock: what is left is the safety stock.
                expected = float(means[line.warehouse.id, line.product.id][:asked[name][0]].sum())
                minimum, target = minimum - expected, target - expected
            ceil = line.product.default_uom.ceil
            line.min_quantity = max(ceil(minimum), 0.0)
            line.target_quantity = max(ceil(target), line.min_quantity)
        return list(lines.values())

    @classmethod
    def _propose(cls, company, configuration, means, today):
        """Replaces the proposed drafts. Days of confirmed forecasts, and of a person's drafts, are left to those."""
        pool = Pool()
        Forecast, Line = pool.get('stock.forecast'), pool.get('stock.forecast.line')
        Product, Location = pool.get('product.product'), pool.get('stock.location')
        destination = configuration.destination_used
        Forecast.delete(Forecast.search([
                    ('company', '=', company.id), ('state', '=', 'draft'), ('proposed', '=', True)]))
        kept = defaultdict(list)
        for forecast in Forecast.search([('company', '=', company.id), ('destination', '=', destination.id),
                    ('state', 'in', ['draft', 'done']), ('to_date', '>=', today)]):
            kept[forecast.warehouse.id].append((forecast.from_date, forecast.to_date))
        by_warehouse = defaultdict(dict)
        for (warehouse, product), mean in means.items():
            by_warehouse[warehouse][product] = mean
        days = [today + dt.timedelta(days=i) for i in range(configuration.horizon)]
        forecasts = []
        for warehouse, members in by_warehouse.items():
            free = [day for day in days if not any(first <= day <= last for first, last in kept[warehouse])]
            spans = demand.periods(free, configuration.period)
            made = [Forecast(company=company, warehouse=Location(warehouse), destination=destination,
                    from_date=span[0], to_date=span[-1], proposed=True, lines=[]) for span in spans]
            for product in Product.browse(sorted(members)):
                unit = product.default_uom
                sums = [float(sum(members[product.id][(day - today).days] for day in span)) for span in spans]
                for forecast, quantity in zip(made, demand.rounded(sums, unit.round)):
                    if quantity > 0:
                        forecast.lines += (Line(product=product, unit=unit, quantity=quantity,
                                proposed_quantity=quantity, minimal_quantity=min(unit.rounding, quantity)),)
            forecasts += [forecast for forecast in made if forecast.lines]
        Forecast.save(forecasts)


class RunLine(ModelSQL, ModelView):
    __name__ = 'stock.forecast.run.line'

    run = fields.Many2One('stock.forecast.run', "Run", required=True, readonly=True, ondelete='CASCADE')
    product = fields.Many2One('product.product', "Product", required=True, readonly=True, ondelete='CASCADE')
    warehouse = fields.Many2One('stock.location', "Warehouse", readonly=True, domain=[('type', '=', 'warehouse')])
    unit = fields.Function(fields.Many2One('product.uom', "Unit"), 'get_unit')
    first_sale = fields.Date("First Sale", readonly=True)
    expected_quantity = fields.Float(
        "Expected Quantity", digits='unit', readonly=True, help="The expected demand of the whole horizon.")
    lead_time = fields.TimeDelta("Lead Time", readonly=True)
    service_level = fields.Float("Service Level", digits=(1, 4), readonly=True)
    min_quantity = fields.Float("Minimal Quantity", digits='unit', states=_DRAFT)
    target_quantity = fields.Float("Target Quantity", digits='unit', states=_DRAFT, domain=['OR',
            ('min_quantity', '=', None), ('target_quantity', '>=', Eval('min_quantity', 0))])
    note = fields.Selection([
            (None, ""),
            ('no_history', "No sales in the history"),
            ('no_lead_time', "No supplier with a lead time"),
            ('beyond_horizon', "Lead time and review period reach beyond the horizon"),
            ], "Note", readonly=True, sort=False)
    run_state = fields.Function(fields.Selection('get_run_states', "Run State"), 'on_change_with_run_state')

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.__access__.add('run')

    def get_unit(self, name):
        return self.product.default_uom.id

    @classmethod
    def get_run_states(cls):
        return Pool().get('stock.forecast.run').fields_get(['state'])['state']['selection']

    @fields.depends('run', '_parent_run.state')
    def on_change_with_run_state(self, name=None):
        return self.run.state if self.run else None

    def get_rec_name(self, name):
        return self.product.rec_name


class RunStart(Settings, ModelView):
    __name__ = 'stock.forecast.run.start'


class RunForecast(Wizard):
    __name__ = 'stock.forecast.run.now'
    start = StateView('stock.forecast.run.start', 'stock_forecast_seqdemand.run_start_view_form', [
            Button("Cancel", 'end', 'tryton-cancel'),
            Button("Run", 'run', 'tryton-ok', default=True)])
    run = StateAction('stock_forecast_seqdemand.act_run_form')

    def default_start(self, fields):
        configuration = Pool().get('stock.forecast.run.configuration')(1)
        return {name: getattr(configuration, name) for name in SETTINGS}

    def do_run(self, action):
        run = Pool().get('stock.forecast.run').run(**{name: getattr(self.start, name) for name in SETTINGS})
        action['views'].reverse()
        return action, {'res_id': run.id}
