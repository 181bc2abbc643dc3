from .acquisitions import check_acquisition as check_acquisition
from .datasets import check_dataset as check_dataset
from .models import check_model as check_model
from .modes import check_annotation_mode as check_annotation_mode
from .recipes import check_recipe as check_recipe
from .reports import round_report as round_report
from .specs import check_spec as check_spec
from .views import view_of as view_of
