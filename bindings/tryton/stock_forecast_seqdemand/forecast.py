# SPDX-License-Identifier: Apache-2.0
"""Forecasts know whether a run wrote them, and whether a person has touched them since."""
from trytond.model import fields
from trytond.pool import Pool, PoolMeta
from trytond.transaction import Transaction


def _in_run():
    return Transaction().context.get('_forecast_run', False)


class Forecast(metaclass=PoolMeta):
    __name__ = 'stock.forecast'
    proposed = fields.Boolean(
        "Proposed", readonly=True, help="Written by a forecast run and not edited since: the next run replaces it.")

    @classmethod
    def default_proposed(cls):
        return False

    @classmethod
    def edited(cls, forecasts):
        """Makes them a person's own."""
        proposed = [forecast for forecast in forecasts if forecast.proposed]
        if proposed and not _in_run():
            cls.write(proposed, {'proposed': False})

    @classmethod
    def on_modification(cls, mode, forecasts, field_names=None):
        super().on_modification(mode, forecasts, field_names=field_names)
        if mode == 'create' or (mode == 'write' and set(field_names) - {'state', 'proposed'}):
            cls.edited(forecasts)


class ForecastLine(metaclass=PoolMeta):
    __name__ = 'stock.forecast.line'
    proposed_quantity = fields.Float(
        "Proposed Quantity", digits='proposed_unit', readonly=True,
        help="What the run wrote, kept beside a person's number.")
    proposed_unit = fields.Function(fields.Many2One('product.uom', "Proposed Unit"), 'on_change_with_proposed_unit')

    @fields.depends('product')
    def on_change_with_proposed_unit(self, name=None):
        return self.product.default_uom if self.product else None

    @classmethod
    def on_modification(cls, mode, lines, field_names=None):
        super().on_modification(mode, lines, field_names=field_names)
        Pool().get('stock.forecast').edited(list({line.forecast for line in lines}))
