# SPDX-License-Identifier: Apache-2.0
from trytond.pool import PoolMeta


class Cron(metaclass=PoolMeta):
    __name__ = 'ir.cron'

    @classmethod
    def __setup__(cls):
        super().__setup__()
        cls.method.selection.append(('stock.forecast.run|run', "Forecast Stock"))
        cls.methods_company_needed.add('stock.forecast.run|run')
