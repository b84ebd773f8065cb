# SPDX-License-Identifier: Apache-2.0
"""The server's own checks of a module (views, access rights, menus, buttons, dependencies), and its translations."""
from pathlib import Path

import polib
from trytond.pool import Pool
from trytond.tests.test_tryton import ModuleTestCase, with_transaction

MODULE = 'stock_forecast_seqdemand'


class StockForecastSeqdemandTestCase(ModuleTestCase):
    module = MODULE

    @with_transaction()
    def test_translations(self):
        """The Chinese translation has every text of the module, and none that is gone."""
        Translation = Pool().get('ir.translation')
        texts = polib.pofile(Translation.translation_export('en', MODULE).decode())
        wanted = {(entry.msgctxt, entry.msgid) for entry in texts}
        self.assertGreater(len(wanted), 80)
        self.assertIn(('field:stock.forecast.run.line,service_level:', "Service Level"), wanted)
        path = Path(__file__).parent.parent / 'locale' / 'zh_CN.po'
        entries = list(polib.pofile(str(path)))
        self.assertEqual({(entry.msgctxt, entry.msgid) for entry in entries}, wanted)
        for entry in entries:
            self.assertTrue(entry.msgstr and not entry.fuzzy, entry.msgctxt)
            for part in entry.msgid.split('%(')[1:]:
                self.assertIn('%%(%s)s' % part.split(')')[0], entry.msgstr)


del ModuleTestCase
