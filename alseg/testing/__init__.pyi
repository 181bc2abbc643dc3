from .acquisitions import check_acquisition as check_acquisition
from .datasets import check_dataset as check_dataset
from .modes import check_annotation_mode as check_annotation_mode
from .reports import round_report as round_report
from .views import view_of as view_of
