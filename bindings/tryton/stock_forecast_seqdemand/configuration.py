# SPDX-License-Identifier: Apache-2.0
"""What a forecast run goes by."""
import seqdemand

from trytond.i18n import gettext
from trytond.model import Model, ModelSingleton, ModelSQL, ModelView, fields
from trytond.model.exceptions import ValidationError
from trytond.pool import Pool

MODELS = {'lstm': seqdemand.LSTM, 'gru': seqdemand.GRU, 'encoder_decoder': seqdemand.EncoderDecoder}
SETTINGS = ('horizon', 'period', 'service_level', 'review_period')


class Settings(Model):
    """What can be changed for a single run. Instances have the defaults of the configuration."""
    horizon = fields.Integer(
        "Horizon", required=True, domain=[('horizon', '>=', 1)],
        help="The number of days to forecast from today on.\n"
        "It has to hold the longest lead time and the review period after it.")
    period = fields.Selection(
        [('day', "Day"), ('week', "Week"), ('month', "Month")], "Period", required=True, sort=False,
        help="Each forecast covers a calendar period: the shorter, the better the days of a shortage are known.")
    service_level = fields.Float(
        "Service Level", digits=(1, 4), required=True, domain=[('service_level', '>', 0), ('service_level', '<', 1)],
        help="The probability of no stock-out until the next supply, such as 0.95, for products that state none.\n"
        "The higher it is, the more is ordered.")
    review_period = fields.Integer(
        "Review Period", required=True, domain=[('review_period', '>=', 1)],
        help="The number of days that an order should last beyond the lead time: how often you want to order.")


class Configuration(Settings, ModelSingleton, ModelSQL, ModelView):
    __name__ = 'stock.forecast.run.configuration'

    destination = fields.Many2One(
        'stock.location', "Destination", domain=[('type', 'in', ['customer', 'production'])],
        help="Moves to this location and those below it are the demand.\n"
        "If empty, the customer location of the stock module.")
    history = fields.Integer(
        "History", required=True, domain=[('history', '>=', 1)], help="The number of past days that are read.\n"
        "Two years show the network the seasons; a few months are enough to begin with.")
    order_points = fields.Selection(
        [('beside', "Beside Confirmed Forecasts"), ('alone', "Without Forecasts")], "Order Points", required=True,
        sort=False, help="Beside confirmed forecasts, the supply run takes the forecast from the stock itself, "
        "and order points hold the safety stock. Without them order points hold the whole demand.")
    model = fields.Selection(
        [('lstm', "LSTM"), ('gru', "GRU"), ('encoder_decoder', "Encoder-Decoder")], "Model", required=True, sort=False)
    options = fields.Text("Options", help="Further options of libseqdemand, one a line: name = value.")

    @classmethod
    def default_history(cls):
        return 730

    @classmethod
    def default_horizon(cls):
        return 28

    @classmethod
    def default_period(cls):
        return 'week'

    @classmethod
    def default_service_level(cls):
        return 0.95

    @classmethod
    def default_review_period(cls):
        return 7

    @classmethod
    def default_order_points(cls):
        return 'beside'

    @classmethod
    def default_model(cls):
        return 'lstm'

    @property
    def destination_used(self):
        pool = Pool()
        Location, ModelData = pool.get('stock.location'), pool.get('ir.model.data')
        return self.destination or Location(ModelData.get_id('stock', 'location_customer'))

    def forecaster(self):
        """An estimator with these settings, not fitted yet."""
        lines = [line for line in (self.options or '').splitlines() if line.strip()]
        options = {name.strip(): value.strip() for name, _, value in (line.partition('=') for line in lines)}
        return MODELS[self.model](**options)

    @classmethod
    def validate_fields(cls, configurations, field_names):
        super().validate_fields(configurations, field_names)
        for configuration in configurations:
            try:
                configuration.forecaster()
            except (TypeError, seqdemand.SeqdemandError) as error:
                raise ValidationError(gettext('stock_forecast_seqdemand.msg_options', error=str(error))) from error
