# SPDX-License-Identifier: Apache-2.0
from trytond.model import fields
from trytond.pool import PoolMeta


class Template(metaclass=PoolMeta):
    __name__ = 'product.template'
    service_level = fields.Float(
        "Service Level", digits=(1, 4),
        domain=['OR', ('service_level', '=', None), [('service_level', '>', 0), ('service_level', '<', 1)]],
        help="The probability of no stock-out until the next supply, such as 0.95.\n"
        "If empty, that of the configuration of forecast runs.")


class Product(metaclass=PoolMeta):
    __name__ = 'product.product'
