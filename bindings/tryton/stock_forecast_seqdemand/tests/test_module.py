# SPDX-License-Identifier: Apache-2.0
"""The server's own checks of a module: views, access rights, menus, buttons, dependencies."""
from trytond.tests.test_tryton import ModuleTestCase


class StockForecastSeqdemandTestCase(ModuleTestCase):
    module = 'stock_forecast_seqdemand'


del ModuleTestCase
