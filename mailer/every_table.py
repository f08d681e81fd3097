"""Every table there is: a table is known once its package is imported, and some go through all of them.

Erasing a person does, backups do, and migrations are compared with them.
"""

from typing import Final

from sqlalchemy import MetaData

import subscribers
from mailer import accounts, campaigns, delivery, feedback
from mailer.base import answers, audit, limits
from mailer.base.tables import Base

DESCRIBED_IN: Final = (accounts, answers, audit, campaigns, delivery, feedback, limits, subscribers)
EVERY_TABLE: Final[MetaData] = Base.metadata
