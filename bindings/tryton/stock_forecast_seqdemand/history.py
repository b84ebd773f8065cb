# SPDX-License-Identifier: Apache-2.0
"""What was sold beside what is forecast, for a line of a run: the graph that a planner looks at."""
import datetime as dt

from sql import Literal
from sql.aggregate import Min, Sum

from trytond.model import ModelSQL, ModelView, fields
from trytond.pool import Pool
from trytond.transaction import Transaction


def outgoing(destination):
    """What done moves out of warehouses to `destination` are joined from: (tables, move, warehouse, condition)."""
    Move, Location = Pool().get('stock.move'), Pool().get('stock.location')
    move, source, target = Move.__table__(), Location.__table__(), Location.__table__()
    warehouse = Location.__table__()
    tables = (move
        .join(source, condition=move.from_location == source.id)
        .join(target, condition=move.to_location == target.id)
        .join(warehouse, condition=(source.left >= warehouse.left) & (source.right <= warehouse.right)))
    return tables, move, warehouse, ((warehouse.type == 'warehouse') & (move.state == 'done')
        & (target.left >= destination.left) & (target.right <= destination.right))


class History(ModelSQL, ModelView):
    __name__ = 'stock.forecast.run.history'

    class _Date(fields.Date):
        def get(self, ids, model, name, values=None):
            return {v['id']: dt.date.fromisoformat(v[name]) if isinstance(v[name], str) else v[name]  # SQLite
                for v in values or []}

    company = fields.Many2One('company.company', "Company")
    product = fields.Many2One('product.product', "Product")
    warehouse = fields.Many2One('stock.location', "Warehouse")
    date = _Date("Date")
    period = fields.Function(fields.Date("Period"), 'get_period')
    unit = fields.Function(fields.Many2One('product.uom', "Unit"), 'get_unit')
    sold = fields.Float("Sold", digits='unit')
    forecast = fields.Float("Forecast", digits='unit', help="Of forecasts that are confirmed, and of drafts.")

    del _Date

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls._order = [('date', 'DESC'), ('id', 'DESC')]

    @classmethod
    def table_query(cls):
        """Days of sales and periods of forecasts of the run's line in the context."""
        pool = Pool()
        Forecast, ForecastLine = pool.get('stock.forecast'), pool.get('stock.forecast.line')
        Product, Template, Uom = pool.get('product.product'), pool.get('product.template'), pool.get('product.uom')
        Run, RunLine = pool.get('stock.forecast.run'), pool.get('stock.forecast.run.line')
        run, line = Run.__table__(), RunLine.__table__()
        of_line = (line.id == Transaction().context.get('forecast_run_line', -1)) & (run.id == line.run)
        destination = pool.get('stock.forecast.run.configuration')(1).destination_used
        nothing = cls.sold.sql_cast(Literal(None))

        tables, move, warehouse, condition = outgoing(destination)
        sales = (tables
            .join(line, condition=(move.product == line.product) & (warehouse.id == line.warehouse))
            .join(run, condition=(move.company == run.company) & (move.effective_date < run.date))
            .select(
                (Min(move.id) * 2).as_('id'), run.company, line.product, line.warehouse,
                move.effective_date.as_('date'),
                Sum(move.internal_quantity).as_('sold'), nothing.as_('forecast'), where=condition & of_line,
                group_by=[run.company, line.product, line.warehouse, move.effective_date]))

        forecast, amount = Forecast.__table__(), ForecastLine.__table__()
        product, template, unit, default = (M.__table__() for M in (Product, Template, Uom, Uom))
        return sales | (forecast
            .join(amount, condition=amount.forecast == forecast.id)
            .join(line, condition=(amount.product == line.product) & (forecast.warehouse == line.warehouse))
            .join(run, condition=forecast.company == run.company)
            .join(product, condition=amount.product == product.id)
            .join(template, condition=product.template == template.id)
            .join(unit, condition=amount.unit == unit.id)
            .join(default, condition=template.default_uom == default.id)
            .select(
                (amount.id * 2 + 1).as_('id'), run.company, line.product, line.warehouse,
                forecast.from_date.as_('date'),
                nothing.as_('sold'), (amount.quantity * unit.factor / default.factor).as_('forecast'),
                where=of_line & (forecast.destination == destination.id) & forecast.state.in_(['draft', 'done'])))

    @classmethod
    def get_period(cls, records, name):
        """The first day of the calendar period, so that the graph adds up what lies in the same."""
        period = Pool().get('stock.forecast.run.configuration')(1).period
        back = {'day': lambda day: 0, 'week': dt.date.weekday, 'month': lambda day: day.day - 1}[period]
        return {record.id: record.date - dt.timedelta(days=back(record.date)) for record in records}

    def get_unit(self, name):
        return self.product.default_uom.id
