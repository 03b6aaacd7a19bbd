from . import degradations as degradations
from . import encoders as encoders
from .pretext.model import PretextModel as PretextModel
from .scoring.photo_model import load as load

__version__: str
