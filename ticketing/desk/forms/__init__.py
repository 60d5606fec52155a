"""Forms of the desks. Pages and the API check input with the same ones."""

from ticketing.desk.forms.base import *  # noqa: F403
from ticketing.desk.forms.drafts import *  # noqa: F403
from ticketing.desk.forms.naming import *  # noqa: F403
from ticketing.desk.forms.nuisance import *  # noqa: F403
from ticketing.desk.forms.oversight import *  # noqa: F403
from ticketing.desk.forms.unit import *  # noqa: F403
from ticketing.desk.forms.work import *  # noqa: F403
from ticketing.desk.forms.writing import *  # noqa: F403
