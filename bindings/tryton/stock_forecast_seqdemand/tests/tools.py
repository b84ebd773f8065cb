# SPDX-License-Identifier: Apache-2.0
"""What the scenarios begin with: articles, their supplier, and a past."""
import datetime as dt
from decimal import Decimal

from proteus import Model
from trytond.pool import Pool
from trytond.transaction import Transaction

TODAY = dt.date.today()
DAYS = [TODAY - dt.timedelta(days=i) for i in range(120, 0, -1)]


def create_article(name, lead_time=6, unit="Unit", purchase_unit=None, service_level=None):
    """Goods with a supplier that takes `lead_time` days (None: nobody knows)."""
    Party, Template = Model.get('party.party'), Model.get('product.template')
    ProductUom = Model.get('product.uom')
    supplier, = Party.find([('name', '=', "Supplier")]) or [Party(name="Supplier")]
    supplier.save()
    template = Template(name=name, type='goods', list_price=Decimal(20), service_level=service_level)
    template.default_uom, = ProductUom.find([('name', '=', unit)])
    template.purchasable = True
    if purchase_unit:
        template.purchase_uom, = ProductUom.find([('name', '=', purchase_unit)])
    product_supplier = template.product_suppliers.new()
    product_supplier.party = supplier
    product_supplier.lead_time = None if lead_time is None else dt.timedelta(days=lead_time)
    template.save()
    return template.products[0]


def create_warehouse(name, code):
    Location = Model.get('stock.location')
    warehouse = Location(name=name, code=code, type='warehouse')
    for field in ('input_location', 'output_location', 'storage_location'):
        location = Location(name=f"{name} {field[:-9]}", type='storage')
        location.save()
        setattr(warehouse, field, location)
    warehouse.save()
    return warehouse


def move(company, product, quantity, day, source, target, unit=None):
    Move, ProductUom = Model.get('stock.move'), Model.get('product.uom')
    unit = ProductUom.find([('name', '=', unit)])[0] if unit else product.default_uom
    return Move(product=product, unit=unit, quantity=quantity, effective_date=day, from_location=source,
        to_location=target, company=company, currency=company.currency, unit_price=Decimal(1))


def do(config, moves):
    """Saves moves and does them on their dates, without warnings."""
    Model.get('stock.move').save(moves)
    context = {**config.context, '_skip_warnings': True}
    with Transaction().start(config.database_name, config.user, context=context) as transaction:
        Move = Pool().get('stock.move')
        Move.do(Move.browse([m.id for m in moves]))
        transaction.commit()


def sell(config, company, warehouse, product, sold, left=60, unit=None):
    """A receipt before DAYS, `sold[i]` of the unit on DAYS[i], and `left` of the default unit in stock today."""
    Location, ProductUom = Model.get('stock.location'), Model.get('product.uom')
    customers, = Location.find([('code', '=', 'CUS')])
    suppliers, = Location.find([('code', '=', 'SUP')])
    storage = warehouse.storage_location
    factor = ProductUom.find([('name', '=', unit)])[0].factor / product.default_uom.factor if unit else 1
    moves = [move(company, product, sum(sold) * factor + left, DAYS[0] - dt.timedelta(days=1), suppliers, storage)]
    moves += [move(company, product, quantity, day, storage, customers, unit) for day, quantity in zip(DAYS, sold)]
    do(config, moves)


def configure(steps=300):
    """A forecast for each of 14 days, by a network small enough for a test."""
    configuration = Model.get('stock.forecast.run.configuration')(1)
    configuration.horizon = 14
    configuration.period = 'day'
    configuration.options = f"hidden_size = 16\ncontext_length = 28\nmax_steps = {steps}\n"
    configuration.save()
    return configuration
