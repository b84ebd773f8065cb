#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A database that the module was installed into with trytond-admin: what is in it outlives an upgrade, and the module can
be taken out again.

    lifecycle.py DATABASE fill|kept|remove|removed
"""
import sys

from trytond.pool import Pool
from trytond.transaction import Transaction, TransactionError

MODULE = 'stock_forecast_seqdemand'


def fill(pool):
    Configuration, Template = pool.get('stock.forecast.run.configuration'), pool.get('product.template')
    configuration = Configuration(1)
    configuration.horizon = 33
    configuration.save()
    unit, = pool.get('product.uom').search([('symbol', '=', 'u')])
    Template.create([{'name': "Kept", 'default_uom': unit.id, 'service_level': 0.9}])


def kept(pool):
    assert pool.get('stock.forecast.run.configuration')(1).horizon == 33
    template, = pool.get('product.template').search([('name', '=', "Kept")])
    assert template.service_level == 0.9
    assert pool.get('ir.ui.view').search([('module', '=', MODULE)])
    assert 'service_level' in pool.get('product.template').fields_view_get(view_type='form')['arch']


def remove(pool):
    Module, Upgrade = pool.get('ir.module'), pool.get('ir.module.activate_upgrade', type='wizard')
    Module.deactivate(Module.search([('name', '=', MODULE)]))
    session, _, _ = Upgrade.create()
    Transaction().commit()  # the upgrade works in transactions of its own
    Upgrade(session).transition_upgrade()


def removed(pool):
    module, = pool.get('ir.module').search([('name', '=', MODULE)])
    assert module.state == 'not activated'
    assert not pool.get('ir.ui.view').search([('module', '=', MODULE)])
    template, = pool.get('product.template').search([('name', '=', "Kept")])
    for name in ('product.template', 'stock.forecast', 'stock.forecast.line'):
        for view in ('form', 'tree'):
            arch = pool.get(name).fields_view_get(view_type=view)['arch']
            assert 'service_level' not in arch and 'proposed' not in arch


def main():
    database, step = sys.argv[1:]
    Pool.start()
    pool = Pool(database)
    pool.init()
    with Transaction().start(database, 0, readonly=True):
        user, = [user.id for user in pool.get('res.user').search([('login', '=', 'admin')])]
    extras = {}  # what a transaction asks for to be tried again: a lock, for example
    while extras is not None:
        with Transaction().start(database, user, **extras) as transaction:
            try:
                globals()[step](pool)
                transaction.commit()
                extras = None
            except TransactionError as error:
                transaction.rollback()
                error.fix(extras)


main()
